import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { describe, expect, test } from 'vitest'

import { checkConfig, loadConfig } from '#service'

import { ChargerEmulatorConfig, gatewayAccesses } from './config.ts'

const SHIPPED = fileURLToPath(new URL('../config/charger-emulator.yaml', import.meta.url))

describe('the config of the emulator', () => {
  test('as shipped is valid and names the gateway of the demo', async () => {
    const config = await loadConfig(SHIPPED, ChargerEmulatorConfig)
    expect(config.gateway.url).toBe('wss://localhost:7400/ocpp')
    expect(config.load).toEqual({ installations: 1_000, seed: 1 })
    expect(config.vehicles[0]).toBe(
      fileURLToPath(new URL('../data/pki/vehicles/EVODEMO0000000001', import.meta.url)),
    )
  })

  test.each([
    { what: 'a key nobody knows', over: { gatway: {} }, named: /gatway/ },
    {
      what: 'a URL that is not of a WebSocket',
      over: { gateway: { url: 'https://x' } },
      named: /gateway.*url/,
    },
    { what: 'no charge point', over: { chargePoints: [] }, named: /chargePoints/ },
    {
      what: 'a password written into it',
      over: { chargePoints: [{ identity: 'CP', password: 'secret' }] },
      named: /chargePoints.*password/,
    },
    { what: 'a seed that is none', over: { load: { seed: -1 } }, named: /load.*seed/ },
  ])('with $what is refused, naming its path', ({ over, named }) => {
    const config = {
      gateway: { url: 'ws://localhost/ocpp' },
      chargePoints: [{ identity: 'CP', password: { env: 'X' } }],
      vehicles: ['v'],
      ...over,
    }
    const check = () => checkConfig(config, ChargerEmulatorConfig, { source: 'test', folder: '/' })
    expect(check).toThrow(expect.objectContaining({ code: 'ERR_CONFIG_INVALID' }))
    expect(check).toThrow(named)
  })

  test('gives the charge points with their secrets and authorities read', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'evouch-'))
    try {
      await writeFile(join(folder, 'password'), 'open sesame\n')
      await writeFile(join(folder, 'ca.pem'), 'PEM')
      const config = checkConfig(
        {
          gateway: { url: 'wss://localhost/ocpp', certificateAuthoritiesFile: 'ca.pem' },
          chargePoints: [{ identity: 'CP', password: { file: 'password' } }],
          vehicles: ['v'],
        },
        ChargerEmulatorConfig,
        { source: 'test', folder },
      )
      const [access] = await gatewayAccesses(config)
      expect(access).toMatchObject({ url: 'wss://localhost/ocpp', identity: 'CP', caPem: 'PEM' })
      expect(access?.password.reveal()).toBe('open sesame')
      expect(JSON.stringify(access)).not.toContain('sesame')
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
