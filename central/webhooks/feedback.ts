import type { ContractEventType } from '#opcp'

import type { DeliveryState } from './retry-schedule.ts'

/** What an MO hears when its event has reached the OEM's backend. */
const SENT: Readonly<Record<string, ContractEventType>> = {
  'oem.contract.created': 'mo.contract.created.sent.to.oem',
  'oem.contract.updated': 'mo.contract.updated.sent.to.oem',
  'oem.contract.deleted': 'mo.contract.deleted.sent.to.oem',
}

/**
 * What the MO of the contract is told after an attempt to tell the OEM: once when retries begin, and once how it ended.
 * `undefined` for what concerns no MO.
 */
export function feedbackOf(
  eventType: string,
  { state, attempts }: { readonly state: DeliveryState; readonly attempts: number },
): ContractEventType | undefined {
  const sent = SENT[eventType]
  if (sent === undefined) return undefined
  if (state === 'DELIVERED') return sent
  if (state === 'RETRYING') return attempts === 1 ? 'mo.contract.queued.to.oem' : undefined
  return 'mo.contract.rejected.by.oem'
}
