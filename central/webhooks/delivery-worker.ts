import { setTimeout } from 'node:timers/promises'

import { Compile } from 'typebox/compile'

import type { RandomBytes } from '#base'
import { ContractEvent } from '#opcp'
import type { Logger } from '#service'

import type { Storage } from '../storage-port.ts'
import { attemptDelivery, type DeliveryParts } from './delivery.ts'
import { eventAbout, type WebhookEvent } from './events.ts'
import { feedbackOf } from './feedback.ts'
import type { Attempt, Delivery } from './outbox-store.ts'
import { afterAttempt, resultOf, type DeliveryState } from './retry-schedule.ts'

/** How long an event may wait that another process has published. */
const POLL_INTERVAL_MS = 500
/** After these one endpoint lets others have its place. */
const BURST_MAX = 20

export interface WorkerOptions extends DeliveryParts {
  readonly storage: Storage
  readonly random: RandomBytes
  readonly logger: Logger
  /** Endpoints at the same time; each gets one event after the other. */
  readonly concurrencyMax: number
  /** As many dead letters in a row suspend an endpoint. */
  readonly suspendAfter: number
  readonly pollIntervalMs?: number
}

const contractEventBody = Compile(ContractEvent)

/**
 * Takes the events of every endpoint to it, in the order of their publication, each until it has arrived or is given up.
 * For one process at a time; should two run for a moment, a receiver may get an event twice.
 */
export class DeliveryWorker {
  readonly #options: WorkerOptions
  readonly #busy = new Map<string, Promise<void>>()

  constructor(options: WorkerOptions) {
    this.#options = options
  }

  /** Until `signal` fires; what is under way then is broken off, and sent again by whoever comes next. */
  async run(signal: AbortSignal): Promise<void> {
    const { logger, pollIntervalMs = POLL_INTERVAL_MS } = this.#options
    while (!signal.aborted) {
      const freed = Promise.withResolvers<void>()
      await this.#startDue(freed.resolve, signal).catch((error: unknown) =>
        logger.error({ err: error }, 'cannot look for events to deliver'),
      )
      await until(pollIntervalMs, { or: freed.promise, signal })
    }
    await Promise.all(this.#busy.values())
  }

  /** Begins with endpoints that are not being served, as many as there is room for. */
  async #startDue(freed: () => void, signal: AbortSignal): Promise<void> {
    const { storage, clock, concurrencyMax } = this.#options
    // Those that are being served may come first and do not count.
    const limit = this.#busy.size + concurrencyMax
    for (const delivery of await storage.stores.outbox.due({ nowMs: clock(), limit })) {
      const { endpointId } = delivery
      if (this.#busy.has(endpointId) || this.#busy.size >= concurrencyMax) continue
      const served = this.#serve(delivery, signal).finally(() => {
        this.#busy.delete(endpointId)
        freed()
      })
      this.#busy.set(endpointId, served)
    }
  }

  async #serve(first: Delivery, signal: AbortSignal): Promise<void> {
    const { storage, clock, logger } = this.#options
    const { endpointId } = first
    try {
      let next: Delivery | undefined = first
      for (let sent = 0; next !== undefined && sent < BURST_MAX && !signal.aborted; sent++) {
        await this.#deliver(next, signal)
        next = await storage.stores.outbox.nextOf(endpointId, clock())
      }
    } catch (error) {
      logger.error({ err: error, endpointId }, 'cannot deliver to an endpoint')
      // Not at once again: what is wrong here is wrong with us.
      await until(RECOVERY_DELAY_MS, { signal })
    }
  }

  async #deliver(delivery: Delivery, signal: AbortSignal): Promise<void> {
    const { storage, clock } = this.#options
    const endpoint = await storage.stores.endpoints.find(delivery.endpointId)
    if (endpoint === undefined) {
      const attempt = { status: undefined, error: 'ERR_WEBHOOK_DELETED', startedAtMs: clock(), latencyMs: 0 }
      return await this.#record(delivery, attempt, { state: 'DEAD', nextAtMs: clock() })
    }
    const attempt = await attemptDelivery(delivery, endpoint, { ...this.#options, signal })
    // It was us who broke it off.
    if (signal.aborted && attempt.status === undefined) return
    const { eventType, attempts, attemptsBefore } = delivery
    const then = afterAttempt(resultOf(attempt.status), {
      eventType,
      attempts: attempts + 1 - attemptsBefore,
      nowMs: clock(),
    })
    await this.#record(delivery, attempt, then)
  }

  /** The attempt, what the MO hears of it and what it means for the endpoint, all or nothing. */
  async #record(
    delivery: Delivery,
    attempt: Attempt,
    then: { readonly state: DeliveryState; readonly nextAtMs: number },
  ): Promise<void> {
    const { storage, suspendAfter } = this.#options
    const { endpointId } = delivery
    const told = this.#feedback(delivery, then.state)
    const suspended = await storage.transaction(async (unit) => {
      if ((await unit.outbox.record(delivery, attempt, then)) === 'moved') return false
      if (told !== undefined) await unit.outbox.publish(told)
      if (then.state === 'DEAD')
        return (await unit.endpoints.countDeadLetter(endpointId, suspendAfter)) === 'suspended'
      if (then.state !== 'RETRYING') await unit.endpoints.forgetDeadLetters(endpointId)
      return false
    })
    this.#log(delivery, attempt, then.state)
    if (suspended) this.#options.logger.warn({ endpointId }, 'endpoint suspended: too many dead letters')
  }

  #feedback(
    { eventType, body, attempts, attemptsBefore }: Delivery,
    state: DeliveryState,
  ): WebhookEvent | undefined {
    const type = feedbackOf(eventType, { state, attempts: attempts + 1 - attemptsBefore })
    if (type === undefined) return undefined
    const about: unknown = JSON.parse(new TextDecoder().decode(body))
    if (!contractEventBody.Check(about)) throw new TypeError('an event of ours is as we write it')
    return eventAbout(type, about, this.#options)
  }

  #log(
    { eventId, endpointId, eventType, attempts }: Delivery,
    { status, error, latencyMs }: Attempt,
    state: DeliveryState,
  ): void {
    // The address may hold a secret of its owner, and the body says who drives on whose contract.
    this.#options.logger.info(
      { eventId, endpointId, eventType, state, attempt: attempts + 1, status, code: error, latencyMs },
      'event sent',
    )
  }
}

const RECOVERY_DELAY_MS = 1_000

/** Waits, at most until `or` is there or `signal` fires. */
async function until(
  timeMs: number,
  { or, signal }: { readonly or?: Promise<void>; readonly signal: AbortSignal },
): Promise<void> {
  const over = new AbortController()
  const waited = setTimeout(timeMs, undefined, { signal: AbortSignal.any([signal, over.signal]) })
  await Promise.race([waited.catch(() => {}), ...(or === undefined ? [] : [or])])
  over.abort()
}
