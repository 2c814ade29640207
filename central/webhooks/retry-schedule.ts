/** How deliveries go on, as pure functions: what an answer means, and when the next attempt is due. */

/** Of an attempt: the status of the answer, or `undefined` when there was none. */
export type AttemptStatus = number | undefined

/**
 * - `delivered`: 2xx.
 * - `rejected`: the receiver has understood the event and does not want it (400, 409).
 * - `refused`: it will not get better by itself (other 4xx, redirects, which are not followed).
 * - `failed`: it may get better: 5xx, 408, 429, and no answer for whatever reason.
 */
export type AttemptResult = 'delivered' | 'rejected' | 'refused' | 'failed'

export type DeliveryState = 'PENDING' | 'RETRYING' | 'DELIVERED' | 'REJECTED' | 'DEAD'

/** Three times in intervals of one hour after the first attempt. */
const RETRIES_MAX = 3
export const RETRY_INTERVAL_MS = 3_600_000

export function resultOf(status: AttemptStatus): AttemptResult {
  if (status === undefined || status === 408 || status === 429) return 'failed'
  if (status >= 200 && status < 300) return 'delivered'
  if (status === 400 || status === 409) return 'rejected'
  return status >= 300 && status < 500 ? 'refused' : 'failed'
}

/** What becomes of an event after an attempt. `attempts` counts that one. */
export function afterAttempt(
  result: AttemptResult,
  {
    eventType,
    attempts,
    nowMs,
  }: { readonly eventType: string; readonly attempts: number; readonly nowMs: number },
): { readonly state: DeliveryState; readonly nextAtMs: number } {
  if (result === 'delivered') return { state: 'DELIVERED', nextAtMs: nowMs }
  if (result === 'rejected') return { state: 'REJECTED', nextAtMs: nowMs }
  // The MO is told that its contract is on the way until the OEM's backend says no with 400 or 409.
  const final = result === 'refused' && !eventType.startsWith('oem.contract.')
  if (final || attempts > RETRIES_MAX) return { state: 'DEAD', nextAtMs: nowMs }
  return { state: 'RETRYING', nextAtMs: nowMs + RETRY_INTERVAL_MS }
}
