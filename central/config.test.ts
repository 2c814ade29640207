import { expect, test } from 'vitest'

import { checkConfig, loadConfig } from '#service'

import { CentralConfig } from './config.ts'

const FILE = new URL('../config/central.yaml', import.meta.url).pathname

test('config/central.yaml loads as it stands and names every part', async () => {
  const config = await loadConfig(FILE, CentralConfig)
  expect(config.listen).toEqual({ host: '127.0.0.1', port: 7401 })
  expect(new Set(config.clients.flatMap(({ roles }) => roles)).size).toBe(6)
  expect(config.mo.contractAuthority).toBeDefined()
  expect(config.database.url).toMatch(/^sqlite:\/.+\/data\/central\.sqlite$/)
})

test.each([
  'postgres://evouch:secret@db.example/evouch',
  'postgres://db.example/evouch?user=evouch&password=secret',
  'mysql://db.example/evouch',
])('%s is no database: a password has a place of its own', async (url) => {
  const { database: _, ...config } = await loadConfig(FILE, CentralConfig)
  const check = (): unknown =>
    checkConfig({ ...config, database: { url } }, CentralConfig, { source: 'x', folder: '/' })
  expect(check).toThrow(expect.objectContaining({ code: 'ERR_CONFIG_INVALID' }))
  expect(check).not.toThrow(/secret/)
})
