/** HTTP to addresses that strangers named. */
import { lookup } from 'node:dns/promises'
import { type IncomingMessage, request as httpRequest, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { isIPv6 } from 'node:net'

import { codeOf, concatBytes } from '#base'

import { AddressGuard, type GuardedAddress, type ResolveHost } from './address-guard.ts'
import { NetError } from './errors.ts'

/** One exchange: a GET, or a POST when there is a body. */
export interface GuardedRequest {
  readonly address: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: { readonly bytes: Uint8Array; readonly contentType: string }
  /** A longer body of the answer is cut off and an error. Absent: the status is enough, no body is read. */
  readonly bytesMax?: number
  readonly signal?: AbortSignal
}

export interface GuardedAnswer {
  readonly status: number
  /** Empty unless the status is 200 and `bytesMax` was given. */
  readonly body: Uint8Array
}

/**
 * A port: programs pass {@link guardedHttp}.
 *
 * @throws {NetError} ERR_NET_ADDRESS, ERR_NET_ANSWER_TOO_LARGE, ERR_NET_TIMEOUT (also when `signal` ends it),
 * ERR_NET_UNREACHABLE
 */
export type GuardedHttp = (request: GuardedRequest) => Promise<GuardedAnswer>

export interface GuardedHttpOptions {
  /** `10.1.0.0/16`, `fd00::/8`: may be asked although they are not public. */
  readonly allowedNetworks?: readonly string[]
  /** From the resolution of the name to the last byte. Default: 3 s. */
  readonly timeoutMs?: number
  /** PEM; absent: the certificate authorities of Node. */
  readonly certificateAuthorities?: string
  readonly resolve?: ResolveHost
}

const TIMEOUT_MS = 3_000

/**
 * The network as it may be used on behalf of strangers: http and https, public addresses or those of
 * `allowedNetworks`, a connection to the very address that was checked, no redirect, no cookie, no compression, one
 * connection per exchange, and limits on time and bytes.
 */
export function guardedHttp({
  allowedNetworks = [],
  timeoutMs = TIMEOUT_MS,
  certificateAuthorities,
  resolve = (host) => lookup(host, { all: true }),
}: GuardedHttpOptions = {}): GuardedHttp {
  const guard = new AddressGuard({ resolve, allowedNetworks })
  const tls = certificateAuthorities === undefined ? {} : { ca: certificateAuthorities }
  return async (request) => {
    const timeout = AbortSignal.timeout(timeoutMs)
    const signal = request.signal === undefined ? timeout : AbortSignal.any([timeout, request.signal])
    const exchange = async (): Promise<GuardedAnswer> => {
      const answer = await send(await guard.check(request.address), request, { ...tls, signal })
      return { status: answer.statusCode ?? 0, body: await readBody(answer, request.bytesMax) }
    }
    try {
      return await unlessAborted(exchange(), signal)
    } catch (error) {
      throw errorOf(error, signal)
    }
  }
}

function send(
  { url, ip }: GuardedAddress,
  { headers, body }: GuardedRequest,
  options: RequestOptions & { readonly ca?: string },
): Promise<IncomingMessage> {
  const all = {
    ...options,
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      ...headers,
      'accept-encoding': 'identity',
      ...(body !== undefined && {
        'content-type': body.contentType,
        'content-length': body.bytes.length,
      }),
    },
    agent: false,
    lookup: pinnedTo(ip),
  } as const
  return new Promise((resolve, reject) => {
    const exchange = url.protocol === 'https:' ? httpsRequest(url, all) : httpRequest(url, all)
    exchange.once('response', resolve)
    exchange.once('error', reject)
    exchange.end(body?.bytes)
  })
}

/** The name was resolved and checked; a second resolution could give another answer. */
function pinnedTo(ip: string): NonNullable<RequestOptions['lookup']> {
  const family = isIPv6(ip) ? 6 : 4
  return (_host, { all }, done) => {
    if (all === true) done(null, [{ address: ip, family }])
    else done(null, ip, family)
  }
}

async function readBody(answer: IncomingMessage, bytesMax: number | undefined): Promise<Uint8Array> {
  try {
    if (bytesMax === undefined || answer.statusCode !== 200) return new Uint8Array()
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
    const abort = (): void => reject(new NetError('ERR_NET_TIMEOUT', 'no answer in time'))
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

function errorOf(error: unknown, signal: AbortSignal): NetError {
  if (error instanceof NetError) return error
  if (signal.aborted) return new NetError('ERR_NET_TIMEOUT', 'no whole answer in time', { cause: error })
  return new NetError('ERR_NET_UNREACHABLE', `no answer: ${codeOf(error) ?? 'connection failed'}`, {
    cause: error,
  })
}

const tooLarge = (bytesMax: number): NetError =>
  new NetError('ERR_NET_ANSWER_TOO_LARGE', `answer of more than ${bytesMax} bytes`)
