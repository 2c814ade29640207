import { expect, test } from 'vitest'

import { loadConfig } from '#service'

import { CentralConfig } from './config.ts'

const FILE = new URL('../config/central.yaml', import.meta.url).pathname

test('config/central.yaml loads as it stands and names every part', async () => {
  const config = await loadConfig(FILE, CentralConfig)
  expect(config.listen).toEqual({ host: '127.0.0.1', port: 7401 })
  expect(new Set(config.clients.flatMap(({ roles }) => roles)).size).toBe(6)
  expect(config.mo.contractAuthority).toBeDefined()
  expect(config.database.file).toMatch(/\/data\/central\.sqlite$/)
})
