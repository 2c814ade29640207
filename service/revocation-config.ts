import { isIP } from 'node:net'

import { Type, type TOptional } from 'typebox'

import { FilePath } from './file-path.ts'

/** `10.1.0.0/16`, `fd00::/8`. */
export const Network = Type.Refine(
  Type.String({ pattern: String.raw`^[0-9A-Fa-f.:]+/\d{1,3}$` }),
  isNetwork,
  () => 'must be a network, such as 10.1.0.0/16 or fd00::/8',
)

const closed = { additionalProperties: false } as const

const POLICIES = ['off', 'soft', 'hard'] as const
const POLICY = {
  description: 'revoked is refused by soft and hard, unknown by hard alone; off asks nobody',
} as const

const graceHours = Type.Optional(
  Type.Number({
    minimum: 0,
    maximum: 87_600,
    description: 'soft: how long a certificate passes after the last answer about it; default: without end',
  }),
)

const UsePolicy = Type.Object({ policy: Type.Enum(POLICIES, POLICY), graceHours }, closed)

/** What is decided for one use of certificates, in place of the whole default. */
export const RevocationUse: TOptional<typeof UsePolicy> = Type.Optional(UsePolicy)

/** The section `revocation` of a program; `uses` are those of the certificate paths that it judges. */
export const revocationConfig = <Uses extends Readonly<Record<string, typeof RevocationUse>>>(uses: Uses) =>
  Type.Object(
    {
      policy: Type.Enum(POLICIES, { default: 'soft', ...POLICY }),
      graceHours,
      perUse: Type.Optional(
        Type.Object(uses, { ...closed, description: 'other policies for certain uses of certificates' }),
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
    { ...closed, default: {} },
  )

function isNetwork(text: string): boolean {
  const [address = '', prefix] = text.split('/')
  const bits = { 0: 0, 4: 32, 6: 128 }[isIP(address)] ?? 0
  return bits > 0 && Number(prefix) <= bits
}
