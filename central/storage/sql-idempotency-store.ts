import type {
  HeldClaim,
  IdempotencyClaim,
  IdempotencyStore,
  StoredAnswer,
} from '../http/idempotency-store.ts'
import type { Database } from './database.ts'

export class SqlIdempotencyStore implements IdempotencyStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async claim(wanted: IdempotencyClaim, abandonedBeforeMs: number): Promise<HeldClaim> {
    const { clientId, method, path, key, requestHash } = wanted
    const claimed = {
      request_hash: requestHash,
      claim: wanted.claim,
      claimed_at_ms: wanted.claimedAtMs,
      expires_at_ms: wanted.expiresAtMs,
      status: null,
      body: null,
    }
    await this.#database
      .insertInto('idempotency_key')
      .values({ client_id: clientId, method, path, key, ...claimed })
      .onConflict((conflict) =>
        conflict
          .columns(['client_id', 'method', 'path', 'key'])
          .doUpdateSet(claimed)
          .where((where) =>
            where.or([
              where('idempotency_key.expires_at_ms', '<=', wanted.claimedAtMs),
              where.and([
                where('idempotency_key.status', 'is', null),
                where('idempotency_key.request_hash', '=', requestHash),
                where('idempotency_key.claimed_at_ms', '<', abandonedBeforeMs),
              ]),
            ]),
          ),
      )
      .execute()
    const held = await this.#database
      .selectFrom('idempotency_key')
      .selectAll()
      .where('client_id', '=', clientId)
      .where('method', '=', method)
      .where('path', '=', path)
      .where('key', '=', key)
      .executeTakeFirst()
    // Freed in between: the caller asks again.
    if (held === undefined) return { claim: '', requestHash, answer: undefined }
    const { claim, request_hash: heldHash, status, body } = held
    const answer = status === null ? undefined : { status, body: body ?? undefined }
    return { claim, requestHash: heldHash, answer }
  }

  async complete({ claim, ...name }: IdempotencyClaim, { status, body }: StoredAnswer): Promise<void> {
    await this.#database
      .updateTable('idempotency_key')
      .set({ status, body: body ?? null })
      .where('client_id', '=', name.clientId)
      .where('method', '=', name.method)
      .where('path', '=', name.path)
      .where('key', '=', name.key)
      .where('claim', '=', claim)
      .execute()
  }

  async release({ claim, ...name }: IdempotencyClaim): Promise<void> {
    await this.#database
      .deleteFrom('idempotency_key')
      .where('client_id', '=', name.clientId)
      .where('method', '=', name.method)
      .where('path', '=', name.path)
      .where('key', '=', name.key)
      .where('claim', '=', claim)
      .execute()
  }

  async removeExpired(nowMs: number): Promise<void> {
    await this.#database.deleteFrom('idempotency_key').where('expires_at_ms', '<=', nowMs).execute()
  }
}
