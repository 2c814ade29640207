import { openPostgresEngine } from './postgres-engine.ts'
import { SqlStorage } from './sql-storage.ts'
import { openSqliteEngine } from './sqlite-engine.ts'

const SQLITE = 'sqlite:'

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
export async function openStorage({ url, password }: StorageOptions): Promise<SqlStorage> {
  const engine = url.startsWith(SQLITE)
    ? await openSqliteEngine(url.slice(SQLITE.length))
    : await openPostgresEngine({ url, password })
  return await SqlStorage.open(engine)
}
