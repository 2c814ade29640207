import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Type, type Static } from 'typebox'

import type { Clock } from '#base'
import { OPERATIONS } from '#opcp'

import { callerOf } from './operation-route.ts'
import { RateLimit, sourceOf } from './rate-limit.ts'
import { TooOften } from './too-often.ts'

const limitPerMinute = (maximum: number, description: string) =>
  Type.Integer({ minimum: 0, default: maximum, description: `${description}; 0: no limit` })

/** How often something may be asked, per minute and process. */
export const RequestLimits = Type.Object(
  {
    requestsPerClient: limitPerMinute(60_000, 'requests of one client'),
    requestsPerSource: limitPerMinute(
      120_000,
      'requests from one address (IPv6: /64), with or without a token',
    ),
    lookupsPerClient: limitPerMinute(1_200, 'reads of a client that name a vehicle or contract'),
    missesPerClient: limitPerMinute(120, 'of these, those that found nothing the client may see'),
    tokensPerSource: limitPerMinute(600, 'token requests from one address'),
  },
  { additionalProperties: false, default: {} },
)
export type RequestLimits = Static<typeof RequestLimits>

/** Reads by which somebody could find out which vehicles and contracts there are. */
const LOOKUPS: ReadonlySet<unknown> = new Set([
  OPERATIONS.getProvCert,
  OPERATIONS.lookupVehicle,
  OPERATIONS.lookupContract,
])

/** Refuses with 429 what exceeds the limits: by source before the token is looked at, by client before the body is read. */
export function limitRequests(
  app: FastifyInstance,
  { limits, clock }: { readonly limits: RequestLimits; readonly clock: Clock },
): void {
  const limit = (maximum: number) => new NamedLimit({ clock, perMinute: maximum })
  const sources = limit(limits.requestsPerSource)
  const clients = limit(limits.requestsPerClient)
  const lookups = limit(limits.lookupsPerClient)
  const misses = limit(limits.missesPerClient)
  app.addHook('onRequest', async (request) => sources.count(sourceOf(request.ip)))
  app.addHook('preParsing', async (request) => {
    const clientId = callerOf(request)?.clientId
    if (clientId === undefined) return
    clients.count(clientId)
    if (!isLookup(request)) return
    lookups.count(clientId)
    misses.check(clientId)
  })
  app.addHook('onResponse', async (request, reply) => {
    const clientId = callerOf(request)?.clientId
    if (clientId !== undefined && isLookup(request) && [403, 404].includes(reply.statusCode))
      misses.add(clientId)
  })
}

/** A rate limit that may be switched off, and refuses. */
export class NamedLimit {
  readonly #limit: RateLimit | undefined

  /** `perMinute` 0: no limit. */
  constructor({ clock, perMinute }: { readonly clock: Clock; readonly perMinute: number }) {
    this.#limit = perMinute === 0 ? undefined : new RateLimit({ clock, perMinute })
  }

  /** @throws {TooOften} */
  check(key: string): void {
    if (this.#limit?.isExceeded(key) === true) throw new TooOften(this.#limit.secondsLeft(key))
  }

  add(key: string): void {
    this.#limit?.add(key)
  }

  /** @throws {TooOften} */
  count(key: string): void {
    this.check(key)
    this.add(key)
  }
}

function isLookup(request: FastifyRequest): boolean {
  return LOOKUPS.has(request.routeOptions.config.description)
}
