import { CallError, type ChargePointCall, checkSecurityEventNotification, type OcppEvent } from '#ocpp'
import type { Logger } from '#service'

import type { InstallationRecord } from './contract-installation.ts'

/** Writes one line for what happens at the charge points' side. */
export function logOcppEvent(logger: Logger, event: OcppEvent): void {
  const { kind: _kind, ...fields } = event
  switch (event.kind) {
    case 'connected':
      return logger.info(fields, 'charge point connected')
    case 'disconnected':
      return logger.info(fields, 'charge point disconnected')
    case 'refused':
      return logger.warn(fields, 'connection refused')
    case 'frame-refused':
      return logger.warn(fields, 'frame refused')
    case 'call-failed':
      return logCallFailure(logger, event)
  }
}

/** Writes one line for a contract installation, with its code when it failed. */
export function logInstallation(logger: Logger, { outcome, answer, ...fields }: InstallationRecord): void {
  if (answer === undefined) {
    logger.warn({ code: outcome, ...fields }, 'contract installation failed')
  } else if (answer.outcome === 'negative') {
    logger.warn({ ...fields, responseCode: answer.responseCode }, 'the pool has no contract for the vehicle')
  } else {
    const { emaid, v2gRoot, rootListed } = answer
    logger.info({ ...fields, emaid, v2gRoot: v2gRoot.distinguishedName, rootListed }, 'contract delivered')
  }
}

/** Writes what was answered here because no CSMS is configured: security events where everybody sees them. */
export function logNotification(logger: Logger, { identity, action, payload }: ChargePointCall): void {
  if (action === 'SecurityEventNotification') {
    const { type, timestamp } = checkSecurityEventNotification(payload)
    logger.warn({ identity, type, timestamp }, 'security event at a charge point')
  } else {
    logger.debug({ identity, action }, 'answered without a CSMS')
  }
}

/** A CallError is how a handler answers; anything else is a fault of ours, logged with its stack. */
function logCallFailure(logger: Logger, event: Extract<OcppEvent, { kind: 'call-failed' }>): void {
  const { identity, action, code, message, error } = event
  if (error instanceof CallError) logger.info({ identity, action, code, message }, 'call refused')
  else logger.error({ identity, action, code, err: error }, 'call failed')
}
