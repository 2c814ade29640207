import { Type, type Static } from 'typebox'

/** What a root may vouch for; PE is a private environment, never used for public contracts. */
export const ROOT_TYPES = ['MO', 'V2G', 'OEM', 'PE'] as const
export type RootType = (typeof ROOT_TYPES)[number]

/** Characters of a certificate field: base64 or PEM of at most 1600 bytes DER, with room for line breaks. */
export const CERTIFICATE_TEXT_MAX = 4096

export const RootCertUpload = Type.Object(
  {
    caCertificate: Type.String({ maxLength: CERTIFICATE_TEXT_MAX }),
    /** Compared without case. */
    rootType: Type.String({ maxLength: 3 }),
  },
  { title: 'RootCertUpload' },
)
export type RootCertUpload = Static<typeof RootCertUpload>

/** RootCertV2. The members without `Optional` are those a reader can rely on from every pool. */
export const RootCert = Type.Object(
  {
    rootCertificateId: Type.String(),
    /** Base64 of DER. */
    caCertificate: Type.String(),
    rootType: Type.String(),
    distinguishedName: Type.Optional(Type.String()),
    commonName: Type.Optional(Type.String()),
    /** Base64 of the key id; the same in hex beside it. */
    rootAuthorityKeyIdentifier: Type.Optional(Type.String()),
    rootAuthorityKeyIdentifierHex: Type.Optional(Type.String()),
    rootIssuerSerialNumber: Type.Optional(Type.String()),
    validFrom: Type.Optional(Type.String()),
    validTo: Type.Optional(Type.String()),
    organizationName: Type.Optional(Type.String()),
    /** SHA-256 of the DER, lower-case hex. */
    fingerprint: Type.Optional(Type.String()),
    fingerprintSha1: Type.Optional(Type.String()),
    xsdMsgDefNamespace: Type.Optional(Type.String()),
    signatureAlgorithm: Type.Optional(Type.String()),
  },
  { title: 'RootCert' },
)
export type RootCert = Static<typeof RootCert>

export const RootCertCollection = Type.Object(
  {
    RootCertificateCollection: Type.Object({ rootCertificates: Type.Array(RootCert) }),
  },
  { title: 'RootCertCollection' },
)
export type RootCertCollection = Static<typeof RootCertCollection>

export const RootCertResponse = Type.Object({ RootResponse: RootCert }, { title: 'RootCertResponse' })
export type RootCertResponse = Static<typeof RootCertResponse>
