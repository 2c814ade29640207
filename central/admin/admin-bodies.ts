import { Type, type Static, type TProperties } from 'typebox'

import { ROLES } from '#opcp'

import { POOL_PERMISSIONS } from '../registry/client.ts'
import { IDENTIFIER_KINDS, type IdentifierKind } from '../registry/identifiers.ts'
import { PARTICIPANT_STATES } from '../registry/participant.ts'

/** A member that is not known is a mistake of the administrator, unlike in OPCP. */
const closed = { additionalProperties: false } as const

const LIST_MAX = 100
const Name = Type.String({ minLength: 1, maxLength: 256 })
/** Safe in a path, a log and a shell. */
const Id = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$' })
const Time = Type.String({ maxLength: 40, description: 'RFC 3339' })
/** The role ADMIN and its permission are named in the config file alone. */
const Roles = Type.Array(Type.Enum([...ROLES]), { minItems: 1, maxItems: ROLES.length, uniqueItems: true })
const Permissions = Type.Array(Type.Enum([...POOL_PERMISSIONS]), { minItems: 1, uniqueItems: true })
const idsOf = (kind: IdentifierKind) =>
  Type.Array(Type.String({ pattern: IDENTIFIER_KINDS[kind].pattern }), { maxItems: LIST_MAX })
const Nullable = <T extends ReturnType<typeof Type.String> | ReturnType<typeof idsOf>>(schema: T) =>
  Type.Union([schema, Type.Null()])

const PARTICIPANT = {
  name: Name,
  noticeAddress: Nullable(Type.String({ minLength: 1, maxLength: 320 })),
  roles: Roles,
  wmis: idsOf('wmi'),
  providerIds: idsOf('provider'),
  operatorIds: idsOf('operator'),
  parentId: Nullable(Id),
  state: Type.Enum([...PARTICIPANT_STATES]),
}

/** What changes; lists replace those of before, `null` takes away. */
export const ParticipantChanges = Type.Partial(Type.Object(PARTICIPANT), {
  ...closed,
  title: 'ParticipantChanges',
})

export const NewParticipant = Type.Object(
  { ...optional(PARTICIPANT), participantId: Id, name: Name, roles: Roles },
  { ...closed, title: 'NewParticipant' },
)

const CLIENT = {
  name: Name,
  person: Nullable(Name),
  roles: Roles,
  permissions: Permissions,
  wmis: Nullable(idsOf('wmi')),
  providerIds: Nullable(idsOf('provider')),
  operatorIds: Nullable(idsOf('operator')),
  notBefore: Nullable(Time),
  notAfter: Nullable(Time),
}

/** What changes; an identifier list of `null`: all that the participant has. */
export const ClientChanges = Type.Partial(Type.Object(CLIENT), { ...closed, title: 'ClientChanges' })

export const NewClient = Type.Object(
  {
    ...optional(CLIENT),
    participantId: Type.String({ maxLength: 256 }),
    clientId: Type.Optional(Id),
    roles: Roles,
  },
  { ...closed, title: 'NewClient' },
)

/** A week: long enough to bring a secret to every machine of a company. */
const OVERLAP_SECONDS_MAX = 604_800

export const NewSecretRequest = Type.Object(
  {
    overlapSeconds: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: OVERLAP_SECONDS_MAX,
        description:
          'how long the secret of before counts beside the new one; 0: it ends now, with its tokens',
      }),
    ),
  },
  { ...closed, title: 'NewSecretRequest' },
)

const Texts = Type.Array(Type.String())

export const ParticipantBody = Type.Object(
  {
    participantId: Type.String(),
    name: Type.String(),
    noticeAddress: Type.Optional(Type.String()),
    roles: Texts,
    wmis: Texts,
    providerIds: Texts,
    operatorIds: Texts,
    parentId: Type.Optional(Type.String()),
    state: Type.String(),
    source: Type.String(),
    createdAt: Type.String(),
  },
  { title: 'Participant' },
)
export type ParticipantBody = Static<typeof ParticipantBody>

export const ClientBody = Type.Object(
  {
    clientId: Type.String(),
    participantId: Type.String(),
    name: Type.String(),
    person: Type.Optional(Type.String()),
    roles: Texts,
    permissions: Texts,
    /** Absent: all that the participant has. */
    wmis: Type.Optional(Texts),
    providerIds: Type.Optional(Texts),
    operatorIds: Type.Optional(Texts),
    /** ACTIVE, ROTATING while two secrets count, REVOKED. */
    state: Type.String(),
    previousSecretUntil: Type.Optional(Type.String()),
    notBefore: Type.Optional(Type.String()),
    notAfter: Type.Optional(Type.String()),
    lastUsedAt: Type.Optional(Type.String()),
    source: Type.String(),
    createdAt: Type.String(),
  },
  { title: 'Client' },
)
export type ClientBody = Static<typeof ClientBody>

export const ParticipantAnswer = Type.Object({ participant: ParticipantBody })
export const ParticipantsAnswer = Type.Object({ participants: Type.Array(ParticipantBody) })
export const ClientAnswer = Type.Object({ client: ClientBody })
export const ClientsAnswer = Type.Object({ clients: Type.Array(ClientBody) })
/** The only place where a secret is ever told. */
export const ClientSecretAnswer = Type.Object({ client: ClientBody, clientSecret: Type.String() })

function optional<T extends TProperties>(members: T) {
  return Type.Partial(Type.Object(members)).properties
}
