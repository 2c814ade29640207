import { systemClock, type Clock } from '#base'

import { Connection, type HttpAnswer, type HttpCall } from './connection.ts'
import { TokenSource } from './token-source.ts'

/** One connection carries one call at a time; 16 saturate a pool that answers in milliseconds. */
const CONNECTIONS_MAX = 16
/** One does in good times; more when a request hangs and another is made beside it. */
const TOKEN_CONNECTIONS_MAX = 8
const TIMEOUT_MS = 10_000

export interface OpcpClientOptions {
  /** With the host prefix, without `/v1`. */
  readonly baseUrl: string
  readonly tokenUrl: string
  readonly clientId: string
  readonly clientSecret: string
  /** Names the stage the token is for; some token services need it, ours takes its own when absent. */
  readonly audience?: string | undefined
  /** PEM of the CAs to trust instead of Node's own. */
  readonly certificateAuthorities?: string | undefined
  readonly connectionsMax?: number
  /** For calls without a signal, and for token requests. */
  readonly timeoutMs?: number
  readonly clock?: Clock
}

export interface AuthorisedCall {
  readonly method: HttpCall['method']
  /** After the host prefix, with its query. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** Goes out as JSON. */
  readonly body?: object | undefined
  readonly signal?: AbortSignal | undefined
}

/** Calls with the token of one client; one that is refused with 401 or 403 is repeated once with a fresh token. */
export class AuthorisedConnection implements AsyncDisposable {
  readonly #calls: Connection
  readonly #tokens: Connection
  readonly #token: TokenSource
  readonly #prefix: string

  constructor(options: OpcpClientOptions) {
    const { certificateAuthorities, timeoutMs = TIMEOUT_MS } = options
    const base = new URL(options.baseUrl)
    const token = new URL(options.tokenUrl)
    this.#prefix = base.pathname.replace(/\/$/, '')
    this.#calls = new Connection({
      origin: base.origin,
      certificateAuthorities,
      timeoutMs,
      connectionsMax: options.connectionsMax ?? CONNECTIONS_MAX,
    })
    this.#tokens = new Connection({
      origin: token.origin,
      certificateAuthorities,
      timeoutMs,
      connectionsMax: TOKEN_CONNECTIONS_MAX,
    })
    this.#token = new TokenSource({
      connection: this.#tokens,
      path: token.pathname + token.search,
      audience: options.audience,
      clientId: options.clientId,
      clientSecret: options.clientSecret,
      clock: options.clock ?? systemClock,
    })
  }

  /** @throws {OpcpError} when there is no token or no complete answer; a status that is no success is an answer */
  async call(call: AuthorisedCall): Promise<HttpAnswer> {
    const token = await this.#token.current(call.signal)
    const answer = await this.#send(call, token)
    if (answer.status !== 401 && answer.status !== 403) return answer
    if (!this.#token.replace(token)) return answer
    return await this.#send(call, await this.#token.current(call.signal))
  }

  #send({ method, path, headers, body, signal }: AuthorisedCall, token: string): Promise<HttpAnswer> {
    return this.#calls.call({
      method,
      path: this.#prefix + path,
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'application/json',
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal,
    })
  }

  /** Ends the connections; calls under way end with ERR_OPCP_UNREACHABLE. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#calls[Symbol.asyncDispose](), this.#tokens[Symbol.asyncDispose]()])
  }
}
