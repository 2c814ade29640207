import { PostgresAdapter, sql, type Kysely } from 'kysely'

import type { Tables } from './tables.ts'

/** The connection of a store: the whole database, or one transaction of it. */
export type Database = Kysely<Tables>

/**
 * Keeps every other transaction that writes about this vehicle waiting until this one ends, also when nothing of it is
 * stored yet. SQLite has one writer at a time anyway.
 *
 * @throws {TypeError} outside a transaction, where what takes several statements could be torn apart
 */
export async function lockVehicle(database: Database, pcidKey: string): Promise<void> {
  if (!database.isTransaction) throw new TypeError('to be used inside a transaction')
  if (database.getExecutor().adapter instanceof PostgresAdapter)
    await sql`SELECT pg_advisory_xact_lock(hashtextextended(${pcidKey}, 0))`.execute(database)
}
