import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { afterEach, beforeEach, expect, test } from 'vitest'

import { freePortBase } from './ports.ts'

const LAUNCHER = fileURLToPath(new URL('../cli/evouch.js', import.meta.url))
const ROLES = ['ADMIN', 'OEM', 'CPO', 'MO_EXTERNAL_PKI', 'MO_HUBJECT_PKI', 'CPS']

let data: string
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'evouch-demo-'))
})
afterEach(() => rm(data, { recursive: true, force: true }))

interface Ended {
  readonly code: number | null
  readonly output: string
  readonly errors: string
}

interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  /** Resolves once standard output contains the text. */
  readonly says: (text: string) => Promise<void>
}

function evouch(...args: readonly string[]): Running {
  const child = spawn(process.execPath, [LAUNCHER, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let [output, errors] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString()
  })
  const ended = once(child, 'close').then(([code]) => ({
    code: typeof code === 'number' ? code : null,
    output,
    errors,
  }))
  const says = async (text: string): Promise<void> => {
    await expect.poll(() => output + errors, { timeout: 30_000, interval: 20 }).toContain(text)
  }
  return { child, ended, says }
}

async function demoOnce(base: number): Promise<Ended> {
  return await evouch('demo', '--once', '--data', data, '--port-base', String(base)).ended
}

test('the demo installs a contract, explains every step, and leaves endpoints that only the owner reads', async () => {
  const base = await freePortBase()
  expect(await demoOnce(base)).toEqual({
    code: 0,
    errors: '',
    output: expect.stringMatching(
      /made a throwaway PKI[^]*CPS Sub1 CA → V2G Root CA[^]*is installed and can be used/,
    ),
  })
  const file = join(data, 'endpoints.json')
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  const endpoints: unknown = JSON.parse(await readFile(file, 'utf8'))
  expect(endpoints).toMatchObject({
    gateway: { url: `wss://localhost:${base}/ocpp`, identity: expect.any(String) },
    central: {
      baseUrl: `https://localhost:${base + 1}`,
      tokenUrl: `https://localhost:${base + 1}/oauth/token`,
    },
    clients: Object.fromEntries(
      ROLES.map((role) => [
        role,
        { clientId: expect.any(String), clientSecret: expect.stringMatching(/^.{32}$/) },
      ]),
    ),
    vehicle: { pcid: 'EVODEMO0000000001', emaid: expect.stringMatching(/^DEEVOC/) },
  })
  for (const path of [
    'gateway/EVOUCH-CP-1.password',
    'secrets/admin',
    'pki/v2g/root.key.pem',
    'central-token.key.pem',
  ])
    expect((await stat(join(data, path))).mode & 0o777).toBe(0o600)
})

test('a later start, on other ports, keeps PKI and secrets', async () => {
  await demoOnce(await freePortBase())
  const kept = ['pki/v2g/root.pem', 'secrets/oem', 'pki/vehicles/EVODEMO0000000001/certificate.pem']
  const before = await Promise.all(kept.map((path) => readFile(join(data, path), 'utf8')))
  expect(await demoOnce(await freePortBase())).toMatchObject({
    code: 0,
    output: expect.stringContaining('of an earlier start'),
  })
  expect(await Promise.all(kept.map((path) => readFile(join(data, path), 'utf8')))).toEqual(before)
})

test('a start that was killed half-way does not keep the next one from working', async () => {
  for (const delayMs of [150, 300, 450, 600]) {
    const { child, ended } = evouch('demo', '--data', data, '--port-base', String(await freePortBase()))
    setTimeout(() => void child.kill('SIGKILL'), delayMs)
    await ended
  }
  expect(await demoOnce(await freePortBase())).toMatchObject({ code: 0 })
})

test('it serves until a signal, and the emulator works with its endpoints alone', async () => {
  const base = await freePortBase()
  const demo = evouch('demo', '--data', data, '--port-base', String(base))
  await demo.says('\nready ')
  const endpoints = join(data, 'endpoints.json')
  expect(await evouch('charger', 'install', '--endpoints', endpoints).ended).toMatchObject({
    code: 0,
    errors: '',
  })
  expect(
    await evouch('charger', 'install', '--endpoints', endpoints, '--fault', 'wrong-key').ended,
  ).toMatchObject({
    code: 1,
    errors: expect.stringMatching(/^ERR_CHARGE_POINT_FAILED: .*InvalidSignature.*\n$/),
  })
  const load = await evouch(
    'charger',
    'load',
    '--endpoints',
    endpoints,
    '--vehicles',
    '3',
    '--installations',
    '12',
  ).ended
  expect(load).toMatchObject({
    code: 0,
    output: expect.stringMatching(/12 of 12 succeeded[^]*p50[^]*p99[^]*memory/),
  })
  const taken = await evouch('demo', '--once', '--data', `${data}-2`, '--port-base', String(base)).ended
  await rm(`${data}-2`, { recursive: true, force: true })
  expect(taken).toMatchObject({
    code: 2,
    errors: expect.stringMatching(/^ERR_CLI_PORT_IN_USE: .*--port-base.*\n$/),
  })
  demo.child.kill('SIGINT')
  expect(await demo.ended).toMatchObject({ code: 0, errors: '' })
})

test('central and gateway can be started alone with the configs that the demo wrote', async () => {
  const base = await freePortBase()
  await demoOnce(base)
  const central = evouch('central', '--config', join(data, 'central.yaml'))
  await central.says('central listens')
  const gateway = evouch('gateway', '--config', join(data, 'gateway.yaml'))
  await gateway.says('gateway listens')
  const endpoints = join(data, 'endpoints.json')
  const installed = await evouch('charger', 'install', '--endpoints', endpoints).ended
  expect(installed).toMatchObject({ code: 0, errors: '' })
  for (const { child, ended } of [gateway, central]) {
    child.kill('SIGTERM')
    expect(await ended).toMatchObject({ code: 0 })
  }
  const alone = await evouch('charger', 'install', '--endpoints', endpoints).ended
  expect(alone).toMatchObject({ code: 1, errors: expect.stringMatching(/^ERR_CHARGE_POINT_CONNECT: .*\n$/) })
})

test('data that cannot be used is refused in one line', async () => {
  const { code, errors } = await evouch('demo', '--once', '--data', LAUNCHER).ended
  expect({ code, errors }).toEqual({
    code: 2,
    errors: expect.stringMatching(/^ERR_CLI_DATA_DIRECTORY: [^\n]*\n$/),
  })
})
