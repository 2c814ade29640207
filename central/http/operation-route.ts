import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify'

import type { Operation, Reach, RouteDescription } from '#opcp'

import { PoolError } from '../pool-error.ts'
import { reachOf, type Actor, type Caller } from './caller.ts'
import { isKnown } from './entity-tag.ts'
import { noteOf, type RequestNote } from './server.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What the OpenAPI document tells of the route. */
    readonly description?: RouteDescription
    /** The answer holds a secret that is told once, and is kept nowhere. */
    readonly secretAnswer?: boolean
  }
}

/** A request whose caller may call the operation; what it may touch is for the handler to check against `reach`. */
export interface PoolRequest {
  readonly caller: Caller
  readonly actor: Actor
  readonly reach: Reach
  readonly body: unknown
  readonly parameter: (name: string) => string
  readonly query: (name: string) => string | undefined
  /** `true`, `false`, `1` or `0` in any case; anything else counts as absent. */
  readonly flag: (header: string) => boolean | undefined
  /** `undefined` when it is absent. */
  readonly header: (name: string) => string | undefined
  readonly note: RequestNote
}

export interface PoolAnswer {
  readonly status: number
  readonly body: object
  /** Entity tag, quoted: a reader that names it in If-None-Match gets 304 instead of the body. */
  readonly etag?: string
  /** Where to find what the request has made. */
  readonly location?: string
}

export interface Authentication {
  /** @throws {PoolError} ERR_POOL_UNAUTHENTICATED */
  verify(token: string): Promise<Caller>
}

const callers = new WeakMap<FastifyRequest, Caller>()

/** Who calls, once its token was verified; `undefined` where none is needed. */
export function callerOf(request: FastifyRequest): Caller | undefined {
  return callers.get(request)
}

/** Serves an operation under all its paths: token, scope and role are checked before the body is read. */
export function serveOperation(
  app: FastifyInstance,
  operation: Operation,
  {
    authentication,
    secretAnswer = false,
    handle,
  }: {
    readonly authentication: Authentication
    /** The answer holds a secret that is told once. */
    readonly secretAnswer?: boolean
    readonly handle: (request: PoolRequest) => Promise<PoolAnswer>
  },
): void {
  const reaches = new WeakMap<FastifyRequest, Reach>()
  const route: Omit<RouteOptions, 'url'> = {
    method: operation.method,
    config: { description: operation, secretAnswer },
    onRequest: async (request) => {
      const caller = await authentication.verify(bearerToken(request))
      noteOf(request).clientId = caller.clientId
      callers.set(request, caller)
      reaches.set(request, reachOf(caller, operation))
    },
    handler: async (request, reply) => {
      const [caller, reach] = [callers.get(request), reaches.get(request)]
      if (caller === undefined || reach === undefined)
        throw new TypeError('a handler runs after the access check')
      const { status, body, etag, location } = await handle({
        caller,
        actor: actorOf(caller, request),
        reach,
        body: request.body,
        parameter: (name) => textMember(request.params, name) ?? '',
        query: (name) => queryMember(request.query, name),
        flag: (header) => flagOf(request.headers[header.toLowerCase()]),
        header: (name) => textMember(request.headers, name.toLowerCase()),
        note: noteOf(request),
      })
      if (location !== undefined) reply.header('location', location)
      if (etag !== undefined) {
        reply.header('etag', etag)
        const isRead = operation.method === 'GET' || operation.method === 'HEAD'
        if (isRead && isKnown(etag, request.headers['if-none-match'])) return reply.code(304).send()
      }
      return reply.code(status).send(body)
    },
  }
  for (const url of [operation.path, ...(operation.aliases ?? [])]) app.route({ ...route, url })
}

/** Who does what is asked, as it is recorded. */
export function actorOf(
  {
    clientId,
    participantId,
    roles,
  }: Pick<Caller, 'clientId' | 'participantId'> & { readonly roles: Iterable<string> },
  request: FastifyRequest,
): Actor {
  return { clientId, participantId, roles: [...roles], sourceIp: request.ip, traceId: request.id }
}

/** @throws {PoolError} ERR_POOL_UNAUTHENTICATED */
export function bearerToken(request: FastifyRequest): string {
  const [scheme = '', token = ''] = (request.headers.authorization ?? '').split(' ')
  if (scheme.toLowerCase() === 'bearer' && token !== '') return token
  throw new PoolError('ERR_POOL_UNAUTHENTICATED', 'A bearer token is required.')
}

/** A member that narrows what is deleted must not count as absent because it comes twice. @throws {PoolError} ERR_POOL_FIELD */
function queryMember(query: unknown, name: string): string | undefined {
  if (Array.isArray(Object(query)[name]))
    throw new PoolError('ERR_POOL_FIELD', `${name} : must not be given more than once`)
  return textMember(query, name)
}

function textMember(members: unknown, name: string): string | undefined {
  if (typeof members !== 'object' || members === null) return undefined
  const value: unknown = Object.getOwnPropertyDescriptor(members, name)?.value
  return typeof value === 'string' ? value : undefined
}

function flagOf(header: string | readonly string[] | undefined): boolean | undefined {
  const text = typeof header === 'string' ? header.trim().toLowerCase() : ''
  if (text === 'true' || text === '1') return true
  return text === 'false' || text === '0' ? false : undefined
}
