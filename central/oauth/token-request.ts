import type { FastifyRequest } from 'fastify'
import { Compile } from 'typebox/compile'

import { TokenRequest } from '#opcp'

import { OauthError } from './oauth-error.ts'

const tokenRequest = Compile(TokenRequest)

interface Credentials {
  readonly clientId: string
  readonly secret: string
}

/** What is asked of the token endpoint, by whichever spelling. */
export interface AskedToken extends Credentials {
  readonly audience: string | undefined
  /** Absent: all that the client may have. */
  readonly permissions: readonly string[] | undefined
}

/**
 * A form, as members. RFC 6749 §3.2: none may come twice.
 *
 * @throws {OauthError} ERR_OAUTH_INVALID_REQUEST
 */
export function readForm(text: string): unknown {
  const members = [...new URLSearchParams(text)]
  if (new Set(members.map(([name]) => name)).size !== members.length)
    throw new OauthError('ERR_OAUTH_INVALID_REQUEST', 'A parameter is given more than once.')
  return Object.fromEntries(members)
}

/** @throws {OauthError} ERR_OAUTH_INVALID_REQUEST, ERR_OAUTH_GRANT_TYPE */
export function readTokenRequest({ body, headers }: FastifyRequest): AskedToken {
  const members = withoutEmpty(body)
  if (!tokenRequest.Check(members) || members.grant_type === undefined)
    throw new OauthError('ERR_OAUTH_INVALID_REQUEST', 'The body is not a token request.')
  if (members.grant_type !== 'client_credentials')
    throw new OauthError('ERR_OAUTH_GRANT_TYPE', 'grant_type must be client_credentials.')
  const basic = basicCredentials(headers.authorization)
  const clientId = basic?.clientId ?? members.client_id
  const secret = basic?.secret ?? members.client_secret
  if (clientId === undefined || secret === undefined)
    throw new OauthError('ERR_OAUTH_INVALID_REQUEST', 'client_id and client_secret are required.')
  const { audience, scope } = members
  return { clientId, secret, audience, permissions: scope?.split(' ').filter((word) => word !== '') }
}

/** RFC 6749 §3.2: a parameter without a value counts as left out. */
function withoutEmpty(body: unknown): unknown {
  if (typeof body !== 'object' || body === null) return body
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== '' && value !== null))
}

/** RFC 6749 §2.3.1: both parts are form-encoded before they are joined. */
function basicCredentials(header: string | undefined): Credentials | undefined {
  const [, encoded] = /^basic ([A-Za-z0-9+/=]+)$/i.exec(header ?? '') ?? []
  if (encoded === undefined) return undefined
  const [clientId = '', ...secret] = Buffer.from(encoded, 'base64').toString('utf8').split(':')
  return { clientId: formDecoded(clientId), secret: formDecoded(secret.join(':')) }
}

function formDecoded(text: string): string {
  return new URLSearchParams(`t=${text.replaceAll('&', '%26')}`).get('t') ?? ''
}
