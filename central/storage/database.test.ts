import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

import { afterEach, beforeEach, expect, test } from 'vitest'

import { openDatabase } from './database.ts'

let directory: string
let file: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'evouch-database-'))
  file = join(directory, 'made', 'central.sqlite')
})
afterEach(() => rm(directory, { recursive: true }))

const ROOT = { id: '1', fingerprint: 'aa', root_type: 'V2G', certificate: new Uint8Array(1), added_at_ms: 1 }

test('the files of a database are for their owner alone', async () => {
  await using database = await openDatabase(file)
  await database.insertInto('root').values(ROOT).execute()
  for (const name of [file, `${file}-wal`, `${file}-shm`]) expect((await stat(name)).mode & 0o777).toBe(0o600)
})

test('a migration that fails leaves nothing behind, and is applied once nothing is in its way', async () => {
  const unfinished = await openDatabase(file)
  await unfinished.destroy()
  using raw = new DatabaseSync(file)
  // As before the first start, but for the last of the tables.
  const pools = ['contract_bundle', 'pairing', 'provisioning_certificate', 'root']
  for (const table of [...pools, 'issued_certificate', 'crl_number', 'end_entity', 'kysely_migration'])
    raw.exec(`DROP TABLE ${table}`)
  await expect(openDatabase(file)).rejects.toThrow('already exists')
  raw.exec('DROP TABLE default_contract')
  await using database = await openDatabase(file)
  await expect(database.selectFrom('root').selectAll().execute()).resolves.toEqual([])
})

test('a transaction keeps other writers out from its beginning, so that it need not be repeated', async () => {
  await using database = await openDatabase(file)
  using other = new DatabaseSync(file, { timeout: 0 })
  await database.transaction().execute(async (transaction) => {
    await transaction.selectFrom('root').selectAll().execute()
    expect(() => other.exec('DELETE FROM root')).toThrow('database is locked')
    await transaction.insertInto('root').values(ROOT).execute()
  })
  await expect(database.selectFrom('root').selectAll().execute()).resolves.toHaveLength(1)
})
