import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Compile } from 'typebox/compile'

import { CodedError, codeOf, type Clock } from '#base'
import { JWKS_PATH, TOKEN_PATH, TokenRequest } from '#opcp'

import { RateLimit } from '../http/rate-limit.ts'
import { noteOf } from '../http/server.ts'
import type { Client, ClientRegistry } from './clients.ts'
import type { TokenAuthority } from './token-authority.ts'
import type { TokenKey } from './token-key.ts'

const tokenRequest = Compile(TokenRequest)

/** Guesses at a secret of 256 bits are hopeless anyway; this keeps them from costing anything. */
const FAILURES_PER_MINUTE_MAX = 20

export interface TokenRouteOptions {
  readonly clients: ClientRegistry
  readonly authority: TokenAuthority
  readonly key: TokenKey
  /** The stage's own audience and its aliases; compared without a slash at the end. */
  readonly audiences: readonly string[]
  readonly clock: Clock
}

/** RFC 6749 §5.2, with the words of the live service. */
const REFUSALS = {
  ERR_OAUTH_INVALID_REQUEST: { status: 400, error: 'invalid_request' },
  ERR_OAUTH_GRANT_TYPE: { status: 400, error: 'unsupported_grant_type' },
  ERR_OAUTH_CREDENTIALS: { status: 401, error: 'access_denied' },
  ERR_OAUTH_AUDIENCE: { status: 403, error: 'access_denied' },
  ERR_OAUTH_TOO_MANY_FAILURES: { status: 429, error: 'access_denied' },
} as const

class OauthError extends CodedError<keyof typeof REFUSALS> {
  override name = 'OauthError'
}

/** `POST /oauth/token` (client credentials by JSON, form or HTTP Basic) and the published keys. */
export function serveTokens(app: FastifyInstance, options: TokenRouteOptions): void {
  const failures = new RateLimit({ clock: options.clock, perMinute: FAILURES_PER_MINUTE_MAX })
  // Of its own scope: nothing but this path takes forms or refuses in the words of OAuth.
  void app.register(async (scope) => {
    scope.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string' },
      async (_: FastifyRequest, text: string) => Object.fromEntries(new URLSearchParams(text)),
    )
    scope.setErrorHandler((error, request, reply) => refuse(asOauthError(error), { request, reply }))
    scope.post(TOKEN_PATH, async (request, reply) => {
      reply.header('cache-control', 'no-store')
      const admitted = admit(request, { ...options, failures })
      noteOf(request).clientId = admitted.client.clientId
      return await options.authority.issue(admitted.client, admitted.scope?.split(' '))
    })
  })
  app.get(JWKS_PATH, async () => options.key.jwks)
}

function admit(
  request: FastifyRequest,
  { clients, audiences, failures }: TokenRouteOptions & { failures: RateLimit },
): { client: Client; scope: string | undefined } {
  const { body } = request
  if (!tokenRequest.Check(body))
    throw new OauthError('ERR_OAUTH_INVALID_REQUEST', 'The body is not a token request.')
  if (body.grant_type !== 'client_credentials')
    throw new OauthError('ERR_OAUTH_GRANT_TYPE', 'grant_type must be client_credentials.')
  const basic = basicCredentials(request.headers.authorization)
  const clientId = basic?.clientId ?? body.client_id
  const secret = basic?.secret ?? body.client_secret
  if (clientId === undefined || secret === undefined)
    throw new OauthError('ERR_OAUTH_INVALID_REQUEST', 'client_id and client_secret are required.')
  const key = `${request.ip} ${clientId}`
  if (failures.isExceeded(key))
    throw new OauthError('ERR_OAUTH_TOO_MANY_FAILURES', 'Too many failures, try again in a minute.')
  const client = clients.authenticate({ clientId, secret })
  if (client === undefined) {
    failures.add(key)
    throw new OauthError('ERR_OAUTH_CREDENTIALS', 'Unauthorized')
  }
  if (body.audience !== undefined && !audiences.map(withoutSlash).includes(withoutSlash(body.audience)))
    throw new OauthError('ERR_OAUTH_AUDIENCE', 'Client is not authorized to access this audience.')
  return { client, scope: body.scope }
}

/** A body that cannot be read is an invalid request here too; the rest is for the handler of all paths. */
function asOauthError(error: unknown): OauthError {
  if (error instanceof OauthError) return error
  if (codeOf(error) === 'ERR_POOL_BODY')
    return new OauthError('ERR_OAUTH_INVALID_REQUEST', 'The body is not a token request.')
  throw error
}

function refuse(
  error: OauthError,
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
): void {
  noteOf(request).reason = error
  const { status, error: name } = REFUSALS[error.code]
  reply.code(status).header('cache-control', 'no-store')
  reply.send({ error: name, error_description: error.message })
}

/** RFC 6749 §2.3.1: both parts are form-encoded before they are joined. */
function basicCredentials(header: string | undefined): { clientId: string; secret: string } | undefined {
  const [, encoded] = /^basic ([A-Za-z0-9+/=]+)$/i.exec(header ?? '') ?? []
  if (encoded === undefined) return undefined
  const [clientId = '', ...secret] = Buffer.from(encoded, 'base64').toString('utf8').split(':')
  return { clientId: formDecoded(clientId), secret: formDecoded(secret.join(':')) }
}

function formDecoded(text: string): string {
  return new URLSearchParams(`t=${text.replaceAll('&', '%26')}`).get('t') ?? ''
}

function withoutSlash(url: string): string {
  return url.replace(/\/$/, '')
}
