import type { PostgresCursor, PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely'
import { Pool, type PoolClient } from 'pg'

import type { PostgresConnectionConfig } from './postgres-connection.ts'
import { storageErrorOf } from './postgres-errors.ts'
import { StorageError } from './storage-error.ts'

/** Per process. PostgreSQL allows 100 in all unless told otherwise; waiting for one costs less than too many. */
const CONNECTIONS_MAX = 10
const IDLE_TIMEOUT_MS = 30_000

/** What Kysely tells apart; others, which change the schema, are to it as a SELECT. */
const COMMANDS = ['INSERT', 'UPDATE', 'DELETE', 'MERGE', 'COMMIT', 'ROLLBACK'] as const

/**
 * Connections for Kysely. Their failures come as StorageError where the statement is not to blame, and one that has
 * failed is not used again: the next statement gets a new connection.
 */
export function openPostgresPool(config: PostgresConnectionConfig): PostgresPool {
  const pool = new Pool({ max: CONNECTIONS_MAX, idleTimeoutMillis: IDLE_TIMEOUT_MS, ...config })
  // A lost connection tells whoever uses it by its statement; unheard, these events would end the process.
  pool.on('error', () => {})
  pool.on('connect', (client) => void client.on('error', () => {}))
  return {
    options: pool.options,
    connect: async () => {
      try {
        return guarded(await pool.connect())
      } catch (error) {
        throw storageErrorOf(error)
      }
    },
    end: () => pool.end(),
  }
}

function guarded(client: PoolClient): PostgresPoolClient {
  let lost = false
  async function run<R>(text: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>> {
    try {
      const { command, rowCount, rows } = await client.query(text, [...parameters])
      return {
        command: COMMANDS.find((known) => known === command) ?? 'SELECT',
        rowCount: rowCount ?? 0,
        rows,
      }
    } catch (cause) {
      const error = storageErrorOf(cause)
      lost ||= error instanceof StorageError && error.code === 'ERR_STORAGE_UNAVAILABLE'
      throw error
    }
  }
  function query<R>(text: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>>
  function query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>
  function query<R>(
    text: string | PostgresCursor<R>,
    parameters: readonly unknown[] = [],
  ): Promise<PostgresQueryResult<R>> | PostgresCursor<R> {
    if (typeof text !== 'string') throw new TypeError('without a cursor: no dialect of ours sets one')
    return run(text, parameters)
  }
  return { query, release: (destroy = false) => client.release(destroy || lost) }
}
