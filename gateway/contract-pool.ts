import { setTimeout as delay } from 'node:timers/promises'

import { messageOf } from '#base'
import {
  type InstallationAnswer,
  type InstallationRequest,
  OpcpError,
  type OpcpErrorCode,
  OpcpRefusal,
} from '#opcp'

import { InstallationError, type InstallationErrorCode } from './errors.ts'

/** Two more tries, soon: what lasts longer than that does not fit the vehicle's 4.5 s either. */
const RETRY_DELAYS_MS = [100, 400]
/** A proxy or a restarting pool; anything else would be answered the same way again. */
const RETRIED_STATUSES: ReadonlySet<number> = new Set([502, 503])

const CODES: Readonly<Record<OpcpErrorCode, InstallationErrorCode>> = {
  ERR_OPCP_ABORTED: 'ERR_GATEWAY_POOL_TIMEOUT',
  ERR_OPCP_TIMEOUT: 'ERR_GATEWAY_POOL_TIMEOUT',
  ERR_OPCP_UNREACHABLE: 'ERR_GATEWAY_POOL_UNREACHABLE',
  ERR_OPCP_REFUSED: 'ERR_GATEWAY_POOL_REFUSED',
  ERR_OPCP_TOKEN_REFUSED: 'ERR_GATEWAY_POOL_REFUSED',
  ERR_OPCP_ANSWER_MALFORMED: 'ERR_GATEWAY_POOL_ANSWER',
  ERR_OPCP_ANSWER_TOO_LARGE: 'ERR_GATEWAY_POOL_ANSWER',
}

/** The contract certificate pool as the gateway needs it; an OpcpClient is one. */
export interface ContractPool {
  /** May be repeated: reading contract data changes nothing that matters. Throws OpcpError. */
  getSignedContractData(
    body: InstallationRequest,
    options: { readonly signal: AbortSignal },
  ): Promise<InstallationAnswer>
}

/**
 * Asks the pool and gives the base64 EXI for the vehicle, positive or negative. Of several messages the first is the
 * default contract, the only one that ISO 15118-2 can deliver. Repeats the call while the pool cannot be reached or
 * answers 502 or 503, at most twice and never beyond `signal`, which is the deadline of the installation.
 *
 * @throws {InstallationError} ERR_GATEWAY_POOL_*
 */
export async function askContractPool(
  pool: ContractPool,
  body: InstallationRequest,
  signal: AbortSignal,
): Promise<string> {
  for (let tries = 0; ; tries++) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- the next try depends on this one
      const { messages } = await pool.getSignedContractData(body, { signal })
      const [first] = messages
      if (first === undefined)
        throw new InstallationError('ERR_GATEWAY_POOL_ANSWER', 'the pool sent no message')
      return first.certificateInstallationRes
    } catch (error) {
      const delayMs = isRetried(error) ? RETRY_DELAYS_MS[tries] : undefined
      // oxlint-disable-next-line no-await-in-loop -- a pause between tries
      if (delayMs === undefined || !(await paused(delayMs, signal))) throw poolError(error)
    }
  }
}

function isRetried(error: unknown): boolean {
  if (error instanceof OpcpRefusal) return RETRIED_STATUSES.has(error.status)
  return error instanceof OpcpError && error.code === 'ERR_OPCP_UNREACHABLE'
}

/** False when the deadline came first: then the failure before the pause is the one to tell. */
async function paused(delayMs: number, signal: AbortSignal): Promise<boolean> {
  try {
    await delay(delayMs, undefined, { signal })
    return true
  } catch {
    return false
  }
}

function poolError(cause: unknown): unknown {
  if (!(cause instanceof OpcpError)) return cause
  return new InstallationError(CODES[cause.code], `${cause.code}: ${messageOf(cause)}`, { cause })
}
