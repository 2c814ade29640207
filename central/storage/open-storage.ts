import { access } from 'node:fs/promises'

import { Kysely } from 'kysely'

import type { Database } from './database.ts'
import type { Ddl } from './ddl.ts'
import type { Engine } from './engine.ts'
import { openPostgresEngine } from './postgres-engine.ts'
import { SqlStorage } from './sql-storage.ts'
import { openSqliteEngine } from './sqlite-engine.ts'
import { StorageError } from './storage-error.ts'
import type { Tables } from './tables.ts'

const SQLITE = 'sqlite:'
const MEMORY = ':memory:'

export interface StorageOptions {
  /**
   * `sqlite:FILE`, `sqlite::memory:` for one that ends with the process, or `postgres://USER@HOST/DATABASE` with the
   * parameters of libpq, such as `?sslmode=verify-full&sslrootcert=FILE`.
   */
  readonly url: string
  /** Of the PostgreSQL user. */
  readonly password?: string | undefined
}

/**
 * Opens the database, makes it where it is a file, and brings it to the present schema.
 *
 * @throws {StorageError} ERR_STORAGE_UNREACHABLE
 */
export async function openStorage(options: StorageOptions): Promise<SqlStorage> {
  return await SqlStorage.open(await openEngine(options))
}

/** A database of whatever schema, for its upkeep: no statement has a time limit. */
export interface UnmigratedDatabase extends AsyncDisposable {
  readonly database: Database
  readonly ddl: Ddl
}

/**
 * Opens the database with the schema it has, and makes it where it is a file.
 *
 * @throws {StorageError} ERR_STORAGE_UNREACHABLE
 */
export async function openUnmigrated(options: StorageOptions): Promise<UnmigratedDatabase> {
  const { ddl, dialect, patientDialect } = await openEngine(options)
  const database = new Kysely<Tables>({ dialect: patientDialect ?? dialect })
  return { database, ddl, [Symbol.asyncDispose]: () => database.destroy() }
}

/** The file of the database; absent where it is none. */
export function sqliteFileOf({ url }: Pick<StorageOptions, 'url'>): string | undefined {
  const file = url.startsWith(SQLITE) ? url.slice(SQLITE.length) : MEMORY
  return file === MEMORY ? undefined : file
}

/**
 * For what reads a database that must be there already, rather than make an empty one.
 *
 * @throws {StorageError} ERR_STORAGE_UNREACHABLE
 */
export async function requireFile(options: Pick<StorageOptions, 'url'>): Promise<void> {
  const file = sqliteFileOf(options)
  if (file === undefined) return
  try {
    await access(file)
  } catch (cause) {
    throw new StorageError('ERR_STORAGE_UNREACHABLE', `no database is in ${file}; see database.url`, {
      cause,
    })
  }
}

async function openEngine(options: StorageOptions): Promise<Engine> {
  const { url } = options
  return url.startsWith(SQLITE)
    ? await openSqliteEngine(url.slice(SQLITE.length))
    : await openPostgresEngine(options)
}
