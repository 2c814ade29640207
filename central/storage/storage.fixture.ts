/** Databases for tests that run on both engines: `describe.each(ENGINES)('… on %s', (engine) => …)`. */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

import { Client } from 'pg'

import { openStorage, type StorageOptions } from './open-storage.ts'
import { withPassword } from './postgres-connection.ts'
import type { SqlStorage } from './sql-storage.ts'

export const ENGINES = ['sqlite', 'postgres'] as const
export type EngineName = (typeof ENGINES)[number]

/** A database of its own, gone when it is disposed. */
export interface TestDatabase extends AsyncDisposable {
  readonly options: StorageOptions
}

export interface TestStorage extends AsyncDisposable {
  readonly storage: SqlStorage
  readonly options: StorageOptions
  /** As after the end of the program. */
  readonly reopen: () => Promise<void>
}

export async function openTestStorage(engine: EngineName): Promise<TestStorage> {
  await using cleanUp = new AsyncDisposableStack()
  const { options } = cleanUp.use(await newTestDatabase(engine))
  let storage = await openStorage(options)
  const opened = cleanUp.move()
  return {
    get storage() {
      return storage
    },
    options,
    reopen: async () => {
      await storage[Symbol.asyncDispose]()
      storage = await openStorage(options)
    },
    [Symbol.asyncDispose]: async () => {
      await storage[Symbol.asyncDispose]()
      await opened.disposeAsync()
    },
  }
}

/** SQLite: no file yet. PostgreSQL: empty tables of the present schema. */
async function newTestDatabase(engine: EngineName): Promise<TestDatabase> {
  return engine === 'sqlite' ? await newFile() : await borrowDatabase()
}

async function newFile(): Promise<TestDatabase> {
  const directory = await mkdtemp(join(tmpdir(), 'evouch-storage-'))
  return {
    options: { url: `sqlite:${join(directory, 'made', 'central.sqlite')}` },
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true }),
  }
}

/** To be used again: emptying a database takes a tenth of the time that making one does. */
const unused: TestDatabase[] = []
let databases = 0

async function borrowDatabase(): Promise<TestDatabase> {
  const database = unused.pop() ?? (await createDatabase())
  return {
    options: database.options,
    [Symbol.asyncDispose]: async () => {
      await runSql(database.options, EMPTY_ALL_TABLES)
      unused.push(database)
    },
  }
}

/** In any order: foreign keys are not looked at by a replica. */
const EMPTY_ALL_TABLES = `SET session_replication_role = replica;
  DO $$ DECLARE name TEXT; BEGIN
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'kysely%'
    LOOP EXECUTE format('DELETE FROM %I', name); END LOOP;
  END $$`

/** A PostgreSQL database without any table. */
export async function createDatabase(): Promise<TestDatabase> {
  databases += 1
  const name = `test_${process.pid}_${databases}`
  await administer(`CREATE DATABASE ${name}`)
  const url = new URL(await serverUrl())
  const { password } = url
  url.password = ''
  url.pathname = name
  return {
    options: { url: url.href, password },
    [Symbol.asyncDispose]: () => administer(`DROP DATABASE ${name} WITH (FORCE)`),
  }
}

async function administer(statement: string): Promise<void> {
  await runSql({ url: await serverUrl() }, statement)
}

/** Runs statements on PostgreSQL past our own code. */
export async function runSql({ url, password }: StorageOptions, statements: string): Promise<void> {
  const client = new Client({ connectionString: withPassword(url, password) })
  await client.connect()
  try {
    await client.query(statements)
  } finally {
    await client.end()
  }
}

let server: Promise<string> | undefined

/** The server of this run of the tests, for its superuser. */
function serverUrl(): Promise<string> {
  server ??= askDoor()
  return server
}

async function askDoor(): Promise<string> {
  const door = connect({ host: '127.0.0.1', port: Number(process.env['EVOUCH_TEST_POSTGRES_DOOR']) })
  await once(door, 'connect')
  const url = await text(door)
  if (!url.startsWith('postgres:')) throw new Error(`no PostgreSQL for the tests: ${url}`)
  return url
}
