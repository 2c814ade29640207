import type { Endpoint } from './endpoint.ts'

/** With its secrets as they are kept. */
export type StoredEndpoint = Endpoint<Uint8Array>

/** What endpoints need from storage. Deleted ones are found by nobody but the delivery. */
export interface EndpointStore {
  add(endpoint: StoredEndpoint): Promise<void>
  /** With its subscriptions; `moved` when the version is not the one before. To be used inside a transaction. */
  change(endpoint: StoredEndpoint): Promise<'changed' | 'moved'>
  find(id: string): Promise<StoredEndpoint | undefined>
  /** In the order they were added; of one participant when it is named. */
  list(participantId?: string): Promise<readonly StoredEndpoint[]>
  /** Forgets its secrets, and lets what is in its queue end. */
  delete(id: string): Promise<void>
  /** Another dead letter; as many as `suspendAt` in a row suspend the endpoint. Says what it is then. */
  countDeadLetter(id: string, suspendAt: number): Promise<'suspended' | 'counted'>
  /** It has answered: the row of dead letters is broken. */
  forgetDeadLetters(id: string): Promise<void>
}
