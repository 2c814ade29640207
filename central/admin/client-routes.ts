import type { FastifyInstance } from 'fastify'
import type { Static } from 'typebox'
import { Compile } from 'typebox/compile'

import type { Clock } from '#base'

import { readTimestamp } from '../fields.ts'
import { readBody } from '../http/json-body.ts'
import { serveOperation, type Authentication } from '../http/operation-route.ts'
import { PoolError } from '../pool-error.ts'
import { POOL_PERMISSIONS, type RegisteredClient } from '../registry/client.ts'
import type { Clients, ClientTerms } from '../registry/clients.ts'
import type { Identifiers } from '../registry/identifiers.ts'
import { timestamp } from '../wire-text.ts'
import { ClientChanges, NewClient, NewSecretRequest, type ClientBody } from './admin-bodies.ts'
import { ADMIN_OPERATIONS } from './admin-operations.ts'

const newClient = Compile(NewClient)
const clientChanges = Compile(ClientChanges)
const newSecretRequest = Compile(NewSecretRequest)

/** For the machines of a client to get the new secret. */
const OVERLAP_SECONDS = 86_400

export interface ClientRoutesParts {
  readonly clients: Clients
  readonly authentication: Authentication
  readonly clock: Clock
  /** Called once something is different, before it is answered. */
  readonly onChange: () => void
}

export function serveClients(app: FastifyInstance, parts: ClientRoutesParts): void {
  const { clients, authentication, clock, onChange } = parts
  const bodyOf = (client: RegisteredClient): ClientBody => clientBody(client, clock())
  serveOperation(app, ADMIN_OPERATIONS.getClients, {
    authentication,
    handle: async ({ query }) => {
      const all = await clients.list(query('participantId'))
      return { status: 200, body: { clients: all.map(bodyOf) } }
    },
  })
  serveOperation(app, ADMIN_OPERATIONS.getClient, {
    authentication,
    handle: async ({ parameter }) => ({
      status: 200,
      body: { client: bodyOf(await clients.get(parameter('clientId'))) },
    }),
  })
  serveOperation(app, ADMIN_OPERATIONS.changeClient, {
    authentication,
    handle: async ({ actor, body, parameter }) => {
      const clientId = parameter('clientId')
      const changes = readBody(body, clientChanges)
      const { limitedTo } = await clients.get(clientId)
      const client = await clients.change(clientId, termsOf(changes, limitedTo), actor)
      onChange()
      return { status: 200, body: { client: bodyOf(client) } }
    },
  })
  serveOperation(app, ADMIN_OPERATIONS.revokeClient, {
    authentication,
    handle: async ({ actor, parameter }) => {
      const client = await clients.revoke(parameter('clientId'), actor)
      onChange()
      return { status: 200, body: { client: bodyOf(client) } }
    },
  })
  serveSecrets(app, parts)
}

function serveSecrets(
  app: FastifyInstance,
  { clients, authentication, clock, onChange }: ClientRoutesParts,
): void {
  serveOperation(app, ADMIN_OPERATIONS.addClient, {
    authentication,
    secretAnswer: true,
    handle: async ({ actor, body }) => {
      const { clientId, participantId, roles, ...rest } = readBody(body, newClient)
      const { client, secret } = await clients.create(
        {
          name: '',
          person: undefined,
          permissions: POOL_PERMISSIONS,
          limitedTo: {},
          notBeforeMs: undefined,
          notAfterMs: undefined,
          ...termsOf(rest, {}),
          roles,
          participantId,
          clientId,
        },
        actor,
      )
      return { status: 201, body: { client: clientBody(client, clock()), clientSecret: secret } }
    },
  })
  serveOperation(app, ADMIN_OPERATIONS.rotateClientSecret, {
    authentication,
    secretAnswer: true,
    handle: async ({ actor, body, parameter }) => {
      const { overlapSeconds = OVERLAP_SECONDS } = readBody(body ?? {}, newSecretRequest)
      const { client, secret } = await clients.rotate(parameter('clientId'), overlapSeconds * 1_000, actor)
      onChange()
      return { status: 200, body: { client: clientBody(client, clock()), clientSecret: secret } }
    },
  })
}

/** @throws {PoolError} ERR_POOL_FIELD */
function termsOf(
  changes: Static<typeof ClientChanges>,
  limitedTo: Partial<Identifiers>,
): Partial<ClientTerms> {
  const { wmis, providerIds, operatorIds, notBefore, notAfter, person, ...terms } = changes
  return {
    ...terms,
    ...(person !== undefined && { person: person ?? undefined }),
    ...(notBefore !== undefined && { notBeforeMs: timeOf('notBefore', notBefore) }),
    ...(notAfter !== undefined && { notAfterMs: timeOf('notAfter', notAfter) }),
    limitedTo: {
      ...limitOf('wmis', wmis, limitedTo),
      ...limitOf('providerIds', providerIds, limitedTo),
      ...limitOf('operatorIds', operatorIds, limitedTo),
    },
  }
}

/** `null` takes the limit away, nothing leaves that of before. */
function limitOf(
  member: keyof Identifiers,
  changed: readonly string[] | null | undefined,
  before: Partial<Identifiers>,
): Partial<Identifiers> {
  const limit = changed === undefined ? before[member] : (changed ?? undefined)
  return limit === undefined ? {} : { [member]: limit }
}

function timeOf(field: string, text: string | null): number | undefined {
  if (text === null) return undefined
  const timeMs = readTimestamp(text)
  if (timeMs === undefined) throw new PoolError('ERR_POOL_FIELD', `${field} : must be a time of RFC 3339`)
  return timeMs
}

function clientBody(client: RegisteredClient, nowMs: number): ClientBody {
  const { clientId, participantId, name, person, roles, permissions, limitedTo, source } = client
  const previous = client.secret?.previous
  const isRotating = client.state === 'ACTIVE' && previous !== undefined && nowMs < previous.untilMs
  return {
    clientId,
    participantId,
    name,
    ...(person !== undefined && { person }),
    roles: [...roles],
    permissions: [...permissions],
    ...(limitedTo.wmis !== undefined && { wmis: [...limitedTo.wmis] }),
    ...(limitedTo.providerIds !== undefined && { providerIds: [...limitedTo.providerIds] }),
    ...(limitedTo.operatorIds !== undefined && { operatorIds: [...limitedTo.operatorIds] }),
    state: isRotating ? 'ROTATING' : client.state,
    ...(isRotating && { previousSecretUntil: timestamp(previous.untilMs) }),
    ...timeMember('notBefore', client.notBeforeMs),
    ...timeMember('notAfter', client.notAfterMs),
    ...timeMember('lastUsedAt', client.lastUsedAtMs),
    source,
    createdAt: timestamp(client.createdAtMs),
  }
}

function timeMember(name: string, timeMs: number | undefined): Readonly<Record<string, string>> {
  return timeMs === undefined ? {} : { [name]: timestamp(timeMs) }
}
