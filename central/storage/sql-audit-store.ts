import {
  FIRST_HASH,
  seal,
  type AuditEntry,
  type AuditObject,
  type SealedRecord,
} from '../audit/audit-record.ts'
import type { AuditHead, AuditStore } from '../audit/audit-store.ts'
import type { Database } from './database.ts'

const EMPTY = { id: 1, seq: 0, hash: FIRST_HASH, environment: '' }

export class SqlAuditStore implements AuditStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async begin(environment: string): Promise<void> {
    await this.#database
      .insertInto('audit_head')
      .values({ ...EMPTY, environment })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ environment }))
      .execute()
  }

  async append(entry: AuditEntry): Promise<void> {
    if (!this.#database.isTransaction) throw new TypeError('to be used inside a transaction')
    // Locks the only row of the table until the transaction ends: first, so that nobody who has it waits for a salt of others.
    const { seq, hash, environment } = await this.#database
      .insertInto('audit_head')
      .values({ ...EMPTY, seq: 1 })
      .onConflict((conflict) =>
        conflict.column('id').doUpdateSet(({ eb }) => ({ seq: eb('audit_head.seq', '+', 1) })),
      )
      .returning(['seq', 'hash', 'environment'])
      .executeTakeFirstOrThrow()
    const salt = await this.#saltOf(entry)
    const sealed = seal(entry, { seq, prevHash: hash, environment, salt })
    await this.#database
      .insertInto('audit_record')
      .values({ seq, record: sealed.record, prev_hash: sealed.prevHash, hash: sealed.hash })
      .execute()
    await this.#database.updateTable('audit_head').set({ hash: sealed.hash }).execute()
  }

  async head(): Promise<AuditHead> {
    const head = await this.#database.selectFrom('audit_head').select(['seq', 'hash']).executeTakeFirst()
    return head ?? { seq: 0, hash: FIRST_HASH }
  }

  async list({
    fromSeq,
    limit,
  }: {
    readonly fromSeq: number
    readonly limit: number
  }): Promise<readonly SealedRecord[]> {
    const rows = await this.#database
      .selectFrom('audit_record')
      .selectAll()
      .where('seq', '>=', fromSeq)
      .orderBy('seq')
      .limit(limit)
      .execute()
    return rows.map(({ seq, record, prev_hash: prevHash, hash }) => ({ seq, record, prevHash, hash }))
  }

  async forget({ type, id }: AuditObject): Promise<void> {
    await this.#database
      .deleteFrom('audit_salt')
      .where('object_type', '=', type)
      .where('object_id', '=', id)
      .execute()
  }

  async #saltOf({ object: { type, id }, salt }: AuditEntry): Promise<Uint8Array> {
    const key = { object_type: type, object_id: id }
    await this.#database
      .insertInto('audit_salt')
      .values({ ...key, salt })
      .onConflict((conflict) => conflict.columns(['object_type', 'object_id']).doNothing())
      .execute()
    const row = await this.#database
      .selectFrom('audit_salt')
      .select('salt')
      .where('object_type', '=', type)
      .where('object_id', '=', id)
      .executeTakeFirst()
    // Erased at this very moment by somebody else: nobody is to find the record by the object any more.
    return row?.salt ?? salt
  }
}
