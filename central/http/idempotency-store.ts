/** Which request a key stands for. */
interface IdempotencyName {
  readonly clientId: string
  readonly method: string
  /** With parameters written `:name`. */
  readonly path: string
  readonly key: string
}

export interface IdempotencyClaim extends IdempotencyName {
  /** Of path, query and body: what must be the same each time. */
  readonly requestHash: string
  /** Random: whose claim it is. */
  readonly claim: string
  readonly claimedAtMs: number
  readonly expiresAtMs: number
}

export interface StoredAnswer {
  readonly status: number
  /** Absent: it held a secret. */
  readonly body: string | undefined
}

export interface HeldClaim {
  readonly claim: string
  readonly requestHash: string
  /** Absent while the request is carried out. */
  readonly answer: StoredAnswer | undefined
}

/** What was answered to writes that named a key; shared by all processes of a deployment. */
export interface IdempotencyStore {
  /**
   * Claims the key and gives the claim that holds: another one when there is one that is not expired and, without an answer
   * and for the same request, not from before `abandonedBeforeMs`.
   */
  claim(wanted: IdempotencyClaim, abandonedBeforeMs: number): Promise<HeldClaim>
  /** Keeps the answer, unless the claim has gone to another request. */
  complete(claim: IdempotencyClaim, answer: StoredAnswer): Promise<void>
  /** Frees the key, unless the claim has gone to another request. */
  release(claim: IdempotencyClaim): Promise<void>
  removeExpired(nowMs: number): Promise<void>
}
