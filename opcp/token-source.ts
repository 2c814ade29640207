import { Compile } from 'typebox/compile'

import type { Clock } from '#base'

import { bodyOf, jsonOf } from './answer.ts'
import type { Connection } from './connection.ts'
import { TokenErrorBody } from './error-body.ts'
import { OpcpError, OpcpRefusal } from './errors.ts'
import { TokenResponse } from './token-bodies.ts'

/** A token is replaced this long before it expires (or after half its life, if that is shorter), while it still works. */
const REFRESH_AHEAD_MS = 60_000
/** A token younger than this was not refused for its age: asking for another one would only hammer the issuer. */
const REPLACEABLE_AFTER_MS = 1_000
/** Who asks for a token while another request for one is not older than this waits for that one. */
const SHARED_FOR_MS = 1_000

export interface TokenSourceOptions {
  readonly connection: Connection
  readonly path: string
  readonly audience?: string | undefined
  readonly clientId: string
  readonly clientSecret: string
  readonly clock: Clock
}

interface Token {
  readonly value: string
  readonly issuedAtMs: number
  readonly refreshAtMs: number
  readonly expiresAtMs: number
}

const tokenResponse = Compile(TokenResponse)
const tokenErrorBody = Compile(TokenErrorBody)

/**
 * The OAuth2 client-credentials token of one client: fetched once however many callers wait, replaced ahead of its
 * expiry while the old one still serves.
 */
export class TokenSource {
  readonly #options: TokenSourceOptions
  #token: Token | undefined
  #fetching: Promise<Token> | undefined
  #fetchingSinceMs = 0

  constructor(options: TokenSourceOptions) {
    this.#options = options
  }

  /**
   * A token that is valid now. The fetch goes on when a caller's `signal` ends its wait: others share it.
   *
   * @throws {OpcpError} ERR_OPCP_TOKEN_REFUSED, or whatever kept the token endpoint from answering
   */
  async current(signal?: AbortSignal): Promise<string> {
    const nowMs = this.#options.clock()
    const token = this.#token
    if (token === undefined || nowMs >= token.expiresAtMs) return (await awaited(this.#fetch(), signal)).value
    // A refresh that fails shows up when the old token expires; until then nobody needs to know.
    if (nowMs >= token.refreshAtMs) this.#fetch().catch(() => {})
    return token.value
  }

  /** Forgets `value` after a pool refused it. Says whether a new token is worth a second try. */
  replace(value: string): boolean {
    if (this.#token?.value !== value) return true
    if (this.#options.clock() - this.#token.issuedAtMs < REPLACEABLE_AFTER_MS) return false
    this.#token = undefined
    return true
  }

  /** A request that hangs must not hold up who comes later, and a slow one may still bring the token. */
  #fetch(): Promise<Token> {
    const nowMs = this.#options.clock()
    if (this.#fetching !== undefined && nowMs - this.#fetchingSinceMs < SHARED_FOR_MS) return this.#fetching
    const fetching = this.#request().finally(() => {
      if (this.#fetching === fetching) this.#fetching = undefined
    })
    this.#fetching = fetching
    this.#fetchingSinceMs = nowMs
    return fetching
  }

  async #request(): Promise<Token> {
    const { connection, path, audience, clientId, clientSecret, clock } = this.#options
    const answer = await connection.call({
      method: 'POST',
      path,
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({
        grant_type: 'client_credentials',
        client_id: clientId,
        client_secret: clientSecret,
        audience,
      }),
    })
    if (answer.status !== 200) throw tokenRefusal(answer.status, jsonOf(answer))
    const body = bodyOf(answer, tokenResponse)
    const issuedAtMs = clock()
    const lifeMs = body.expires_in * 1_000
    this.#token = {
      value: body.access_token,
      issuedAtMs,
      expiresAtMs: issuedAtMs + lifeMs,
      refreshAtMs: issuedAtMs + Math.max(lifeMs - REFRESH_AHEAD_MS, lifeMs / 2),
    }
    return this.#token
  }
}

function tokenRefusal(status: number, body: unknown): OpcpRefusal {
  const errorMessages = tokenErrorBody.Check(body) ? [body.error_description ?? body.error] : []
  return new OpcpRefusal('ERR_OPCP_TOKEN_REFUSED', {
    operation: 'token request',
    status,
    errorMessages,
    traceId: undefined,
  })
}

/** `promise`, unless `signal` ends the wait first. */
async function awaited<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await promise
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => reject(waitEnded(signal))
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

function waitEnded(signal: AbortSignal): OpcpError {
  const expired = signal.reason instanceof Error && signal.reason.name === 'TimeoutError'
  return expired
    ? new OpcpError('ERR_OPCP_TIMEOUT', 'token request: no answer in time')
    : new OpcpError('ERR_OPCP_ABORTED', 'token request: given up by the caller')
}
