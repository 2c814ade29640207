/** Headers and members of the query that several operations share, and the members of paths. */
import { Type } from 'typebox'

export const namespaceParameter = Type.String({
  maxLength: 64,
  description: 'Edition of ISO 15118 as the namespace of its messages; absent: ISO 15118-2.',
  examples: ['urn:iso:15118:2:2013:MsgDef'],
})

export const signatureAlgorithmParameter = Type.Enum(['secp256r1', 'secp521r1', 'ed448'], {
  description: 'Which certificate of the vehicle is meant. Not to be combined with xsdMsgDefNamespace.',
})

export const rootFingerprintParameter = Type.String({
  maxLength: 128,
  description: 'SHA-256 of the V2G root of the CPS in hexadecimal digits, or the id of that root in the RCP.',
})

export const broadcastHeader = Type.Boolean({
  default: false,
  description: 'true: the request is the copy of a peer pool, to be answered from own data alone.',
})

export const ifMatchHeader = Type.String({
  description: 'Entity tag of the version to be changed; another one is refused with 412.',
})

export const ifNoneMatchHeader = Type.String({
  description: 'Entity tag of the version at hand; the same one is answered with 304.',
})

/** What the members of paths hold; their names mean the same in every path. */
export const PATH_PARAMETERS = {
  pcid: Type.String({
    pattern: '^[a-zA-Z0-9]{17,64}$',
    description: 'Provisioning certificate id of a vehicle: 17 or 18 characters, up to 64 in ISO 15118-20.',
    examples: ['WMI123456712345678'],
  }),
  emaid: Type.String({
    minLength: 14,
    maxLength: 36,
    description: 'E-mobility account id of a contract, with or without hyphens, in any case.',
    examples: ['DEABCC12345678'],
  }),
  ca: Type.String({
    description: 'Kind of the CA: cpo, mo, oem, veh or cps, after a prefix of its own and a hyphen.',
  }),
  edition: Type.Enum(['ISO15118-2', 'ISO15118-20']),
  algorithm: Type.Enum(['secp256r1', 'secp521r1', 'ed448']),
  rootCertificateId: Type.String({ format: 'uuid', description: 'Id of a root in the RCP.' }),
} as const
