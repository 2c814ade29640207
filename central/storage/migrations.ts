import { CompiledQuery, type Kysely } from 'kysely'
import { Migrator } from 'kysely/migration'

import type { Ddl, Migration } from './ddl.ts'
import { createPools } from './migrations/0001-pools.ts'
import { createIssuing } from './migrations/0002-issuing.ts'
import { createWebhooks } from './migrations/0003-webhooks.ts'
import { createRegistry } from './migrations/0004-registry.ts'
import { keepContractRecords } from './migrations/0009-contracts.ts'
import { keepVehicleRecords } from './migrations/0010-vehicles.ts'
import { createAudit } from './migrations/0011-audit-retention.ts'
import { keepRootRecords } from './migrations/0014-root-records.ts'
import { keepTrustLists } from './migrations/0015-trust-lists.ts'
import { indexForSweeps } from './migrations/0016-sweeps.ts'
import { keepLastCrl } from './migrations/0017-last-crl.ts'
import { createPendingRoots } from './migrations/0018-pending-roots.ts'
import { createIdempotency } from './migrations/0019-idempotency.ts'
import type { Tables } from './tables.ts'

/** In the order of their names. */
const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-pools': createPools,
  '0002-issuing': createIssuing,
  '0003-webhooks': createWebhooks,
  '0004-registry': createRegistry,
  '0009-contracts': keepContractRecords,
  '0010-vehicles': keepVehicleRecords,
  '0011-audit-retention': createAudit,
  '0014-root-records': keepRootRecords,
  '0015-trust-lists': keepTrustLists,
  '0016-sweeps': indexForSweeps,
  '0017-last-crl': keepLastCrl,
  '0018-pending-roots': createPendingRoots,
  '0019-idempotency': createIdempotency,
}

/**
 * Brings the database to the present schema; each step at most once, all or nothing, whichever process is first.
 *
 * @returns the names of the steps that were applied here
 * @throws whatever kept a step from being applied; nothing of it is left behind
 */
export async function migrate(database: Kysely<Tables>, ddl: Ddl): Promise<readonly string[]> {
  const { error, results = [] } = await migratorOf(database, ddl).migrateToLatest()
  if (error !== undefined) throw error
  return results.map(({ migrationName }) => migrationName)
}

/** Changes nothing. */
export async function migrationsOf(
  database: Kysely<Tables>,
  ddl: Ddl,
): Promise<readonly { readonly name: string; readonly applied: boolean }[]> {
  const migrations = await migratorOf(database, ddl).getMigrations()
  return migrations.map(({ name, executedAt }) => ({ name, applied: executedAt !== undefined }))
}

function migratorOf(database: Kysely<Tables>, ddl: Ddl): Migrator {
  const migrations = Object.entries(MIGRATIONS).map(([name, migration]) => [
    name,
    {
      up: async (transaction: Kysely<unknown>): Promise<void> => {
        for (const statement of migration(ddl)) await transaction.executeQuery(CompiledQuery.raw(statement))
      },
    },
  ])
  return new Migrator({
    db: database,
    provider: { getMigrations: async () => Object.fromEntries(migrations) },
  })
}
