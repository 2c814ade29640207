import type { IncomingMessage } from 'node:http'
import { Server } from 'node:https'

import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'

import { codeOf, messageOf, type Clock, type RandomBytes } from '#base'
import type { Logger } from '#service'

import { POOL_ERROR_STATUS, PoolError, RETRY_AFTER_SECONDS } from '../pool-error.ts'
import { CentralError } from '../start-error.ts'
import { StorageError } from '../storage/storage-error.ts'
import { parseJson } from './json-body.ts'
import { TooOften } from './too-often.ts'
import { refuseUnreadable } from './unreadable-request.ts'
import { uuidOf } from './uuid.ts'

/** The largest body, a CertificateInstallationReq of -20, has about 16 KB. */
const BODY_BYTES_MAX = 64 * 1024
const HEADER_BYTES_MAX = 16 * 1024
/** What the paths of 2018 began with; some clients of then are still in use (opcp-digest §4). */
const FIRST_GENERATION_PREFIX = /^\/HubjectWS\/webresources(?=\/v1\/)/
/** The longest identifier in a path is a UUID or a PCID of 64 characters. */
const PATH_PARAMETER_LENGTH_MAX = 128
/** For the TLS handshake, and for a whole request to arrive: a slow sender does not hold a connection. */
const REQUEST_TIMEOUT_MS = 10_000
/** Longer than the idle time of the usual load balancers (60 s), so that they close first. */
const KEEP_ALIVE_TIMEOUT_MS = 72_000
const CONNECTIONS_MAX = 10_000
const TLS_VERSION_MIN = 'TLSv1.2'

/** PEM. */
export interface TlsCredentials {
  /** Of the server, then its sub CAs. */
  readonly certificate: string
  readonly privateKey: string
}

export interface ServerOptions {
  readonly tls: TlsCredentials
  readonly logger: Logger
  readonly clock: Clock
  readonly random: RandomBytes
  /** Default: 10 s. */
  readonly requestTimeoutMs?: number
}

/** What the log line of a request says beside its route and status. */
export interface RequestNote {
  clientId?: string
  /** As whom somebody asks for a token who has not shown to be it. */
  claimedClientId?: string
  /** Of a refusal, or of a negative answer. */
  reason?: { readonly code: string; readonly message: string }
}

const notes = new WeakMap<FastifyRequest, RequestNote>()

/** The note of a request, to be filled in by whoever learns something. */
export function noteOf(request: FastifyRequest): RequestNote {
  const note = notes.get(request) ?? {}
  notes.set(request, note)
  return note
}

/** Notes why a request is refused, or gets less than it asked for. */
export function noteReason(request: FastifyRequest, error: unknown): void {
  const code = asPoolError(error)?.code ?? codeOf(error) ?? 'ERR_POOL_INTERNAL'
  noteOf(request).reason = { code, message: reasonOf(error) }
}

/**
 * An HTTPS server that speaks OPCP's conventions: JSON within limits, a trace id on every answer, every refusal an
 * error body, one log line per request without headers, query or identifiers.
 */
export function createHttpsServer({
  tls,
  logger,
  clock,
  random,
  requestTimeoutMs = REQUEST_TIMEOUT_MS,
}: ServerOptions): FastifyInstance {
  const app = fastify({
    https: {
      key: tls.privateKey,
      cert: tls.certificate,
      minVersion: TLS_VERSION_MIN,
      // Asked for, so that a station can renew its certificate with the one it has. Which ones count, and for what, is
      // for that route to decide: everybody else comes without one, or with one nobody looks at.
      requestCert: true,
      rejectUnauthorized: false,
      maxHeaderSize: HEADER_BYTES_MAX,
      handshakeTimeout: requestTimeoutMs,
      // Node takes the longer of the two for bodies, so that Fastify's requestTimeout alone would leave them a minute.
      headersTimeout: requestTimeoutMs,
      // Node looks for requests that are overdue only this often; its own interval is three times our timeout.
      connectionsCheckingInterval: Math.ceil(requestTimeoutMs / 4),
    },
    logger: false,
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: PATH_PARAMETER_LENGTH_MAX },
    rewriteUrl: ({ url = '/' }) => url.replace(FIRST_GENERATION_PREFIX, ''),
    genReqId: () => uuidOf(random),
    frameworkErrors: (error, request, reply) => refuse(error, { request, reply, logger }),
    clientErrorHandler: (error, socket) => refuseUnreadable(error, { socket, logger, random }),
  })
  app.server.maxConnections = CONNECTIONS_MAX
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'string' },
    // Some clients name the type of a body that they do not send.
    async (_: FastifyRequest, text: string) => (text === '' ? undefined : parseJson(text)),
  )
  app.setErrorHandler((error, request, reply) => refuse(error, { request, reply, logger }))
  app.setNotFoundHandler((request, reply) =>
    refuse(new PoolError('ERR_POOL_UNKNOWN_PATH', 'Unknown path or method.'), { request, reply, logger }),
  )
  logRequests(app, { logger, clock })
  endConnectionsOnClose(app)
  app.addHook('onRequest', async ({ raw }) => requireDistinctHeaders(raw))
  return app
}

/** Node takes the first of two and drops the other, a proxy on the way may have looked at that one. @throws {PoolError} ERR_POOL_FIELD */
function requireDistinctHeaders({ headersDistinct }: IncomingMessage): void {
  for (const name of ['host', 'authorization', 'content-type'])
    if ((headersDistinct[name] ?? []).length > 1)
      throw new PoolError('ERR_POOL_FIELD', `The header ${name} is given more than once.`)
}

