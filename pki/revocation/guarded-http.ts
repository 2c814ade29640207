/** HTTP to addresses that stand in certificates. */
import { lookup } from 'node:dns/promises'
import { type IncomingMessage, request as httpRequest, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { isIPv6 } from 'node:net'

import { codeOf, concatBytes } from '#base'

import { AddressGuard, type GuardedAddress, type ResolveHost } from './address-guard.ts'
import { RevocationError } from './errors.ts'

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

/** From the resolution of the name to the last byte. */
const TIMEOUT_MS = 3_000

/**
 * The network as it may be used on behalf of strangers: http and https, public addresses or those of
 * `allowedNetworks`, a connection to the very address that was checked, no redirect, no cookie, no compression, one
 * connection per exchange, and limits on time and bytes.
 */
export function guardedHttp({
  allowedNetworks = [],
  timeoutMs = TIMEOUT_MS,
  resolve = (host) => lookup(host, { all: true }),
}: {
  readonly allowedNetworks?: readonly string[]
  readonly timeoutMs?: number
  readonly resolve?: ResolveHost
} = {}): EvidenceNetwork {
  const guard = new AddressGuard({ resolve, allowedNetworks })
  return async (request) => {
    const timeout = AbortSignal.timeout(timeoutMs)
    const signal = request.signal === undefined ? timeout : AbortSignal.any([timeout, request.signal])
    const exchange = async (): Promise<Uint8Array> =>
      readBody(await send(await guard.check(request.address), request, signal), request.bytesMax)
    try {
      return await unlessAborted(exchange(), signal)
    } catch (error) {
      throw errorOf(error, signal)
    }
  }
}

function send(
  { url, ip }: GuardedAddress,
  { body }: EvidenceRequest,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const options: RequestOptions = {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      'accept-encoding': 'identity',
      ...(body === undefined
        ? {}
        : { 'content-type': body.contentType, 'content-length': body.bytes.length }),
    },
    agent: false,
    signal,
    // The name was resolved and checked; a second resolution could give another answer.
    lookup: (_host, { all }, done) => {
      const family = isIPv6(ip) ? 6 : 4
      if (all === true) done(null, [{ address: ip, family }])
      else done(null, ip, family)
    },
  }
  return new Promise((resolve, reject) => {
    const exchange = url.protocol === 'https:' ? httpsRequest(url, options) : httpRequest(url, options)
    exchange.once('response', resolve)
    exchange.once('error', reject)
    exchange.end(body?.bytes)
  })
}

async function readBody(answer: IncomingMessage, bytesMax: number): Promise<Uint8Array> {
  try {
    if (answer.statusCode !== 200)
      throw new RevocationError('ERR_REVOCATION_FETCH', `answered with status ${answer.statusCode}`)
    if (Number(answer.headers['content-length'] ?? 0) > bytesMax) throw tooLarge(bytesMax)
    const parts: Uint8Array[] = []
    let length = 0
    for await (const part of answer) {
      if (!(part instanceof Uint8Array)) throw new TypeError('a stream of bytes gives bytes')
      length += part.length
      if (length > bytesMax) throw tooLarge(bytesMax)
      parts.push(part)
    }
    return concatBytes(...parts)
  } finally {
    answer.destroy()
  }
}

/** Name servers know no signal, and a request that was answered with 101 ends without an event. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(new RevocationError('ERR_REVOCATION_TIMEOUT', 'no answer in time'))
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

function errorOf(error: unknown, signal: AbortSignal): RevocationError {
  if (error instanceof RevocationError) return error
  if (signal.aborted)
    return new RevocationError('ERR_REVOCATION_TIMEOUT', 'no whole answer in time', { cause: error })
  return new RevocationError('ERR_REVOCATION_FETCH', `no answer: ${codeOf(error) ?? 'connection failed'}`, {
    cause: error,
  })
}

const tooLarge = (bytesMax: number): RevocationError =>
  new RevocationError('ERR_REVOCATION_ANSWER_TOO_LARGE', `answer of more than ${bytesMax} bytes`)
