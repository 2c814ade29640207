import { Pool } from 'undici'

import { codeOf, messageOf } from '#base'

import { OpcpError } from './errors.ts'

/** A list of 2,000 roots; also what a lying server can make us hold. */
const ANSWER_BYTES_MAX = 8 * 1024 * 1024
const HEADER_BYTES_MAX = 16 * 1024
/** A TLS handshake takes milliseconds; a machine that does not answer should not use up an installation's 4.5 s. */
const CONNECT_TIMEOUT_MS = 2_000

export interface ConnectionOptions {
  readonly origin: string
  /** PEM; absent: the certificate authorities of Node. */
  readonly certificateAuthorities?: string | undefined
  readonly connectionsMax: number
  /** For calls without a signal of their own. */
  readonly timeoutMs: number
}

export interface HttpCall {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE' | 'PATCH'
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | undefined
  /** Replaces the default timeout. */
  readonly signal?: AbortSignal | undefined
}

export interface HttpAnswer {
  readonly status: number
  readonly text: string
}

/** Keep-alive HTTP/1.1 connections to one origin, answers bounded in bytes and time. */
export class Connection implements AsyncDisposable {
  readonly #pool: Pool
  readonly #timeoutMs: number

  constructor(options: ConnectionOptions) {
    this.#timeoutMs = options.timeoutMs
    this.#pool = new Pool(options.origin, {
      connections: options.connectionsMax,
      allowH2: false,
      maxHeaderSize: HEADER_BYTES_MAX,
      maxResponseSize: ANSWER_BYTES_MAX,
      connect: {
        timeout: CONNECT_TIMEOUT_MS,
        ...(options.certificateAuthorities !== undefined && { ca: options.certificateAuthorities }),
      },
    })
  }

  /** @throws {OpcpError} when there is no complete answer; a status that is no success is an answer. */
  async call(call: HttpCall): Promise<HttpAnswer> {
    const signal = call.signal ?? AbortSignal.timeout(this.#timeoutMs)
    try {
      const { method, path, headers, body } = call
      const answer = await this.#pool.request({ method, path, headers, body: body ?? null, signal })
      return { status: answer.statusCode, text: await answer.body.text() }
    } catch (error) {
      throw noAnswer(error, { call, signal })
    }
  }

  /** Aborts what is under way: a caller that waits has a deadline of its own. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.destroy()
  }
}

function noAnswer(cause: unknown, { call, signal }: { call: HttpCall; signal: AbortSignal }): OpcpError {
  const what = `${call.method} ${call.path}`
  const code = codeOf(cause) ?? ''
  if (signal.aborted) {
    const expired = signal.reason instanceof Error && signal.reason.name === 'TimeoutError'
    return expired
      ? new OpcpError('ERR_OPCP_TIMEOUT', `${what}: no answer in time`, { cause })
      : new OpcpError('ERR_OPCP_ABORTED', `${what}: given up by the caller`, { cause })
  }
  if (code === 'UND_ERR_CONNECT_TIMEOUT')
    return new OpcpError('ERR_OPCP_UNREACHABLE', `${what}: no connection in ${CONNECT_TIMEOUT_MS} ms`, {
      cause,
    })
  if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE' || code === 'UND_ERR_HEADERS_OVERFLOW')
    return new OpcpError('ERR_OPCP_ANSWER_TOO_LARGE', `${what}: answer over ${ANSWER_BYTES_MAX} bytes`, {
      cause,
    })
  if (code.startsWith('HPE_') || code.endsWith('_CONTENT_LENGTH_MISMATCH'))
    return new OpcpError('ERR_OPCP_ANSWER_MALFORMED', `${what}: answer is not HTTP (${code})`, { cause })
  return new OpcpError('ERR_OPCP_UNREACHABLE', `${what}: ${code === '' ? messageOf(cause) : code}`, { cause })
}
