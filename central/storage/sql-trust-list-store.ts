import type { PublishedTrustList, TrustListStore } from '../rcp/trust-list-store.ts'
import type { Database } from './database.ts'
import type { TrustListRow } from './tables.ts'

export class SqlTrustListStore implements TrustListStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async latest(): Promise<PublishedTrustList | undefined> {
    const row = await this.#database
      .selectFrom('trust_list')
      .selectAll()
      .orderBy('sequence', 'desc')
      .limit(1)
      .executeTakeFirst()
    return row && listOf(row)
  }

  async find(sequence: number): Promise<PublishedTrustList | undefined> {
    const row = await this.#database
      .selectFrom('trust_list')
      .selectAll()
      .where('sequence', '=', sequence)
      .executeTakeFirst()
    return row && listOf(row)
  }

  async add(list: PublishedTrustList): Promise<'added' | 'taken'> {
    const { numInsertedOrUpdatedRows } = await this.#database
      .insertInto('trust_list')
      .values({
        sequence: list.sequence,
        list: list.text,
        hash: list.hash,
        signer_certificate: list.signerCertificate,
        published_at_ms: list.publishedAtMs,
        next_update_ms: list.nextUpdateMs,
      })
      .onConflict((conflict) => conflict.column('sequence').doNothing())
      .executeTakeFirst()
    return (numInsertedOrUpdatedRows ?? 0n) > 0n ? 'added' : 'taken'
  }
}

function listOf(row: TrustListRow): PublishedTrustList {
  return {
    sequence: row.sequence,
    text: row.list,
    hash: row.hash,
    signerCertificate: row.signer_certificate,
    publishedAtMs: row.published_at_ms,
    nextUpdateMs: row.next_update_ms,
  }
}
