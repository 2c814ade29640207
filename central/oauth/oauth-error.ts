import type { FastifyReply, FastifyRequest } from 'fastify'

import { CodedError, codeOf } from '#base'

import { noteOf } from '../http/server.ts'
import { TooOften } from '../http/too-often.ts'

/** RFC 6749 §5.2, with the words of the live service. */
const REFUSALS = {
  ERR_OAUTH_INVALID_REQUEST: { status: 400, error: 'invalid_request' },
  ERR_OAUTH_GRANT_TYPE: { status: 400, error: 'unsupported_grant_type' },
  ERR_OAUTH_SCOPE: { status: 400, error: 'invalid_scope' },
  ERR_OAUTH_CREDENTIALS: { status: 401, error: 'access_denied' },
  ERR_OAUTH_AUDIENCE: { status: 403, error: 'access_denied' },
  ERR_OAUTH_RATE: { status: 429, error: 'access_denied' },
} as const

/** A refusal of the token endpoint; its message goes out as `error_description`. */
export class OauthError extends CodedError<keyof typeof REFUSALS> {
  override name = 'OauthError'
}

/** Of what Fastify and the parsers refuse, that which is the body's fault. */
const UNREADABLE: readonly (string | undefined)[] = [
  'ERR_POOL_BODY',
  'FST_ERR_CTP_INVALID_MEDIA_TYPE',
  'FST_ERR_CTP_BODY_TOO_LARGE',
  'FST_ERR_CTP_INVALID_CONTENT_LENGTH',
]

/** Answers in the words of OAuth; what is no refusal of this endpoint is left to the handler of all paths. */
export function refuseToken(
  error: unknown,
  { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
): void {
  const refusal = asOauthError(error)
  noteOf(request).reason = refusal
  if (error instanceof TooOften) reply.header('retry-after', error.retryAfterSeconds)
  const { status, error: name } = REFUSALS[refusal.code]
  // RFC 6749 §5.2: who tried HTTP Basic is told that it is a scheme of this place.
  if (status === 401 && /^basic /i.test(request.headers.authorization ?? ''))
    reply.header('www-authenticate', 'Basic realm="token"')
  reply.code(status).header('cache-control', 'no-store')
  reply.send({ error: name, error_description: refusal.message })
}

function asOauthError(error: unknown): OauthError {
  if (error instanceof OauthError) return error
  if (error instanceof TooOften)
    return new OauthError('ERR_OAUTH_RATE', 'Too many requests, try again later.')
  if (UNREADABLE.includes(codeOf(error)))
    return new OauthError('ERR_OAUTH_INVALID_REQUEST', 'The body is not a token request.')
  throw error
}
