import type { ErasureStore } from './admin/erasure-store.ts'
import type { AuditStore } from './audit/audit-store.ts'
import type { ContractStore } from './ccp/contract-store.ts'
import type { EndEntityStore } from './est/end-entity-store.ts'
import type { IssuedStore } from './est/issued-store.ts'
import type { IdempotencyStore } from './http/idempotency-store.ts'
import type { ProvisioningStore } from './pcp/provisioning-store.ts'
import type { PendingRootStore } from './rcp/pending-root-store.ts'
import type { RootStore } from './rcp/root-store.ts'
import type { TrustListStore } from './rcp/trust-list-store.ts'
import type { RegistryStore } from './registry/registry-store.ts'
import type { EndpointStore } from './webhooks/endpoint-store.ts'
import type { OutboxStore } from './webhooks/outbox-store.ts'

/**
 * One store per subject. Any method may reject although its effect took place; what a resolved one has written survives
 * the end of the process and of the power.
 */
export interface Stores {
  readonly roots: RootStore
  readonly pendingRoots: PendingRootStore
  readonly trustLists: TrustListStore
  readonly vehicles: ProvisioningStore
  readonly contracts: ContractStore
  readonly issued: IssuedStore
  readonly endEntities: EndEntityStore
  readonly registry: RegistryStore
  readonly idempotency: IdempotencyStore
  readonly endpoints: EndpointStore
  readonly outbox: OutboxStore
  readonly audit: AuditStore
  readonly erasure: ErasureStore
}

/** The same stores inside a transaction: all that is written through them is kept, or nothing of it. */
export interface UnitOfWork extends Stores {}

/** What the pools keep, on whichever engine. */
export interface Storage extends AsyncDisposable {
  /** For reading, and for writing in one statement that may be repeated. Not to be used inside a transaction. */
  readonly stores: Stores
  /**
   * Keeps all that `work` has written when it resolves, nothing when it rejects. Others may write at the same time, and
   * what `work` reads may be changed by them unless it holds a lock on it. It may be run again after a deadlock: it must
   * have no effect outside, and is no place for cryptography or the network, as others may be waiting.
   */
  transaction<T>(work: (unit: UnitOfWork) => Promise<T>): Promise<T>
  /** Leadership among all processes that share the database; `undefined` while another one has it. */
  tryLead(): Promise<Leadership | undefined>
}

/** The right to do what only one process may; ends when it is disposed, or with the process. */
export interface Leadership extends AsyncDisposable {
  /** Fires when it has ended without being disposed: another process may lead from then on. */
  readonly lost: AbortSignal
}
