import { createHash } from 'node:crypto'

import { sql } from 'kysely'

import type { ErasureStore, Subject } from '../admin/erasure-store.ts'
import type { Database } from './database.ts'

export class SqlErasureStore implements ErasureStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async erase(subject: Subject, nowMs: number): Promise<void> {
    if ('emaidKey' in subject) {
      await this.#eraseTombstones('contract_tombstone', 'emaid_sha256', subject.emaidKey)
      await this.#eraseIssued(subject.emaidKey, nowMs)
      return
    }
    await this.#eraseTombstones('provisioning_tombstone', 'pcid_sha256', subject.pcidKey)
    await this.#eraseIssued(subject.pcidKey, nowMs)
    await sql`UPDATE provisioning_certificate SET previous_pcid = NULL WHERE upper(previous_pcid) = ${subject.pcidKey}`.execute(
      this.#database,
    )
  }

  /** The hash is no protection of its own: whoever knows the few identifiers of a maker or provider can try them all. */
  async #eraseTombstones(table: string, column: string, key: string): Promise<void> {
    const keySha256 = createHash('sha256').update(key).digest('hex')
    await sql`DELETE FROM ${sql.table(table)} WHERE ${sql.ref(column)} = ${keySha256}`.execute(this.#database)
  }

  async #eraseIssued(key: string, nowMs: number): Promise<void> {
    await this.#database.deleteFrom('end_entity').where('common_name_key', '=', key).execute()
    await sql`UPDATE issued_certificate SET
      common_name = '', certificate = NULL,
      revocation_reason = COALESCE(revocation_reason, 'cessationOfOperation'),
      revoked_at_ms = COALESCE(revoked_at_ms, ${sql.lit(nowMs)})
      WHERE upper(replace(common_name, '-', '')) = ${key}`.execute(this.#database)
  }
}
