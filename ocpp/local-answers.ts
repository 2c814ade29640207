import { Type } from 'typebox'

import type { Clock } from '#base'

import { CallError } from './call-error.ts'
import type { ChargePointCall } from './connection.ts'
import { payloadCheck } from './payload-check.ts'

const checkBootNotification = payloadCheck(
  Type.Object({
    reason: Type.String({ maxLength: 20 }),
    chargingStation: Type.Object({
      model: Type.String({ maxLength: 20 }),
      vendorName: Type.String({ maxLength: 50 }),
    }),
  }),
)

const checkStatusNotification = payloadCheck(
  Type.Object({
    timestamp: Type.String({ maxLength: 40 }),
    connectorStatus: Type.Enum(['Available', 'Occupied', 'Reserved', 'Unavailable', 'Faulted']),
    evseId: Type.Integer({ minimum: 0 }),
    connectorId: Type.Integer({ minimum: 0 }),
  }),
)

/**
 * Reads a SecurityEventNotification. Whoever has it answered locally writes its `type` to a log: nobody else will know
 * of the event. Throws CallError.
 */
export const checkSecurityEventNotification = payloadCheck(
  Type.Object({ type: Type.String({ maxLength: 50 }), timestamp: Type.String({ maxLength: 40 }) }),
)

/**
 * Notifications that tell a state which the charge point reports again, or keeps: accepting them loses nothing.
 * TransactionEvent, MeterValues, Authorize and the rest need somebody who keeps or decides, hence NotImplemented:
 * the charge point then holds on to what it has.
 */
const INFORMATIVE: ReadonlySet<string> = new Set([
  'FirmwareStatusNotification',
  'LogStatusNotification',
  'NotifyEvent',
  'NotifyMonitoringReport',
  'NotifyReport',
])

/**
 * Answers what a charge point needs to stay connected when no CSMS is behind the gateway (OCPP 2.0.1).
 * `heartbeatIntervalSeconds` goes out in the BootNotification response.
 *
 * @throws {CallError} NotImplemented for everything else; the code of the violation for a malformed payload
 */
export function answerLocally(
  { action, payload }: ChargePointCall,
  { clock, heartbeatIntervalSeconds }: { clock: Clock; heartbeatIntervalSeconds: number },
): object {
  const currentTime = new Date(clock()).toISOString()
  if (action === 'BootNotification') {
    checkBootNotification(payload)
    return { currentTime, interval: heartbeatIntervalSeconds, status: 'Accepted' }
  }
  if (action === 'Heartbeat') return { currentTime }
  if (action === 'StatusNotification') {
    checkStatusNotification(payload)
    return {}
  }
  if (action === 'SecurityEventNotification') {
    checkSecurityEventNotification(payload)
    return {}
  }
  if (INFORMATIVE.has(action)) return {}
  throw new CallError('NotImplemented', 'no CSMS is configured that could answer this')
}
