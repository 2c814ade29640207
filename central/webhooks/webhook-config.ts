import { Type, type Static } from 'typebox'

import { FilePath, Network } from '#service'

/** The section `webhooks` of central's config. */
export const WebhookConfig = Type.Object(
  {
    secretsKeyFile: Type.Optional(
      FilePath({
        description:
          'keys that the secrets of endpoints are encrypted with, base64 of 32 bytes in a line each: the first encrypts, all decrypt; made at the first start, mode 0600; default: beside the key of tokens',
      }),
    ),
    signatureKeyFile: Type.Optional(
      FilePath({
        description:
          'Ed25519 key that signs deliveries for receivers without a secret: PEM, made at the first start, mode 0600; default: beside the key of tokens',
      }),
    ),
    plainHttp: Type.Boolean({ default: false, description: 'endpoints may have addresses of http' }),
    addressesAllowed: Type.Array(Network, {
      maxItems: 100,
      default: [],
      description: 'networks that endpoints may be in although they are not public (10.1.0.0/16)',
    }),
    certificateAuthoritiesFile: Type.Optional(
      FilePath({ description: 'PEM: CAs of endpoints, instead of those that Node.js knows' }),
    ),
    timeoutMs: Type.Integer({
      minimum: 100,
      maximum: 60_000,
      default: 10_000,
      description: 'for one delivery',
    }),
    concurrency: Type.Integer({
      minimum: 1,
      maximum: 1_000,
      default: 64,
      description: 'endpoints served at the same time',
    }),
    suspendAfter: Type.Integer({
      minimum: 1,
      maximum: 10_000,
      default: 10,
      description: 'events in a row that could not be delivered suspend an endpoint',
    }),
  },
  { additionalProperties: false, default: {} },
)
export type WebhookConfig = Static<typeof WebhookConfig>
