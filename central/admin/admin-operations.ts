import { Type } from 'typebox'

import type { Operation } from '#opcp'

import { ADMINISTRATION } from '../registry/client.ts'
import {
  ClientAnswer,
  ClientChanges,
  ClientsAnswer,
  ClientSecretAnswer,
  NewClient,
  NewParticipant,
  NewSecretRequest,
  ParticipantAnswer,
  ParticipantChanges,
  ParticipantsAnswer,
} from './admin-bodies.ts'

const ADMINISTRATORS = { scope: ADMINISTRATION, roles: { ADMIN: 'any' } } as const

/** What OPCP leaves to the operator of the pools: for administrators alone, and for none but those with the permission. */
export const ADMIN_OPERATIONS = {
  getParticipants: {
    method: 'GET',
    path: '/admin/v1/participants',
    summary: 'All participants.',
    answers: { 200: ParticipantsAnswer },
    ...ADMINISTRATORS,
  },
  getParticipant: {
    method: 'GET',
    path: '/admin/v1/participants/:participantId',
    summary: 'One participant.',
    answers: { 200: ParticipantAnswer },
    ...ADMINISTRATORS,
  },
  addParticipant: {
    method: 'POST',
    path: '/admin/v1/participants',
    summary: 'Adds a participant with its identifiers.',
    request: NewParticipant,
    answers: { 201: ParticipantAnswer },
    ...ADMINISTRATORS,
  },
  changeParticipant: {
    method: 'PATCH',
    path: '/admin/v1/participants/:participantId',
    summary: 'Changes a participant, its identifiers or its state.',
    request: ParticipantChanges,
    answers: { 200: ParticipantAnswer },
    ...ADMINISTRATORS,
  },
  getClients: {
    method: 'GET',
    path: '/admin/v1/clients',
    summary: 'All clients, or those of one participant.',
    query: { participantId: Type.String() },
    answers: { 200: ClientsAnswer },
    ...ADMINISTRATORS,
  },
  getClient: {
    method: 'GET',
    path: '/admin/v1/clients/:clientId',
    summary: 'One client.',
    answers: { 200: ClientAnswer },
    ...ADMINISTRATORS,
  },
  addClient: {
    method: 'POST',
    path: '/admin/v1/clients',
    summary: 'Adds a client of a participant and tells its secret, once.',
    request: NewClient,
    answers: { 201: ClientSecretAnswer },
    ...ADMINISTRATORS,
  },
  changeClient: {
    method: 'PATCH',
    path: '/admin/v1/clients/:clientId',
    summary: 'Changes the rights of a client.',
    request: ClientChanges,
    answers: { 200: ClientAnswer },
    ...ADMINISTRATORS,
  },
  rotateClientSecret: {
    method: 'POST',
    path: '/admin/v1/clients/:clientId/secret',
    summary: 'Makes another secret for a client and tells it, once.',
    request: NewSecretRequest,
    answers: { 200: ClientSecretAnswer },
    ...ADMINISTRATORS,
  },
  revokeClient: {
    method: 'DELETE',
    path: '/admin/v1/clients/:clientId',
    summary: 'Ends a client for ever.',
    answers: { 200: ClientAnswer },
    ...ADMINISTRATORS,
  },
} as const satisfies Record<string, Operation>