/**
 * Whether {@link replaceTls} would reach every connection to come.
 *
 * @throws {CentralError} ERR_CENTRAL_TLS when the server listens on several addresses, as on those of `localhost`: Fastify
 * keeps the servers of all but the first to itself
 */
export function requireReplaceableTls(app: FastifyInstance): void {
  if (app.addresses().length === 1) return
  throw new CentralError('ERR_CENTRAL_TLS', 'a server on several addresses takes a certificate at its start')
}

/** Takes another certificate and key, which belong together, for the connections to come; those there are go on with theirs. */
export function replaceTls(app: FastifyInstance, { certificate, privateKey }: TlsCredentials): void {
  if (!(app.server instanceof Server)) throw new TypeError('the server speaks TLS')
  app.server.setSecureContext({ key: privateKey, cert: certificate, minVersion: TLS_VERSION_MIN })
}

/** Idle connections end by themselves; one with a request under way would be kept alive after its answer, and the server with it. */
function endConnectionsOnClose(app: FastifyInstance): void {
  let closing = false
  app.addHook('preClose', (done) => {
    closing = true
    done()
  })
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (closing) reply.header('connection', 'close')
    done()
  })
}

function logRequests(app: FastifyInstance, { logger, clock }: { logger: Logger; clock: Clock }): void {
  const startedAtMs = new WeakMap<FastifyRequest, number>()
  app.addHook('onRequest', (request, reply, done) => {
    startedAtMs.set(request, clock())
    reply.header('x-trace-id', request.id)
    done()
  })
  app.addHook('onRequestAbort', (request, done) => {
    logger.info(
      { traceId: request.id, route: request.routeOptions.url ?? null },
      'request given up by its sender',
    )
    done()
  })
  app.addHook('onResponse', (request, reply, done) => {
    const { clientId, reason } = noteOf(request)
    logger.info(
      {
        traceId: request.id,
        method: request.method,
        route: request.routeOptions.url ?? null,
        status: reply.statusCode,
        durationMs: clock() - (startedAtMs.get(request) ?? clock()),
        ...(clientId !== undefined && { clientId }),
        ...(reason !== undefined && { code: reason.code, reason: reason.message }),
      },
      reason === undefined ? 'request answered' : 'request refused',
    )
    done()
  })
}

interface Exchange {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly logger: Logger
}

/** The one place where what was thrown becomes an answer; the unexpected goes out without detail and is logged in full. */
function refuse(error: unknown, { request, reply, logger }: Exchange): void {
  const refusal = asPoolError(error)
  if (refusal === undefined) logger.error({ traceId: request.id, err: error }, 'request failed unexpectedly')
  const status = refusal === undefined ? 500 : POOL_ERROR_STATUS[refusal.code]
  const message = refusal?.message ?? 'Internal error.'
  noteReason(request, error)
  const retryAfter = retryAfterOf(refusal)
  if (retryAfter !== undefined) reply.header('retry-after', retryAfter)
  if (status === 401) reply.header('www-authenticate', 'Bearer error="invalid_token"')
  reply
    .code(status)
    .header('x-trace-id', request.id)
    .send({ errorMessages: [message], traceId: request.id })
}

function retryAfterOf(refusal: PoolError | undefined): number | undefined {
  if (refusal instanceof TooOften) return refusal.retryAfterSeconds
  return refusal && RETRY_AFTER_SECONDS[refusal.code]
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  return cause === undefined ? messageOf(error) : `${messageOf(error)} (${messageOf(cause)})`
}

/** Fastify's own refusals in our codes and words. */
const FASTIFY_REFUSALS: ReadonlyMap<string | undefined, PoolError> = new Map([
  [
    'FST_ERR_CTP_BODY_TOO_LARGE',
    new PoolError('ERR_POOL_BODY_TOO_LARGE', `The body exceeds ${BODY_BYTES_MAX} bytes.`),
  ],
  [
    'FST_ERR_CTP_INVALID_MEDIA_TYPE',
    new PoolError('ERR_POOL_MEDIA_TYPE', 'The body must be application/json.'),
  ],
  [
    'FST_ERR_CTP_INVALID_CONTENT_LENGTH',
    new PoolError('ERR_POOL_BODY', 'The body is not as long as announced.'),
  ],
  ['FST_ERR_BAD_URL', new PoolError('ERR_POOL_FIELD', 'The path is not a valid one.')],
  ['FST_ERR_MAX_PARAM_LENGTH', new PoolError('ERR_POOL_FIELD', 'The path is not a valid one.')],
])

/** Whatever else Fastify blames on the client: an upload that breaks off, say. */
const UNREADABLE = new PoolError('ERR_POOL_BODY', 'The request cannot be read.')

/** `undefined` for what is no refusal but a fault of ours. */
function asPoolError(error: unknown): PoolError | undefined {
  if (error instanceof PoolError) return error
  if (error instanceof StorageError)
    return new PoolError('ERR_POOL_UNAVAILABLE', 'The service is not available at present.', { cause: error })
  const refusal = FASTIFY_REFUSALS.get(codeOf(error))
  if (refusal !== undefined) return refusal
  return error instanceof Error && 'statusCode' in error && Number(error.statusCode) < 500
    ? UNREADABLE
    : undefined
}
