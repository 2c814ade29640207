import { jwtVerify, SignJWT, type JWTPayload } from 'jose'

import type { Clock } from '#base'
import type { TokenResponse } from '#opcp'

import type { Caller } from '../http/caller.ts'
import { PoolError } from '../pool-error.ts'
import { limited, type ClaimedRights, type ClientAccess } from '../registry/client.ts'
import type { TokenKey } from './token-key.ts'

/** Tokens of as many clients in use at the same time are verified once each. */
const VERIFIED_TOKENS_MAX = 1_000
/** Ours have about 1.5 KB; longer ones are not worth a look. */
const TOKEN_LENGTH_MAX = 8 * 1024
const CLOCK_SKEW_S = 60

/** What the registry says about clients. */
interface CurrentAccess {
  /** What the client may do now, `undefined` for nothing; the same object until it is looked up anew. */
  current(clientId: string): Promise<ClientAccess | undefined>
}

export interface TokenAuthorityOptions {
  readonly clients: CurrentAccess
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
  readonly #verified = new Map<string, Verified>()

  constructor(options: TokenAuthorityOptions) {
    this.#options = options
  }

  /** `permissions` narrows what the client may do; it never widens. */
  async issue(
    client: ClientAccess,
    permissions: readonly string[] = client.permissions,
  ): Promise<TokenResponse> {
    const { key, issuer, audience, lifetimeSeconds, clock } = this.#options
    const granted = client.permissions.filter((permission) => permissions.includes(permission))
    const issuedAt = Math.floor(clock() / 1_000)
    const accessToken = await new SignJWT({
      [`${audience}/role`]: [...client.roles],
      [`${audience}/pcid`]: [...client.wmis],
      [`${audience}/emaid`]: [...client.providerIds],
      [`${audience}/operator`]: [...client.operatorIds],
      [`${audience}/client_name`]: [client.name],
      [`${audience}/generation`]: client.generation,
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

  /**
   * Who calls: with the rights of the token, as far as its client has them now.
   *
   * @throws {PoolError} ERR_POOL_UNAUTHENTICATED, without saying which check failed
   */
  async verify(token: string): Promise<Caller> {
    const verified = await this.#verifiedOf(token)
    const { claimed, generation } = verified
    const access = await this.#options.clients.current(claimed.clientId)
    if (access === undefined) throw unauthenticated(new TypeError('its client may do nothing now'))
    if (generation !== access.generation) throw unauthenticated(new TypeError('it is of an earlier secret'))
    if (verified.now?.access !== access) verified.now = { access, caller: limited(claimed, access) }
    return verified.now.caller
  }

  async #verifiedOf(token: string): Promise<Verified> {
    const nowMs = this.#options.clock()
    const known = this.#verified.get(token)
    if (known !== undefined && nowMs < known.expiresAtMs) return known
    const payload = await this.#payloadOf(token, nowMs)
    const verified = {
      claimed: callerOf(payload, this.#options.audience),
      generation: payload[`${this.#options.audience}/generation`],
      expiresAtMs: ((payload.exp ?? 0) + CLOCK_SKEW_S) * 1_000,
    }
    if (this.#verified.size >= VERIFIED_TOKENS_MAX) this.#verified.clear()
    this.#verified.set(token, verified)
    return verified
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

interface Verified {
  readonly claimed: ClaimedRights
  readonly generation: unknown
  readonly expiresAtMs: number
  /** What is left of the claims by what the client may do now. */
  now?: { readonly access: ClientAccess; readonly caller: Caller }
}

function unauthenticated(cause: unknown): PoolError {
  return new PoolError('ERR_POOL_UNAUTHENTICATED', 'The token is invalid or expired.', { cause })
}

function callerOf(payload: JWTPayload, audience: string): ClaimedRights {
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
