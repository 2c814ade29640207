import type { Clock } from '#base'

import type { Storage } from '../storage-port.ts'

const DAY_MS = 86_400_000
/** For receivers that come back after a long outage. */
const EVENT_BODIES_DAYS = 30
const DELIVERIES_DAYS = 90
const EVENTS_DAYS = 365
/** After the end of a contract's certificate: for disputes. */
const CONTRACT_RECORDS_DAYS = 2 * 365

/** Erases what has been kept for as long as it may be (digest §7.4). */
export async function sweepRetention({
  storage,
  clock,
}: {
  readonly storage: Pick<Storage, 'stores'>
  readonly clock: Clock
}): Promise<void> {
  const nowMs = clock()
  const before = (days: number): number => nowMs - days * DAY_MS
  const { outbox, contracts } = storage.stores
  await outbox.prune({
    nowMs,
    bodiesBeforeMs: before(EVENT_BODIES_DAYS),
    attemptsBeforeMs: before(DELIVERIES_DAYS),
    eventsBeforeMs: before(EVENTS_DAYS),
  })
  await contracts.prune({
    deliveriesBeforeMs: before(DELIVERIES_DAYS),
    validToBeforeMs: before(CONTRACT_RECORDS_DAYS),
  })
}
