import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { openStorage, openUnmigrated, type StorageOptions } from '../storage/open-storage.ts'
import { createDatabase, ENGINES, openTestStorage, type TestDatabase } from '../storage/storage.fixture.ts'
import { backUpPool, examinePool, exportPool, importPool, migratePool } from './pool-archive.ts'

const ROOT = {
  id: '1',
  rootType: 'V2G',
  fingerprint: 'aa',
  certificate: Uint8Array.of(0x30, 0xff),
  addedAtMs: 1_900_000_000_000,
} as const
const PASSWORD = 'EVOUCH_TEST_POOL_PASSWORD'

let folder: string
let file: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evouch-pool-archive-'))
  file = join(folder, 'pool.archive')
})
afterEach(async () => {
  delete process.env[PASSWORD]
  await rm(folder, { recursive: true })
})

/** As `central.yaml` has it: the password is somewhere else. */
function configOf({ url, password }: StorageOptions): Parameters<typeof exportPool>[0] {
  if (password === undefined) return { url }
  process.env[PASSWORD] = password
  return { url, password: { env: PASSWORD } }
}

/** Never opened by any version. */
async function emptyDatabase(engine: (typeof ENGINES)[number]): Promise<TestDatabase> {
  if (engine === 'postgres') return await createDatabase()
  const made = await mkdtemp(join(tmpdir(), 'evouch-pool-archive-'))
  return {
    options: { url: `sqlite:${join(made, 'central.sqlite')}` },
    [Symbol.asyncDispose]: () => rm(made, { recursive: true }),
  }
}

describe.each(ENGINES)('on %s', (engine) => {
  test('what is due is applied once, and then nothing is due', async () => {
    await using empty = await emptyDatabase(engine)
    const config = configOf(empty.options)
    const applied = await migratePool(config)
    expect(applied).toContain('0001-pools')
    expect(await migratePool(config)).toEqual([])
    expect(await examinePool(config)).toEqual({ applied, due: [] })
  })

  test('a database of an earlier schema is neither exported nor changed', async () => {
    await using empty = await emptyDatabase(engine)
    const config = configOf(empty.options)
    const last = (await migratePool(config)).at(-1) ?? ''
    {
      await using opened = await openUnmigrated(empty.options)
      await sql`DELETE FROM kysely_migration WHERE name = ${last}`.execute(opened.database)
    }
    await expect(exportPool(config, { file })).rejects.toMatchObject({
      code: 'ERR_ARCHIVE_MIGRATE_FIRST',
      message: expect.stringContaining(last),
    })
    expect(await readdir(folder)).toEqual([])
    expect((await examinePool(config)).due).toEqual([last])
  })

  test('a pool in use is exported, and imported into a database that nobody has opened yet', async () => {
    await using source = await openTestStorage(engine)
    await source.storage.stores.roots.put(ROOT)
    await using target = await emptyDatabase(engine)
    const written = await exportPool(configOf(source.options), { file })
    expect(written).toMatchObject({ root: 1 })
    expect(await importPool(configOf(target.options), { file })).toEqual(written)
    await using storage = await openStorage(target.options)
    expect(await storage.stores.roots.list()).toEqual(await source.storage.stores.roots.list())
  })
})

test('a SQLite file in use is backed up as it is at one moment, for its owner alone, and replaces what was there', async () => {
  await using source = await openTestStorage('sqlite')
  await source.storage.stores.roots.put(ROOT)
  await backUpPool(configOf(source.options), { file })
  await source.storage.stores.roots.put({ ...ROOT, id: '2', fingerprint: 'bb' })
  const told: number[] = []
  let writing: Promise<unknown> = Promise.resolve()
  await backUpPool(configOf(source.options), {
    file,
    onProgress: ({ done, all }) => {
      told.push(done / all)
      writing = source.storage.stores.roots.put({ ...ROOT, id: '3', fingerprint: 'cc' })
    },
  })
  await writing
  expect(told.every((part) => part > 0 && part <= 1)).toBe(true)
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect(await readdir(folder)).toEqual(['pool.archive'])
  await using copy = await openStorage({ url: `sqlite:${file}` })
  expect((await copy.stores.roots.list()).map(({ id }) => id).toSorted()).toEqual(['1', '2'])
})

test('writes of others do not make a backup begin again', async () => {
  await using source = await openTestStorage('sqlite')
  const database = source.options.url.slice('sqlite:'.length)
  using raw = new DatabaseSync(database)
  // Several steps of a backup, so that there is something to write between.
  raw.exec('CREATE TABLE large (bytes BLOB); INSERT INTO large VALUES (zeroblob(40000000))')
  const told: number[] = []
  await backUpPool(configOf(source.options), {
    file,
    onProgress: ({ done }) => {
      told.push(done)
      raw.exec('INSERT INTO large VALUES (zeroblob(10))')
    },
  })
  expect(told.length).toBeGreaterThan(2)
  expect(told).toEqual(told.toSorted((one, other) => one - other))
  using copy = new DatabaseSync(file)
  expect(copy.prepare('SELECT count(*) AS rows FROM large').get()).toEqual({ rows: 1 })
  expect(copy.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' })
})

test('PostgreSQL has its own backup', async () => {
  await expect(backUpPool({ url: 'postgres://nobody@localhost/none' }, { file })).rejects.toMatchObject({
    code: 'ERR_ARCHIVE_BACKUP_ENGINE',
    message: expect.stringContaining('pg_dump'),
  })
  expect(await readdir(folder)).toEqual([])
})

test('what reads a SQLite file does not make one', async () => {
  const config = { url: `sqlite:${join(folder, 'none.sqlite')}` }
  for (const read of [exportPool, backUpPool, examinePool])
    await expect(read(config, { file })).rejects.toMatchObject({ code: 'ERR_STORAGE_UNREACHABLE' })
  expect(await readdir(folder)).toEqual([])
})

test('statements and pauses on PostgreSQL may take longer than those of a request', async () => {
  await using source = await openTestStorage('postgres')
  await using opened = await openUnmigrated(source.options)
  const limits: Record<string, unknown> = {}
  await opened.database.connection().execute(async (connection) => {
    for (const name of ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout']) {
      const { rows } = await sql<Record<string, unknown>>`SHOW ${sql.ref(name)}`.execute(connection)
      limits[name] = rows[0]?.[name]
    }
  })
  expect(limits).toEqual({
    statement_timeout: '0',
    lock_timeout: '0',
    idle_in_transaction_session_timeout: '0',
  })
})
