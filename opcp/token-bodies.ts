import { Type, type Static } from 'typebox'

/** `POST /oauth/token`, as JSON or form. Credentials may come by HTTP Basic instead; some clients omit `audience`. */
export const TokenRequest = Type.Object(
  {
    grant_type: Type.Optional(Type.String({ maxLength: 64 })),
    client_id: Type.Optional(Type.String({ maxLength: 256 })),
    client_secret: Type.Optional(Type.String({ maxLength: 512 })),
    audience: Type.Optional(Type.String({ maxLength: 512 })),
    scope: Type.Optional(Type.String({ maxLength: 512 })),
  },
  { title: 'TokenRequest' },
)
export type TokenRequest = Static<typeof TokenRequest>

export const TokenResponse = Type.Object(
  {
    access_token: Type.String({ minLength: 1 }),
    /** Seconds. */
    expires_in: Type.Number({ exclusiveMinimum: 0 }),
    token_type: Type.String(),
    scope: Type.Optional(Type.String()),
  },
  { title: 'TokenResponse' },
)
export type TokenResponse = Static<typeof TokenResponse>
