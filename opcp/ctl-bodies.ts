import { Type, type Static } from 'typebox'

/** One root and what the list says of it. */
const CtlEntry = Type.Object(
  {
    /** SHA-256 of the DER, lower-case hex. */
    fingerprint: Type.String(),
    /** Base64 of DER. */
    certificate: Type.String(),
    rootTypes: Type.Array(Type.Enum(['MO', 'V2G', 'OEM'])),
    /** ISO 15118-2, ISO 15118-20. */
    isoVersions: Type.Array(Type.String()),
    algorithms: Type.Array(Type.String()),
    policyOids: Type.Optional(Type.Array(Type.String())),
    status: Type.Enum(['trusted', 'suspended', 'distrustNewAfter', 'removed']),
    /** RFC 3339, as is `distrustAfter`. */
    since: Type.String(),
    distrustAfter: Type.Optional(Type.String()),
    successorFingerprint: Type.Optional(Type.String()),
    crossCertificates: Type.Optional(Type.Array(Type.String())),
    ocsp: Type.Optional(Type.String()),
    crl: Type.Optional(Type.String()),
    /** Base URLs of the pools that serve what is below this root. */
    pools: Type.Optional(
      Type.Object({
        pcp: Type.Optional(Type.String()),
        ccp: Type.Optional(Type.String()),
        cps: Type.Optional(Type.String()),
        pki: Type.Optional(Type.String()),
      }),
    ),
    contact: Type.Optional(Type.String()),
  },
  { title: 'CtlEntry' },
)
export type CtlEntry = Static<typeof CtlEntry>

/** OPCP leaves the content open; this is ours. Lists are numbered without gaps and name the hash of the one before. */
export const CertificateTrustList = Type.Object(
  {
    formatVersion: Type.Literal(1),
    issuer: Type.String(),
    sequence: Type.Integer({ minimum: 1 }),
    /** RFC 3339, as is `nextUpdate`. */
    thisUpdate: Type.String(),
    nextUpdate: Type.String(),
    /** SHA-256 in hex of the canonical JSON of the previous list; absent in the first. */
    previousHash: Type.Optional(Type.String()),
    policies: Type.Array(Type.String()),
    entries: Type.Array(CtlEntry),
    /** Detached JWS over the canonical JSON of the list without this member. */
    jws: Type.Optional(Type.String()),
  },
  { title: 'CertificateTrustList' },
)
export type CertificateTrustList = Static<typeof CertificateTrustList>

export const CtlResponse = Type.Object(
  {
    /** Base64 of DER. */
    signerCertificate: Type.String(),
    /** RFC 3339. */
    timeStamp: Type.String(),
    CTL: CertificateTrustList,
  },
  { title: 'CtlResponse' },
)
export type CtlResponse = Static<typeof CtlResponse>
