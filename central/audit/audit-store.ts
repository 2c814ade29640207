import type { AuditEntry, AuditObject, SealedRecord } from './audit-record.ts'

/** The last record of the chain; of an empty one 0 and zeros. */
export type AuditHead = Pick<SealedRecord, 'seq' | 'hash'>

/** What the audit chain needs from storage: records are added, and never changed or removed. */
export interface AuditStore {
  /** Says which environment the records to come are of. */
  begin(environment: string): Promise<void>
  /**
   * Adds to the chain. In the transaction of what it tells of, and the last that is done in it: until it ends nobody else
   * can add.
   */
  append(entry: AuditEntry): Promise<void>
  head(): Promise<AuditHead>
  /** In the order of the chain. */
  list(page: { readonly fromSeq: number; readonly limit: number }): Promise<readonly SealedRecord[]>
  /** Erases the salt of an object: nobody can tell any more which records are about it. The chain stays whole. */
  forget(object: AuditObject): Promise<void>
}
