import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'

import { SqliteAdapter, SqliteDialect, type SqliteDatabase, type SqliteStatement } from 'kysely'

/** Distinct statements of the program number a few dozen; the bound only catches one that is built from data. */
const PREPARED_STATEMENTS_MAX = 256
/** Another process that holds the database (a backup, a person with sqlite3) is waited for this long. */
const BUSY_TIMEOUT_MS = 5_000

/**
 * For Kysely's `begin`. Every transaction of ours writes: one that began by reading could not go on after another
 * process wrote, and waiting would not help it.
 */
const BEGIN = 'BEGIN IMMEDIATE'

/**
 * Kysely's SQLite dialect over `node:sqlite`. WAL with synchronous=FULL: a committed transaction survives the end of
 * the process and of the power. Large pages suit rows of a few kilobytes.
 */
export function openSqliteDialect(file: string): SqliteDialect {
  const database = new DatabaseSync(file, { enableForeignKeyConstraints: true, timeout: BUSY_TIMEOUT_MS })
  database.exec(`
    PRAGMA page_size = 8192;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA trusted_schema = OFF;
  `)
  return new WholeMigrations({ database: new PreparedOnce(database) })
}

/** SQLite can take back what a migration did to the schema; Kysely does not rely on it unless told. */
class WholeMigrations extends SqliteDialect {
  override createAdapter(): SqliteAdapter {
    return new TransactionalAdapter()
  }
}

class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true
  }
}

class PreparedOnce implements SqliteDatabase {
  readonly #database: DatabaseSync
  readonly #statements = new Map<string, SqliteStatement>()

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  prepare(sql: string): SqliteStatement {
    const known = this.#statements.get(sql)
    if (known !== undefined) return known
    if (this.#statements.size >= PREPARED_STATEMENTS_MAX) this.#statements.clear()
    const statement = positional(this.#database.prepare(sql === 'begin' ? BEGIN : sql))
    this.#statements.set(sql, statement)
    return statement
  }

  close(): void {
    this.#statements.clear()
    this.#database.close()
  }
}

/** Kysely gives parameters as one list, `node:sqlite` takes them one by one. */
function positional(statement: StatementSync): SqliteStatement {
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...parameters.map(inputOf)),
    run: (parameters) => statement.run(...parameters.map(inputOf)),
    iterate: (parameters) => statement.iterate(...parameters.map(inputOf)),
  }
}

function inputOf(value: unknown): SQLInputValue {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint')
    return value
  if (value instanceof Uint8Array) return value
  throw new TypeError(`SQLite takes no ${typeof value}`)
}
