import { Type, type Static } from 'typebox'

/** The body of every refusal of the pools. The texts are part of the wire: clients show and match them. */
export const ErrorBody = Type.Object(
  {
    errorMessages: Type.Array(Type.String(), { minItems: 1 }),
    /** UUID, also in the `X-Trace-Id` header: what to quote when asking the operator. */
    traceId: Type.String(),
  },
  {
    title: 'ErrorBody',
    examples: [
      {
        errorMessages: ['pcid : must match "^[a-zA-Z0-9]{17,18}$"'],
        traceId: '1c8c56cb-b71f-46a5-8788-5ddcedc88e2a',
      },
    ],
  },
)
export type ErrorBody = Static<typeof ErrorBody>

/** The body of a refusal of the token endpoint (RFC 6749 §5.2), which differs from {@link ErrorBody}. */
export const TokenErrorBody = Type.Object(
  {
    error: Type.String(),
    error_description: Type.Optional(Type.String()),
  },
  { title: 'TokenErrorBody' },
)
export type TokenErrorBody = Static<typeof TokenErrorBody>
