import { Type, type Static } from 'typebox'

import { CERTIFICATE_TEXT_MAX } from './rcp-bodies.ts'

const CertificateText = Type.String({ maxLength: CERTIFICATE_TEXT_MAX })
/** Hex pairs with or without colons; SKIs in the field have 8 or 20 bytes. */
const KeyIdentifierText = Type.String({ maxLength: 128 })

/** `PUT /v1/oem/provCerts` in every spelling seen: {@link vehicleChainOf} reads the aliases. */
export const ProvCertUpload = Type.Object(
  {
    vehicleCertificate: Type.Optional(CertificateText),
    provisioningCertificate: Type.Optional(CertificateText),
    subCA1Certificate: Type.Optional(CertificateText),
    subCa1Certificate: Type.Optional(CertificateText),
    subCA2Certificate: Type.Optional(CertificateText),
    subCa2Certificate: Type.Optional(CertificateText),
    xsdMsgDefNamespace: Type.Optional(Type.String({ maxLength: 64 })),
    v2gRootAuthorityKeyIdentifiers: Type.Optional(
      Type.Array(KeyIdentifierText, { minItems: 1, maxItems: 32 }),
    ),
    /** Singular form of older clients. */
    v2gRootAuthorityKeyIdentifier: Type.Optional(KeyIdentifierText),
    previousPcid: Type.Optional(Type.String({ maxLength: 64 })),
  },
  { title: 'ProvCertUpload' },
)
export type ProvCertUpload = Static<typeof ProvCertUpload>

export interface VehicleChain {
  readonly vehicleCertificate: string | undefined
  readonly subCA1Certificate: string | undefined
  readonly subCA2Certificate: string | undefined
}

/** The three certificate texts under whichever name they came; the first spelling wins. */
export function vehicleChainOf(body: ProvCertUpload): VehicleChain {
  return {
    vehicleCertificate: body.vehicleCertificate ?? body.provisioningCertificate,
    subCA1Certificate: body.subCA1Certificate ?? body.subCa1Certificate,
    subCA2Certificate: body.subCA2Certificate ?? body.subCa2Certificate,
  }
}

/** `ProvisioningCertificateData`: the answer to a PUT as it is, to a GET inside {@link ProvCertResponse}. */
export const ProvCert = Type.Object(
  {
    vehicleCertificate: Type.String(),
    subCA1Certificate: Type.String(),
    subCA2Certificate: Type.Optional(Type.String()),
    xsdMsgDefNamespace: Type.Optional(Type.String()),
    rootIssuerDistinguishedName: Type.String(),
    rootIssuerSerialNumber: Type.String(),
    /** Authority key id of sub CA 1, lower-case hex with colons. */
    rootAuthorityKeyIdentifier: Type.Optional(Type.String()),
    v2gRootAuthorityKeyIdentifiers: Type.Optional(Type.Array(Type.String())),
    /** SHA-256 of the vehicle certificate's DER, lower-case hex. */
    fingerprint: Type.Optional(Type.String()),
    signatureAlgorithm: Type.Optional(Type.String()),
    previousPcid: Type.Optional(Type.String()),
  },
  { title: 'ProvCert' },
)
export type ProvCert = Static<typeof ProvCert>

export const ProvCertResponse = Type.Object({ OEMMessage: ProvCert }, { title: 'ProvCertResponse' })
export type ProvCertResponse = Static<typeof ProvCertResponse>

/** Which certificates are stored for a vehicle; the published files have no body for it. */
export const SignatureAlgorithms = Type.Object(
  { pcid: Type.String(), signatureAlgorithms: Type.Array(Type.Enum(['secp256r1', 'secp521r1', 'ed448'])) },
  { title: 'SignatureAlgorithms' },
)
export type SignatureAlgorithms = Static<typeof SignatureAlgorithms>

export const FactoryResetResponse = Type.Object(
  { deletedContracts: Type.Integer({ minimum: 0 }) },
  { title: 'FactoryResetResponse' },
)
export type FactoryResetResponse = Static<typeof FactoryResetResponse>
