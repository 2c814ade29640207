import { PostgresDialect } from 'kysely'
import { Client } from 'pg'

import { messageOf } from '#base'

import { POSTGRES_DDL } from './ddl.ts'
import type { Engine } from './engine.ts'
import type { StorageOptions } from './open-storage.ts'
import { connectionConfig, patientConfig } from './postgres-connection.ts'
import { isTransient } from './postgres-errors.ts'
import { tryLeadPostgres } from './postgres-leadership.ts'
import { openPostgresPool } from './postgres-pool.ts'
import { StorageError } from './storage-error.ts'

/**
 * PostgreSQL, shared by as many processes as there are.
 *
 * @throws {StorageError} ERR_STORAGE_UNREACHABLE
 */
export async function openPostgresEngine(options: StorageOptions): Promise<Engine> {
  await requireReachable(options)
  return {
    ddl: POSTGRES_DDL,
    dialect: dialectOf(connectionConfig(options)),
    patientDialect: dialectOf(patientConfig(options)),
    isTransient,
    tryLead: () => tryLeadPostgres(connectionConfig(options)),
  }
}

function dialectOf(config: ReturnType<typeof connectionConfig>): PostgresDialect {
  return new PostgresDialect({ pool: async () => openPostgresPool(config) })
}

/** Tells what is wrong with an address, a login or a certificate where the operator looks: at the start. */
async function requireReachable(options: StorageOptions): Promise<void> {
  const client = new Client(connectionConfig(options))
  client.on('error', () => {})
  try {
    await client.connect()
  } catch (cause) {
    const { host, port, database = '', user = '' } = client
    throw new StorageError(
      'ERR_STORAGE_UNREACHABLE',
      `cannot use the database ${database} of PostgreSQL on ${host}:${port} as ${user}: ${messageOf(cause)}; ` +
        'see whether the server runs there, the database exists, and database.url and database.password are right',
      { cause },
    )
  } finally {
    await client.end().catch(() => undefined)
  }
}
