import { Type } from 'typebox'

import { EmptyBody } from './empty-body.ts'
import { SCOPES, type Operation } from './operation.ts'
import {
  DeadLetters,
  EndpointRequest,
  EndpointResponse,
  RedeliverRequest,
  RedeliverResponse,
  RotateSecretRequest,
} from './webhook-bodies.ts'

const ENDPOINTS_PATH = '/v1/webhook/endpoints'
const ENDPOINT_PATH = `${ENDPOINTS_PATH}/:id`

/** A participant's own endpoints, whatever its role: which events it may subscribe to depends on the role. */
const ACCESS = {
  scope: SCOPES.webhooks,
  // Tokens of today do not name the scope of webhooks.
  otherScopes: [SCOPES.rcp, SCOPES.pcp, SCOPES.cps, SCOPES.ccp, SCOPES.pki],
  roles: {
    ADMIN: 'own',
    OEM: 'own',
    CPO: 'own',
    MO_HUBJECT_PKI: 'own',
    MO_EXTERNAL_PKI: 'own',
    CPS: 'own',
  },
} as const

/** Where events are sent to. */
export const WEBHOOK_OPERATIONS = {
  createEndpoint: {
    method: 'POST',
    path: ENDPOINTS_PATH,
    ...ACCESS,
    summary: 'Adds an endpoint; the answer holds the secret that deliveries are signed with.',
    request: EndpointRequest,
    answers: { 201: EndpointResponse },
  },
  getEndpoints: {
    method: 'GET',
    path: ENDPOINTS_PATH,
    ...ACCESS,
    summary: "The caller's endpoints, without their secrets.",
    answers: { 200: Type.Array(EndpointResponse) },
  },
  getEndpoint: {
    method: 'GET',
    path: ENDPOINT_PATH,
    ...ACCESS,
    summary: 'One endpoint with its secret.',
    answers: { 200: EndpointResponse },
  },
  updateEndpoint: {
    method: 'PUT',
    path: ENDPOINT_PATH,
    ...ACCESS,
    summary: 'Changes an endpoint; members that are absent keep their value.',
    request: EndpointRequest,
    answers: { 200: EndpointResponse },
  },
  deleteEndpoint: {
    method: 'DELETE',
    path: ENDPOINT_PATH,
    ...ACCESS,
    summary: 'Deletes an endpoint.',
    answers: { 200: EmptyBody },
  },
  rotateEndpointSecret: {
    method: 'POST',
    path: `${ENDPOINT_PATH}/secret`,
    ...ACCESS,
    summary: 'Gives the endpoint a new secret; the old one signs, too, for a while.',
    request: RotateSecretRequest,
    answers: { 200: EndpointResponse },
  },
  getDeadLetters: {
    method: 'GET',
    path: `${ENDPOINT_PATH}/deadLetters`,
    ...ACCESS,
    summary: 'Events that could not be delivered.',
    answers: { 200: DeadLetters },
  },
  redeliver: {
    method: 'POST',
    path: `${ENDPOINT_PATH}/redeliver`,
    ...ACCESS,
    summary: 'Sends events again that could not be delivered, with the same ids and bodies.',
    request: RedeliverRequest,
    answers: { 200: RedeliverResponse },
  },
} as const satisfies Record<string, Operation>
