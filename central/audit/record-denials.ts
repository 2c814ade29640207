import type { FastifyInstance, FastifyRequest } from 'fastify'

import type { Actor } from '../http/caller.ts'
import { actorOf, callerOf } from '../http/operation-route.ts'
import { noteOf } from '../http/server.ts'
import type { ClientDirectory } from '../registry/client-directory.ts'
import type { Denials } from './denials.ts'

/** Who is not known, may not, comes into conflict with another, or asks too often. */
const DENIED: ReadonlySet<number> = new Set([401, 403, 409, 429])

/** Records what is denied to clients that are known, by their token or by the name under which they ask for one. */
export function recordDenials(
  app: FastifyInstance,
  {
    denials,
    clients,
  }: { readonly denials: Pick<Denials, 'add'>; readonly clients: Pick<ClientDirectory, 'current'> },
): void {
  app.addHook('onResponse', async (request, reply) => {
    if (!DENIED.has(reply.statusCode)) return
    const by = await knownActorOf(request, clients)
    if (by === undefined) return
    const operation = `${request.method} ${request.routeOptions.url ?? ''}`
    denials.add({ operation, by, rule: noteOf(request).reason?.code ?? `HTTP ${reply.statusCode}` })
  })
}

/** The answer is out already: how long this takes tells nobody which names there are. */
async function knownActorOf(
  request: FastifyRequest,
  clients: Pick<ClientDirectory, 'current'>,
): Promise<Actor | undefined> {
  const caller = callerOf(request)
  if (caller !== undefined) return actorOf(caller, request)
  const { claimedClientId } = noteOf(request)
  if (claimedClientId === undefined) return undefined
  const client = await clients.current(claimedClientId)
  return client && actorOf({ ...client, clientId: claimedClientId }, request)
}
