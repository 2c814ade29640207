import { jwtVerify, SignJWT, type JWTPayload } from 'jose'

import type { Clock } from '#base'
import type { TokenResponse } from '#opcp'

import type { Caller } from '../http/caller.ts'
import { PoolError } from '../pool-error.ts'
import type { Client } from './clients.ts'
import type { TokenKey } from './token-key.ts'

/** Tokens of as many clients in use at the same time are verified once each. */
const VERIFIED_TOKENS_MAX = 1_000
/** Ours have about 1.5 KB; longer ones are not worth a look. */
const TOKEN_LENGTH_MAX = 8 * 1024
const CLOCK_SKEW_S = 60

export interface TokenAuthorityOptions {
  readonly key: TokenKey
  readonly issuer: string
  /** URL of this stage: audience of its tokens and prefix of their claims. */
  readonly audience: string
  readonly lifetimeSeconds: number
  readonly clock: Clock
}

/** Issues the tokens of this stage and verifies them, as the live service's tokens are built (RS256 JWT). */
export class TokenAuthority {
  readonly #options: TokenAuthorityOptions
  readonly #verified = new Map<string, { readonly caller: Caller; readonly expiresAtMs: number }>()

  constructor(options: TokenAuthorityOptions) {
    this.#options = options
  }

  /** `permissions` narrows what the client may do; it never widens. */
  async issue(client: Client, permissions: readonly string[] = client.permissions): Promise<TokenResponse> {
    const { key, issuer, audience, lifetimeSeconds, clock } = this.#options
    const granted = client.permissions.filter((permission) => permissions.includes(permission))
    const issuedAt = Math.floor(clock() / 1_000)
    const accessToken = await new SignJWT({
      [`${audience}/role`]: [...client.roles],
      [`${audience}/pcid`]: [...client.wmis],
      [`${audience}/emaid`]: [...client.providerIds],
      [`${audience}/operator`]: [...client.operatorIds],
      [`${audience}/client_name`]: [client.name],
      azp: client.clientId,
      gty: 'client-credentials',
      scope: granted.join(' '),
      permissions: granted,
    })
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: key.kid })
      .setIssuer(issuer)
      .setSubject(`${client.clientId}@clients`)
      .setAudience(audience)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + lifetimeSeconds)
      .sign(key.privateKey)
    return {
      access_token: accessToken,
      scope: granted.join(' '),
      expires_in: lifetimeSeconds,
      token_type: 'Bearer',
    }
  }

  /** @throws {PoolError} ERR_POOL_UNAUTHENTICATED, without saying which check failed */
  async verify(token: string): Promise<Caller> {
    const nowMs = this.#options.clock()
    const known = this.#verified.get(token)
    if (known !== undefined && nowMs < known.expiresAtMs) return known.caller
    const payload = await this.#payloadOf(token, nowMs)
    const caller = callerOf(payload, this.#options.audience)
    if (this.#verified.size >= VERIFIED_TOKENS_MAX) this.#verified.clear()
    this.#verified.set(token, { caller, expiresAtMs: ((payload.exp ?? 0) + CLOCK_SKEW_S) * 1_000 })
    return caller
  }

  async #payloadOf(token: string, nowMs: number): Promise<JWTPayload> {
    const { key, issuer, audience } = this.#options
    if (token.length > TOKEN_LENGTH_MAX) throw unauthenticated(new TypeError('longer than any token of ours'))
    try {
      const { payload } = await jwtVerify(token, key.publicKey, {
        algorithms: ['RS256'],
        issuer,
        audience,
        clockTolerance: CLOCK_SKEW_S,
        currentDate: new Date(nowMs),
        requiredClaims: ['exp', 'iat', 'azp'],
      })
      return payload
    } catch (error) {
      throw unauthenticated(error)
    }
  }
}

function unauthenticated(cause: unknown): PoolError {
  return new PoolError('ERR_POOL_UNAUTHENTICATED', 'The token is invalid or expired.', { cause })
}

function callerOf(payload: JWTPayload, audience: string): Caller {
  const texts = (claim: string): readonly string[] => {
    const value = payload[claim]
    return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
  }
  const upper = (claim: string): ReadonlySet<string> =>
    new Set(texts(claim).map((text) => text.toUpperCase()))
  return {
    clientId: typeof payload['azp'] === 'string' ? payload['azp'] : '',
    roles: new Set(texts(`${audience}/role`)),
    permissions: new Set(texts('permissions')),
    wmis: upper(`${audience}/pcid`),
    providerIds: upper(`${audience}/emaid`),
    operatorIds: upper(`${audience}/operator`),
  }
}
