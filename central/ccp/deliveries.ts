import { createHash } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'

import { messageOf, type Clock, type RandomBytes } from '#base'
import type { Logger } from '#service'

import type { Vehicle } from '../pcp/provisioning-pool.ts'
import type { RootPool } from '../rcp/root-pool.ts'
import type { Storage, UnitOfWork } from '../storage-port.ts'
import { contractEvent } from '../webhooks/events.ts'
import { eventContractOf } from './contract-events.ts'
import type { ContractDelivery, DeliverableContract } from './contract-store.ts'

/** Gathers what goes out in a burst into one transaction; nobody waits for it. */
const BATCH_DELAY_MS = 100
const BATCH_MAX = 200
/** Some minutes of deliveries, should the database be away for that long. */
const WAITING_MAX = 20_000
const RETRY_DELAY_MS = 1_000

/** A bundle that was just given out. */
export interface Handout extends Pick<ContractDelivery, 'kind' | 'requester'> {
  readonly contract: DeliverableContract
  readonly vehicle: Pick<Vehicle, 'pcid' | 'namespace'>
  /** What was asked; the same again is no other delivery. */
  readonly request: Uint8Array
}

interface Parts {
  readonly storage: Storage
  readonly roots: RootPool
  readonly clock: Clock
  readonly random: RandomBytes
  readonly logger: Logger
}

/**
 * Writes down which contracts went out, and has their mobility operators told, once per bundle and request. After the
 * answer: a vehicle does not wait for the disk. Should the process be killed within that moment, the vehicle has its
 * contract and nobody is told.
 */
export class Deliveries implements AsyncDisposable {
  readonly #parts: Parts
  readonly #closing = new AbortController()
  #waiting: Handout[] = []
  #writing: Promise<void> | undefined

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Never throws. Beyond what can wait, deliveries are counted in the log alone. */
  note(handout: Handout): void {
    if (this.#waiting.length < WAITING_MAX) this.#waiting.push(handout)
    else this.#parts.logger.error({ waiting: WAITING_MAX }, 'a delivery is not written down: too many wait')
    this.#writing ??= this.#writeAll()
  }

  /** Writes what waits. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    await this.#writing
  }

  async #writeAll(): Promise<void> {
    await this.#pause(BATCH_DELAY_MS)
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, BATCH_MAX)
      try {
        await this.#write(batch)
      } catch (error) {
        const fields = { deliveries: batch.length, reason: messageOf(error) }
        this.#parts.logger.error(fields, 'deliveries could not be written down')
        if (this.#closing.signal.aborted) break
        this.#waiting.unshift(...batch)
        await this.#pause(RETRY_DELAY_MS)
      }
    }
    this.#writing = undefined
  }

  async #write(batch: readonly Handout[]): Promise<void> {
    const { storage, roots, clock, random } = this.#parts
    const known = await roots.list()
    const entries = batch.map((handout) => ({
      delivery: deliveryOf(handout, clock()),
      event: contractEvent(
        'mo.contract.delivered.to.oem',
        eventContractOf({ ...handout.vehicle, ...handout.contract }, known),
        { clock, random },
      ),
    }))
    await storage.transaction(async (unit: UnitOfWork) => {
      for (const { delivery, event } of entries)
        if ((await unit.contracts.addDelivery(delivery)) === 'first') await unit.outbox.publish(event)
    })
  }

  async #pause(milliseconds: number): Promise<void> {
    const { signal } = this.#closing
    await setTimeout(milliseconds, undefined, { signal }).catch(() => undefined)
  }
}

function deliveryOf(
  { contract, request, kind, requester }: Handout,
  deliveredAtMs: number,
): ContractDelivery {
  return {
    bundleSha256: sha256Hex(contract.response),
    requestSha256: sha256Hex(request),
    kind,
    requester,
    deliveredAtMs,
  }
}

function sha256Hex(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
