import { Type, type Static } from 'typebox'

import { FilePath, SecretSource } from '#service'

const closed = { additionalProperties: false } as const

/** More would be asked with each question for a vehicle that nobody knows. */
const PEERS_MAX = 8

const Peer = Type.Object(
  {
    url: Type.String({ pattern: '^https://', description: 'host prefix of its pools, without /v1' }),
    token: Type.Object(
      {
        url: Type.String({ pattern: '^https://', description: 'its OAuth2 token endpoint' }),
        clientId: Type.String({
          minLength: 1,
          maxLength: 256,
          description: 'our client there: of role CPO',
        }),
        secret: SecretSource,
        audience: Type.Optional(Type.String({ minLength: 1 })),
      },
      closed,
    ),
    certificateAuthoritiesFile: Type.Optional(
      FilePath({ description: 'PEM: CAs to trust for its TLS; default: those of Node' }),
    ),
  },
  closed,
)

/** Pools of other operators that are asked for contracts that are not here. */
export const PeerConfig = Type.Array(Peer, { default: [], maxItems: PEERS_MAX })
export type PeerConfig = Static<typeof PeerConfig>
