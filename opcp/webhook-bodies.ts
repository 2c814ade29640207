import { Type, type Static } from 'typebox'

const EventText = Type.String({ maxLength: 64 })
/** All there are fit several times. */
const EVENTS_MAX = 64

/**
 * To add or to change an endpoint. Adding needs events, under either name: the published schemas call the member
 * `enabledEvents`, the published examples `events`.
 */
export const EndpointRequest = Type.Object(
  {
    url: Type.String({ minLength: 1, maxLength: 2048 }),
    enabledEvents: Type.Optional(Type.Array(EventText, { minItems: 1, maxItems: EVENTS_MAX })),
    events: Type.Optional(Type.Array(EventText, { minItems: 1, maxItems: EVENTS_MAX })),
    apiVersion: Type.Optional(Type.String({ maxLength: 16 })),
    description: Type.Optional(Type.String({ maxLength: 1024 })),
    /** The caller's own; `signatureFormat` in it is read. */
    metadata: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    /** `enabled` or `disabled`. */
    status: Type.Optional(Type.String({ maxLength: 16 })),
    /** Only events of vehicles with these world manufacturer identifiers. */
    wmi: Type.Optional(Type.Array(Type.String({ maxLength: 3 }), { maxItems: 64 })),
  },
  {
    title: 'EndpointRequest',
    examples: [
      {
        enabledEvents: ['oem.contract.created', 'oem.contract.updated', 'oem.contract.deleted'],
        status: 'enabled',
        url: 'https://mywebhooks.com/payload',
      },
    ],
  },
)
export type EndpointRequest = Static<typeof EndpointRequest>

export const EndpointResponse = Type.Object(
  {
    id: Type.String(),
    apiVersion: Type.Literal('v1'),
    /** Seconds since 1970. */
    created: Type.Integer(),
    description: Type.Optional(Type.String()),
    enabledEvents: Type.Array(Type.String()),
    /** The same again. */
    events: Type.Array(Type.String()),
    metadata: Type.Record(Type.String(), Type.Unknown()),
    status: Type.Enum(['enabled', 'disabled']),
    url: Type.String(),
    /** Key of the signatures; absent in lists. */
    secret: Type.Optional(Type.String()),
    providerIds: Type.Array(Type.String()),
    wmis: Type.Array(Type.String()),
    userRole: Type.String(),
    userName: Type.String(),
  },
  { title: 'EndpointResponse' },
)
export type EndpointResponse = Static<typeof EndpointResponse>

/** How long the former secret signs, too; 0: it is compromised. */
export const RotateSecretRequest = Type.Object(
  { overlapSeconds: Type.Optional(Type.Integer({ minimum: 0, maximum: 604_800 })) },
  { title: 'RotateSecretRequest' },
)
export type RotateSecretRequest = Static<typeof RotateSecretRequest>

const DeadLetter = Type.Object(
  {
    eventId: Type.String({ format: 'uuid' }),
    eventType: Type.String(),
    /** RFC 3339, as is `lastAttemptAt`. */
    timestamp: Type.String({ format: 'date-time' }),
    attempts: Type.Integer({ minimum: 1 }),
    lastAttemptAt: Type.String({ format: 'date-time' }),
    /** Status of the last answer; absent when there was none. */
    lastStatus: Type.Optional(Type.Integer()),
    /** Why there was none. */
    lastError: Type.Optional(Type.String()),
  },
  { title: 'DeadLetter' },
)

/** Oldest first. */
export const DeadLetters = Type.Object({ deadLetters: Type.Array(DeadLetter) }, { title: 'DeadLetters' })
export type DeadLetters = Static<typeof DeadLetters>

/** Without `eventIds`, all dead letters of the endpoint. */
export const RedeliverRequest = Type.Object(
  { eventIds: Type.Optional(Type.Array(Type.String({ maxLength: 36 }), { minItems: 1, maxItems: 1_000 })) },
  { title: 'RedeliverRequest' },
)
export type RedeliverRequest = Static<typeof RedeliverRequest>

export const RedeliverResponse = Type.Object(
  { redelivered: Type.Integer({ minimum: 0 }) },
  { title: 'RedeliverResponse' },
)
export type RedeliverResponse = Static<typeof RedeliverResponse>
