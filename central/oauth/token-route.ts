import type { FastifyInstance, FastifyRequest } from 'fastify'

import type { Clock } from '#base'
import { JWKS_PATH, OPENID_PATH, TOKEN_PATH, TOKEN_ROUTES } from '#opcp'

import { sourceOf } from '../http/rate-limit.ts'
import { NamedLimit } from '../http/request-limits.ts'
import { noteOf } from '../http/server.ts'
import type { ClientDirectory } from '../registry/client-directory.ts'
import { PERMISSIONS, type ClientAccess } from '../registry/client.ts'
import { OauthError, refuseToken } from './oauth-error.ts'
import type { TokenAuthority } from './token-authority.ts'
import type { TokenKey } from './token-key.ts'
import { readForm, readTokenRequest, type AskedToken } from './token-request.ts'

/** Guesses at a secret of 256 bits are hopeless anyway; this keeps them from costing anything. */
const FAILURES_PER_MINUTE_MAX = 20

export interface TokenRouteOptions {
  readonly clients: ClientDirectory
  readonly authority: TokenAuthority
  readonly key: TokenKey
  /** The claim iss, and what the addresses begin with that are published. */
  readonly issuer: string
  /** The stage's own audience and its aliases; compared without a slash at the end. */
  readonly audiences: readonly string[]
  /** Requests for tokens from one address in a minute; 0: no limit. */
  readonly perSourceMax: number
  readonly clock: Clock
}

/** `POST /oauth/token` (client credentials by JSON, form or HTTP Basic), the published keys, and where all that is. */
export function serveTokens(app: FastifyInstance, options: TokenRouteOptions): void {
  const { clock, authority, key, perSourceMax } = options
  const requests = new NamedLimit({ clock, perMinute: perSourceMax })
  const failures = new NamedLimit({ clock, perMinute: FAILURES_PER_MINUTE_MAX })
  // Of its own scope: nothing but this path takes forms or refuses in the words of OAuth.
  void app.register(async (scope) => {
    scope.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string' },
      async (_: FastifyRequest, text: string) => readForm(text),
    )
    scope.setErrorHandler((error, request, reply) => refuseToken(error, { request, reply }))
    scope.post(TOKEN_PATH, { config: { description: TOKEN_ROUTES.token } }, async (request, reply) => {
      reply.header('cache-control', 'no-store')
      requests.count(sourceOf(request.ip))
      const asked = readTokenRequest(request)
      noteOf(request).claimedClientId = asked.clientId
      const client = await admit(asked, { ...options, failures, source: sourceOf(request.ip) })
      noteOf(request).clientId = client.clientId
      return await authority.issue(client, asked.permissions)
    })
  })
  app.get(JWKS_PATH, { config: { description: TOKEN_ROUTES.jwks } }, async () => key.jwks)
  const configuration = openidConfiguration(options)
  app.get(OPENID_PATH, { config: { description: TOKEN_ROUTES.openid } }, async () => configuration)
}

async function admit(
  { clientId, secret, audience, permissions }: AskedToken,
  {
    clients,
    audiences,
    failures,
    source,
  }: TokenRouteOptions & { readonly failures: NamedLimit; readonly source: string },
): Promise<ClientAccess> {
  const key = `${source} ${clientId}`
  failures.check(key)
  const client = await clients.authenticate({ clientId, secret })
  if (client === undefined) {
    failures.add(key)
    throw new OauthError('ERR_OAUTH_CREDENTIALS', 'Unauthorized')
  }
  if (audience !== undefined && !audiences.map(withoutSlash).includes(withoutSlash(audience)))
    throw new OauthError('ERR_OAUTH_AUDIENCE', 'Client is not authorized to access this audience.')
  if (permissions !== undefined && !client.permissions.some((each) => permissions.includes(each)))
    throw new OauthError('ERR_OAUTH_SCOPE', 'The client has none of the requested scopes.')
  return client
}

/** OpenID Connect Discovery 1.0 §3, as far as it is about machines: so that another pool can verify our tokens. */
function openidConfiguration({ issuer, key }: TokenRouteOptions): object {
  const at = (path: string): string => withoutSlash(issuer) + path
  return {
    issuer,
    token_endpoint: at(TOKEN_PATH),
    jwks_uri: at(JWKS_PATH),
    grant_types_supported: ['client_credentials'],
    response_types_supported: [],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: key.jwks.keys.map(({ alg }) => alg),
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    scopes_supported: PERMISSIONS,
  }
}

function withoutSlash(url: string): string {
  return url.replace(/\/$/, '')
}
