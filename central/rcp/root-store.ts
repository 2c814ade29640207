import type { RootType } from '#opcp'

export interface StoredRoot {
  /** UUID. */
  readonly id: string
  readonly rootType: RootType
  /** SHA-256 of the DER, lower-case hex. */
  readonly fingerprint: string
  readonly certificate: Uint8Array
  readonly addedAtMs: number
}

export interface RootEnd {
  readonly state: 'EXPIRED' | 'REVOKED'
  readonly removedAtMs: number
}

/**
 * What the root pool needs from storage. Any method may reject although its effect took place; a resolved `put`
 * survives the end of the process and of the power.
 */
export interface RootStore {
  /** Keeps `root` unless its certificate is already held for that type; gives the one that is held. */
  put(root: StoredRoot): Promise<StoredRoot>
  /** In the order they were added. */
  list(): Promise<readonly StoredRoot[]>
  find(id: string): Promise<StoredRoot | undefined>
  /** Moves a root to the record of those that were removed; `undefined` when it is not there. Inside a transaction only. */
  remove(id: string, end: RootEnd): Promise<StoredRoot | undefined>
}
