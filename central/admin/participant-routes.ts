import type { FastifyInstance } from 'fastify'
import type { Static } from 'typebox'
import { Compile } from 'typebox/compile'

import { readBody } from '../http/json-body.ts'
import { serveOperation, type Authentication } from '../http/operation-route.ts'
import { NO_IDENTIFIERS } from '../registry/identifiers.ts'
import type { Participant } from '../registry/participant.ts'
import type { Participants, ParticipantTerms } from '../registry/participants.ts'
import { timestamp } from '../wire-text.ts'
import { NewParticipant, ParticipantChanges, type ParticipantBody } from './admin-bodies.ts'
import { ADMIN_OPERATIONS } from './admin-operations.ts'

const newParticipant = Compile(NewParticipant)
const participantChanges = Compile(ParticipantChanges)

/** `onChange` is called once something is different, before it is answered. */
export function serveParticipants(
  app: FastifyInstance,
  {
    participants,
    authentication,
    onChange,
  }: {
    readonly participants: Participants
    readonly authentication: Authentication
    readonly onChange: () => void
  },
): void {
  serveOperation(app, ADMIN_OPERATIONS.getParticipants, {
    authentication,
    handle: async () => {
      const all = await participants.list()
      return { status: 200, body: { participants: all.map(participantBody) } }
    },
  })
  serveOperation(app, ADMIN_OPERATIONS.getParticipant, {
    authentication,
    handle: async ({ parameter }) => {
      const participant = await participants.get(parameter('participantId'))
      return { status: 200, body: { participant: participantBody(participant) } }
    },
  })
  serveOperation(app, ADMIN_OPERATIONS.addParticipant, {
    authentication,
    handle: async ({ actor, body }) => {
      const { participantId, name, roles, ...rest } = readBody(body, newParticipant)
      const participant = await participants.add(
        participantId,
        {
          noticeAddress: undefined,
          parentId: undefined,
          state: 'ACTIVE',
          ...NO_IDENTIFIERS,
          name,
          roles,
          ...termsOf(rest),
        },
        actor,
      )
      return { status: 201, body: { participant: participantBody(participant) } }
    },
  })
  serveOperation(app, ADMIN_OPERATIONS.changeParticipant, {
    authentication,
    handle: async ({ actor, body, parameter }) => {
      const changes = termsOf(readBody(body, participantChanges))
      const participant = await participants.change(parameter('participantId'), changes, actor)
      onChange()
      return { status: 200, body: { participant: participantBody(participant) } }
    },
  })
}

function termsOf({
  noticeAddress,
  parentId,
  ...terms
}: Static<typeof ParticipantChanges>): Partial<ParticipantTerms> {
  return {
    ...terms,
    ...(noticeAddress !== undefined && { noticeAddress: noticeAddress ?? undefined }),
    ...(parentId !== undefined && { parentId: parentId ?? undefined }),
  }
}

function participantBody(participant: Participant): ParticipantBody {
  const { participantId, name, noticeAddress, roles, parentId, state, source } = participant
  return {
    participantId,
    name,
    ...(noticeAddress !== undefined && { noticeAddress }),
    roles: [...roles],
    wmis: [...participant.wmis],
    providerIds: [...participant.providerIds],
    operatorIds: [...participant.operatorIds],
    ...(parentId !== undefined && { parentId }),
    state,
    source,
    createdAt: timestamp(participant.createdAtMs),
  }
}
