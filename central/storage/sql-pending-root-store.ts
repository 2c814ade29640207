import type { PendingRoot, PendingRootStore } from '../rcp/pending-root-store.ts'
import type { Database } from './database.ts'
import { rootTypeOf } from './sql-root-store.ts'
import type { PendingRootRow } from './tables.ts'

export class SqlPendingRootStore implements PendingRootStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async put(root: PendingRoot): Promise<PendingRoot> {
    await this.#database
      .insertInto('pending_root')
      .values(rowOf(root))
      .onConflict((conflict) => conflict.columns(['fingerprint', 'root_type']).doNothing())
      .execute()
    const held = await this.#database
      .selectFrom('pending_root')
      .selectAll()
      .where('fingerprint', '=', root.fingerprint)
      .where('root_type', '=', root.rootType)
      .executeTakeFirstOrThrow()
    return pendingRootOf(held)
  }

  async list(): Promise<readonly PendingRoot[]> {
    const rows = await this.#database
      .selectFrom('pending_root')
      .selectAll()
      .orderBy('proposed_at_ms')
      .orderBy('id')
      .execute()
    return rows.map(pendingRootOf)
  }

  async find(id: string): Promise<PendingRoot | undefined> {
    const row = await this.#database
      .selectFrom('pending_root')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst()
    return row && pendingRootOf(row)
  }

  async remove(id: string): Promise<PendingRoot | undefined> {
    const row = await this.#database
      .deleteFrom('pending_root')
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirst()
    return row && pendingRootOf(row)
  }
}

function rowOf(root: PendingRoot): PendingRootRow {
  const { id, fingerprint, rootType, certificate } = root
  return {
    id,
    fingerprint,
    root_type: rootType,
    certificate,
    proposed_by_client: root.proposedByClient,
    proposed_by_person: root.proposedByPerson,
    proposed_at_ms: root.proposedAtMs,
  }
}

function pendingRootOf(row: PendingRootRow): PendingRoot {
  return {
    id: row.id,
    rootType: rootTypeOf(row),
    fingerprint: row.fingerprint,
    certificate: row.certificate,
    proposedByClient: row.proposed_by_client,
    proposedByPerson: row.proposed_by_person,
    proposedAtMs: row.proposed_at_ms,
  }
}
