import { isIP } from 'node:net'

import { Type, type Static } from 'typebox'

import { FilePath } from './file-path.ts'

/** `10.1.0.0/16`, `fd00::/8`. */
export const Network = Type.Refine(
  Type.String({ pattern: String.raw`^[0-9A-Fa-f.:]+/\d{1,3}$` }),
  isNetwork,
  () => 'must be a network, such as 10.1.0.0/16 or fd00::/8',
)

/** The section `revocation` of the programs that judge certificate paths. */
export const RevocationConfig = Type.Object(
  {
    policy: Type.Enum(['off', 'soft', 'hard'], {
      default: 'soft',
      description: 'revoked is refused by soft and hard, unknown by hard alone; off asks nobody',
    }),
    graceHours: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 87_600,
        description:
          'soft: how long a certificate passes after the last answer about it; default: without end',
      }),
    ),
    cacheDirectory: Type.Optional(
      FilePath({ description: 'where answers outlive a restart; default: in memory' }),
    ),
    timeoutMs: Type.Integer({
      minimum: 100,
      maximum: 30_000,
      default: 3_000,
      description: 'for one answer of a responder or a server of CRLs',
    }),
    addressesAllowed: Type.Array(Network, {
      maxItems: 100,
      default: [],
      description: 'networks that certificates may point to although they are not public (10.1.0.0/16)',
    }),
  },
  { additionalProperties: false, default: {} },
)
export type RevocationConfig = Static<typeof RevocationConfig>

function isNetwork(text: string): boolean {
  const [address = '', prefix] = text.split('/')
  const bits = { 0: 0, 4: 32, 6: 128 }[isIP(address)] ?? 0
  return bits > 0 && Number(prefix) <= bits
}
