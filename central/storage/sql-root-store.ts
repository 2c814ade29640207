import { ROOT_TYPES, type RootType } from '#opcp'

import type { RootEnd, RootStore, StoredRoot } from '../rcp/root-store.ts'
import type { Database } from './database.ts'
import type { RootRow } from './tables.ts'

export class SqlRootStore implements RootStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async put(root: StoredRoot): Promise<StoredRoot> {
    const { id, fingerprint, rootType, certificate, addedAtMs } = root
    await this.#database
      .insertInto('root')
      .values({ id, fingerprint, root_type: rootType, certificate, added_at_ms: addedAtMs })
      .onConflict((conflict) => conflict.columns(['fingerprint', 'root_type']).doNothing())
      .execute()
    const held = await this.#database
      .selectFrom('root')
      .selectAll()
      .where('fingerprint', '=', fingerprint)
      .where('root_type', '=', rootType)
      .executeTakeFirstOrThrow()
    return rootOf(held)
  }

  async list(): Promise<readonly StoredRoot[]> {
    const rows = await this.#database
      .selectFrom('root')
      .selectAll()
      .orderBy('added_at_ms')
      .orderBy('id')
      .execute()
    return rows.map(rootOf)
  }

  async find(id: string): Promise<StoredRoot | undefined> {
    const row = await this.#database.selectFrom('root').selectAll().where('id', '=', id).executeTakeFirst()
    return row && rootOf(row)
  }

  async remove(id: string, { state, removedAtMs }: RootEnd): Promise<StoredRoot | undefined> {
    // One of two that delete at the same time gets the row.
    const row = await this.#database.deleteFrom('root').where('id', '=', id).returningAll().executeTakeFirst()
    if (row === undefined) return undefined
    await this.#database
      .insertInto('root_tombstone')
      .values({ ...row, state, removed_at_ms: removedAtMs })
      .execute()
    return rootOf(row)
  }
}

/** The type as it was stored. */
export function rootTypeOf({ id, root_type: text }: Pick<RootRow, 'id' | 'root_type'>): RootType {
  const rootType = ROOT_TYPES.find((type) => type === text)
  if (rootType === undefined) throw new TypeError(`root ${id} has the unknown type ${text}`)
  return rootType
}

function rootOf(row: RootRow): StoredRoot {
  return {
    id: row.id,
    rootType: rootTypeOf(row),
    fingerprint: row.fingerprint,
    certificate: row.certificate,
    addedAtMs: row.added_at_ms,
  }
}
