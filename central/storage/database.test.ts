import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { openStorage } from './open-storage.ts'
import type { SqlStorage } from './sql-storage.ts'
import { createDatabase, ENGINES, openTestStorage } from './storage.fixture.ts'

let directory: string
let file: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'evouch-database-'))
  file = join(directory, 'made', 'central.sqlite')
})
afterEach(() => rm(directory, { recursive: true }))

const ROOT = {
  id: '1',
  rootType: 'V2G',
  fingerprint: 'aa',
  certificate: Uint8Array.of(0x30, 0xff),
  addedAtMs: 1_900_000_000_000,
} as const
const open = (): Promise<SqlStorage> => openStorage({ url: `sqlite:${file}` })

test('the files of a database are for their owner alone', async () => {
  await using storage = await open()
  await storage.stores.roots.put(ROOT)
  await using leadership = await storage.tryLead()
  expect(leadership).toBeDefined()
  for (const name of [file, `${file}-wal`, `${file}-shm`, `${file}-leader`])
    expect((await stat(name)).mode & 0o777).toBe(0o600)
})

test('a migration that fails leaves nothing behind, and is applied once nothing is in its way', async () => {
  const unfinished = await open()
  const tables = await tablesOf(unfinished)
  await unfinished[Symbol.asyncDispose]()
  using raw = new DatabaseSync(file, { enableForeignKeyConstraints: false })
  // As before the first start, but for one of the tables.
  for (const table of tables.filter((name) => name !== 'default_contract')) raw.exec(`DROP TABLE ${table}`)
  await expect(open()).rejects.toThrow('already exists')
  raw.exec('DROP TABLE default_contract')
  await using storage = await open()
  await expect(storage.stores.roots.list()).resolves.toEqual([])
})

test('a transaction keeps other writers out from its beginning, so that it need not be repeated', async () => {
  await using storage = await open()
  using other = new DatabaseSync(file, { timeout: 0 })
  await storage.transaction(async (unit) => {
    await unit.roots.list()
    expect(() => other.exec('DELETE FROM root')).toThrow('database is locked')
    await unit.roots.put(ROOT)
  })
  await expect(storage.stores.roots.list()).resolves.toHaveLength(1)
})

test('both engines have the same tables with the same columns', async () => {
  await using sqlite = await openTestStorage('sqlite')
  await using postgres = await openTestStorage('postgres')
  const columns = await columnsOf(postgres.storage)
  expect(columns.length).toBeGreaterThan(50)
  expect(await columnsOf(sqlite.storage)).toEqual(columns)
})

test('processes that start together on an empty PostgreSQL migrate it once', async () => {
  await using empty = await createDatabase()
  const storages = await Promise.all([1, 2, 3].map(() => openStorage(empty.options)))
  for (const storage of storages) {
    await expect(storage.stores.roots.list()).resolves.toEqual([])
    await storage[Symbol.asyncDispose]()
  }
})

describe.each(ENGINES)('on %s', (engine) => {
  test('a transaction keeps all or nothing', async () => {
    await using opened = await openTestStorage(engine)
    const failing = opened.storage.transaction(async (unit) => {
      await unit.roots.put(ROOT)
      throw new Error('after the first write')
    })
    await expect(failing).rejects.toThrow('after the first write')
    await expect(opened.storage.stores.roots.list()).resolves.toEqual([])
  })

  test('numbers and bytes come back as such', async () => {
    await using opened = await openTestStorage(engine)
    await opened.storage.stores.roots.put(ROOT)
    const found = await opened.storage.stores.roots.find('1')
    expect(found).toStrictEqual(ROOT)
  })

  test('what takes a transaction is refused outside one', async () => {
    await using opened = await openTestStorage(engine)
    await expect(opened.storage.stores.vehicles.lock('EVOX')).rejects.toThrow(TypeError)
  })
})

async function columnsOf({ database }: SqlStorage): Promise<readonly string[]> {
  const tables = await database.introspection.getTables()
  return tables
    .flatMap(({ name, columns }) =>
      columns.map((column) => `${name}.${column.name} ${column.isNullable ? 'NULL' : 'NOT NULL'}`),
    )
    .toSorted()
}

async function tablesOf({ database }: SqlStorage): Promise<readonly string[]> {
  const tables = await database.introspection.getTables({ withInternalKyselyTables: true })
  return tables.map(({ name }) => name)
}
