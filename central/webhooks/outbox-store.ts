import type { WebhookEvent } from './events.ts'
import type { DeliveryState } from './retry-schedule.ts'

/** An event on its way to one endpoint. */
export interface Delivery {
  readonly eventId: string
  readonly endpointId: string
  readonly eventType: string
  /** Signed and sent as it is. */
  readonly body: Uint8Array
  readonly queuedAtMs: number
  /** In all. */
  readonly attempts: number
  /** Before it was put into the queue again: they do not count for how often it is tried. */
  readonly attemptsBefore: number
}

export interface Attempt {
  /** Of the answer; absent when there was none. */
  readonly status: number | undefined
  /** A code, when there was no answer. */
  readonly error: string | undefined
  readonly startedAtMs: number
  readonly latencyMs: number
}

/** An event whose delivery was given up. */
export interface DeadLetter {
  readonly eventId: string
  readonly eventType: string
  readonly occurredAtMs: number
  readonly attempts: number
  readonly lastAttempt: Attempt | undefined
}

/** The events of each endpoint in the order they were published, until they are delivered or given up. */
export interface OutboxStore {
  /**
   * Puts the event into the queue of each endpoint that subscribed to it; into one where it is already, no second time.
   * To be used in the transaction of the change it tells of.
   */
  publish(event: WebhookEvent): Promise<void>
  /** The first of each queue where its time has come; those of disabled and suspended endpoints wait. The oldest first. */
  due(options: { readonly nowMs: number; readonly limit: number }): Promise<readonly Delivery[]>
  /** The first of one queue, when its time has come. */
  nextOf(endpointId: string, nowMs: number): Promise<Delivery | undefined>
  /** `moved` when somebody else has noted an attempt since `delivery` was read: nothing is noted then. */
  record(
    delivery: Delivery,
    attempt: Attempt,
    then: { readonly state: DeliveryState; readonly nextAtMs: number },
  ): Promise<'recorded' | 'moved'>
  /** Those that can be sent again, the oldest first. */
  deadLetters(endpointId: string, limit: number): Promise<readonly DeadLetter[]>
  /** Puts dead letters at the end of the queue with new attempts; without `eventIds`, all. Says how many. */
  redeliver(
    endpointId: string,
    options: {
      readonly eventIds: readonly string[] | undefined
      readonly nowMs: number
      readonly limit: number
    },
  ): Promise<number>
  /** How many events are in each state. */
  count(): Promise<Readonly<Record<DeliveryState, number>>>
  /** Forgets bodies and identifiers, attempts, and the events themselves that ended before; what waits since before `bodiesBeforeMs` ends. */
  prune(before: {
    readonly nowMs: number
    readonly bodiesBeforeMs: number
    readonly attemptsBeforeMs: number
    readonly eventsBeforeMs: number
  }): Promise<void>
  /** Forgets the bodies about a vehicle or a contract; what has not been delivered of them ends. */
  erase(subject: { readonly pcidKey: string } | { readonly emaidKey: string }, nowMs: number): Promise<void>
}
