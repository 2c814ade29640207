import type { FastifyInstance } from 'fastify'
import { Compile } from 'typebox/compile'

import {
  EndpointRequest,
  OPERATIONS,
  RedeliverRequest,
  RotateSecretRequest,
  TOKEN_ROUTES,
  type DeadLetters,
  type EndpointResponse,
} from '#opcp'

import { readUuid } from '../fields.ts'
import { readBody } from '../http/json-body.ts'
import { serveOperation, type Authentication } from '../http/operation-route.ts'
import { timestamp } from '../wire-text.ts'
import type { Endpoint } from './endpoint.ts'
import type { DeadLetter } from './outbox-store.ts'
import type { WebhookEndpoints } from './webhook-endpoints.ts'
import type { WebhookKey } from './webhook-key.ts'

/** Where receivers find the key of `X-Operator-JWS`; tokens are signed with other keys, published elsewhere. */
const WEBHOOK_JWKS_PATH = '/.well-known/webhook-jwks.json'

const JWKS_ROUTE = {
  ...TOKEN_ROUTES.jwks,
  summary: 'The key that deliveries to webhook endpoints are signed with (RFC 7517).',
}

const endpointRequest = Compile(EndpointRequest)
const rotateSecretRequest = Compile(RotateSecretRequest)
const redeliverRequest = Compile(RedeliverRequest)

export function serveWebhooks(
  app: FastifyInstance,
  {
    endpoints,
    key,
    authentication,
  }: {
    readonly endpoints: WebhookEndpoints
    readonly key: WebhookKey
    readonly authentication: Authentication
  },
): void {
  app.get(WEBHOOK_JWKS_PATH, { config: { description: JWKS_ROUTE } }, async () => key.jwks)
  serveOperation(app, OPERATIONS.createEndpoint, {
    authentication,
    secretAnswer: true,
    handle: async ({ body, caller, actor }) => {
      const endpoint = await endpoints.create(readBody(body, endpointRequest), caller, actor)
      return { status: 201, body: wireOf(endpoint, endpoint.secrets.current) }
    },
  })
  serveOperation(app, OPERATIONS.getEndpoints, {
    authentication,
    handle: async ({ caller }) => ({
      status: 200,
      body: (await endpoints.list(caller)).map((endpoint) => wireOf(endpoint)),
    }),
  })
  serveOperation(app, OPERATIONS.getEndpoint, {
    authentication,
    handle: async ({ parameter, caller }) => {
      const endpoint = await endpoints.get(parameter('id'), caller)
      return { status: 200, body: wireOf(endpoint, endpoint.secrets.current) }
    },
  })
  serveOperation(app, OPERATIONS.updateEndpoint, {
    authentication,
    handle: async ({ parameter, body, caller, actor }) => ({
      status: 200,
      body: wireOf(await endpoints.change(parameter('id'), readBody(body, endpointRequest), caller, actor)),
    }),
  })
  serveOperation(app, OPERATIONS.deleteEndpoint, {
    authentication,
    handle: async ({ parameter, caller, actor }) => {
      await endpoints.delete(parameter('id'), caller, actor)
      return { status: 200, body: {} }
    },
  })
  serveOperation(app, OPERATIONS.rotateEndpointSecret, {
    authentication,
    secretAnswer: true,
    handle: async ({ parameter, body, caller, actor }) => {
      const { overlapSeconds } = readBody(body ?? {}, rotateSecretRequest)
      const overlapMs = overlapSeconds === undefined ? undefined : overlapSeconds * 1000
      const endpoint = await endpoints.rotateSecret(parameter('id'), { caller, by: actor }, overlapMs)
      return { status: 200, body: wireOf(endpoint, endpoint.secrets.current) }
    },
  })
  serveOperation(app, OPERATIONS.getDeadLetters, {
    authentication,
    handle: async ({ parameter, caller }) => ({
      status: 200,
      body: deadLettersOf(await endpoints.deadLetters(parameter('id'), caller)),
    }),
  })
  serveOperation(app, OPERATIONS.redeliver, {
    authentication,
    handle: async ({ parameter, body, caller }) => {
      const { eventIds } = readBody(body ?? {}, redeliverRequest)
      const ids = eventIds?.map((id) => readUuid(id, 'eventIds'))
      return { status: 200, body: { redelivered: await endpoints.redeliver(parameter('id'), caller, ids) } }
    },
  })
}

function wireOf(endpoint: Endpoint<unknown>, secret?: string): EndpointResponse {
  const { owner, description, enabledEvents } = endpoint
  return {
    id: endpoint.id,
    apiVersion: 'v1',
    created: Math.floor(endpoint.createdAtMs / 1000),
    ...(description !== undefined && { description }),
    enabledEvents: [...enabledEvents],
    events: [...enabledEvents],
    metadata: { ...endpoint.metadata },
    status: endpoint.status === 'ENABLED' ? 'enabled' : 'disabled',
    url: endpoint.url,
    ...(secret !== undefined && { secret }),
    providerIds: [...owner.providerIds],
    wmis: [...owner.wmis],
    userRole: [...new Set(owner.roles.map((role) => role.replace(/^MO_.*/, 'MO')))].join(','),
    userName: owner.name,
  }
}

function deadLettersOf(letters: readonly DeadLetter[]): DeadLetters {
  return {
    deadLetters: letters.map(({ eventId, eventType, occurredAtMs, attempts, lastAttempt }) => ({
      eventId,
      eventType,
      timestamp: timestamp(occurredAtMs),
      attempts,
      lastAttemptAt: timestamp(lastAttempt?.startedAtMs ?? occurredAtMs),
      ...(lastAttempt?.status !== undefined && { lastStatus: lastAttempt.status }),
      ...(lastAttempt?.error !== undefined && { lastError: lastAttempt.error }),
    })),
  }
}
