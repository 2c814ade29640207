/** HTTP to addresses that stand in certificates. */
import { guardedHttp as openGuardedHttp, NetError, type GuardedHttpOptions, type NetErrorCode } from '#net'

import { RevocationError, type RevocationErrorCode } from './errors.ts'

/** One exchange: a GET, or a POST when there is a body. */
interface EvidenceRequest {
  readonly address: string
  readonly body?: { readonly bytes: Uint8Array; readonly contentType: string }
  /** A longer answer is cut off and an error. */
  readonly bytesMax: number
  readonly signal?: AbortSignal
}

/**
 * Gives the body of an answer of status 200. A port: programs pass {@link guardedHttp}.
 *
 * @throws {RevocationError} ERR_REVOCATION_ADDRESS, ERR_REVOCATION_ANSWER_TOO_LARGE, ERR_REVOCATION_FETCH,
 * ERR_REVOCATION_TIMEOUT (also when `signal` ends it)
 */
export type EvidenceNetwork = (request: EvidenceRequest) => Promise<Uint8Array>

const REVOCATION_CODE: Readonly<Record<NetErrorCode, RevocationErrorCode>> = {
  ERR_NET_ADDRESS: 'ERR_REVOCATION_ADDRESS',
  ERR_NET_ANSWER_TOO_LARGE: 'ERR_REVOCATION_ANSWER_TOO_LARGE',
  ERR_NET_TIMEOUT: 'ERR_REVOCATION_TIMEOUT',
  ERR_NET_UNREACHABLE: 'ERR_REVOCATION_FETCH',
}

/** The network as it may be used on behalf of whoever wrote a certificate. */
export function guardedHttp(options: GuardedHttpOptions = {}): EvidenceNetwork {
  const ask = openGuardedHttp(options)
  return async (request) => {
    const { status, body } = await ask(request).catch((error: unknown) => {
      if (!(error instanceof NetError)) throw error
      throw new RevocationError(REVOCATION_CODE[error.code], error.message, { cause: error })
    })
    if (status !== 200) throw new RevocationError('ERR_REVOCATION_FETCH', `answered with status ${status}`)
    return body
  }
}
