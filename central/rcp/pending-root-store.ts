import type { RootType } from '#opcp'

/** A root that somebody has proposed and nobody has approved. */
export interface PendingRoot {
  /** UUID; the root keeps it once it is approved. */
  readonly id: string
  readonly rootType: RootType
  /** SHA-256 of the DER, lower-case hex. */
  readonly fingerprint: string
  readonly certificate: Uint8Array
  readonly proposedByClient: string
  /** The client itself where it has no person. */
  readonly proposedByPerson: string
  readonly proposedAtMs: number
}

/** What the approval of roots needs from storage; durability as for every store of the pools. */
export interface PendingRootStore {
  /** Keeps `root` unless its certificate is already proposed for that type; gives the one that is. */
  put(root: PendingRoot): Promise<PendingRoot>
  /** In the order they were proposed. */
  list(): Promise<readonly PendingRoot[]>
  find(id: string): Promise<PendingRoot | undefined>
  /** Of two who remove the same, one gets it. */
  remove(id: string): Promise<PendingRoot | undefined>
}
