import { Type, type Static } from 'typebox'

import { CERTIFICATE_TEXT_MAX } from './rcp-bodies.ts'

const CertificateText = Type.String({ maxLength: CERTIFICATE_TEXT_MAX })
/** The largest key blob (-20 with TPM) is 206 bytes. */
const KeyText = Type.String({ maxLength: 512 })
const NamespaceText = Type.String({ maxLength: 64 })
const EmaidText = Type.String({ maxLength: 64 })
const PcidText = Type.String({ maxLength: 64 })
/** 64 hex digits with or without colons, or the UUID of a root. */
const FingerprintText = Type.String({ maxLength: 128 })
const MetaDataText = Type.String({ maxLength: 4096 })

/** Contract data in the new shape (named sub CAs) or the old one (a chain with a list): {@link contractDataOf} reads both. */
export const ContractDataBody = Type.Object(
  {
    contractCertificate: Type.Optional(CertificateText),
    contractSubCa1Certificate: Type.Optional(CertificateText),
    contractSubCa2Certificate: Type.Optional(CertificateText),
    contractSignatureCertChain: Type.Optional(
      Type.Object({
        contractSignatureCertChainCertificate: CertificateText,
        contractSignatureCertChainSubCertificates: Type.Array(CertificateText, { minItems: 1, maxItems: 2 }),
      }),
    ),
    contractSignatureEncryptedPrivateKey: KeyText,
    dHpublickey: KeyText,
    emaid: Type.Optional(EmaidText),
  },
  { title: 'ContractData' },
)
export type ContractDataBody = Static<typeof ContractDataBody>

export interface ContractDataTexts {
  readonly contractCertificate: string | undefined
  /** In no particular order: old clients send sub CA 2 first, some reverse it. */
  readonly subCertificates: readonly string[]
  readonly contractSignatureEncryptedPrivateKey: string
  readonly dHpublickey: string
  readonly emaid: string | undefined
}

/** One view of both shapes; the new shape wins when a body holds both. */
export function contractDataOf(body: ContractDataBody): ContractDataTexts {
  const chain = body.contractSignatureCertChain
  const named = [body.contractSubCa2Certificate, body.contractSubCa1Certificate].filter(
    (text) => text !== undefined,
  )
  return {
    contractCertificate: body.contractCertificate ?? chain?.contractSignatureCertChainCertificate,
    subCertificates: named.length > 0 ? named : (chain?.contractSignatureCertChainSubCertificates ?? []),
    contractSignatureEncryptedPrivateKey: body.contractSignatureEncryptedPrivateKey,
    dHpublickey: body.dHpublickey,
    emaid: body.emaid,
  }
}

/** `PUT /v1/cps/contractData/signed`. With `pcid` the signed data also enters the CCP. */
export const SignContractDataRequest = Type.Object(
  {
    contractData: ContractDataBody,
    xsdMsgDefNamespace: NamespaceText,
    pcid: Type.Optional(Type.Union([PcidText, Type.Null()])),
    emaid: Type.Optional(EmaidText),
    cpsV2GRootCertificateFingerprint: Type.Optional(FingerprintText),
    metaData: Type.Optional(MetaDataText),
  },
  { title: 'SignContractDataRequest' },
)
export type SignContractDataRequest = Static<typeof SignContractDataRequest>

export const SignContractDataResponse = Type.Object(
  {
    emaid: Type.String(),
    xsdMsgDefNamespace: Type.String(),
    /** Base64 of the XML of a V2G_Message without SessionID. */
    signedData: Type.String({ minLength: 1 }),
    cpsV2GRootCertificateFingerprint: Type.Optional(Type.String()),
    cpsRootDistinguishedName: Type.Optional(Type.String()),
    pcid: Type.Optional(Type.Union([Type.String(), Type.Null()])),
    metaData: Type.Optional(Type.String()),
  },
  { title: 'SignContractDataResponse' },
)
export type SignContractDataResponse = Static<typeof SignContractDataResponse>

/** The two deprecated operations, `PUT /v1/cps/signedContractData` and `…/forward/signedContractData`. */
export const ForwardContractDataRequest = Type.Object(
  { ...SignContractDataRequest.properties, pcid: PcidText },
  { title: 'ForwardContractDataRequest' },
)
export type ForwardContractDataRequest = Static<typeof ForwardContractDataRequest>

/** `PUT /v1/cps/generate/signedContractData`: the operator makes key and certificate; answered 201 `{}`. */
export const GenerateContractDataRequest = Type.Object(
  {
    /** RFC 3339, as is `contractEnds`. */
    contractBegins: Type.String({ maxLength: 64 }),
    contractEnds: Type.String({ maxLength: 64 }),
    emaid: EmaidText,
    pcid: PcidText,
    xsdMsgDefNamespace: NamespaceText,
    subscriptionUrl: Type.Optional(Type.String({ maxLength: 2048 })),
    cpsV2GRootCertificateFingerprint: Type.Optional(FingerprintText),
    metaData: Type.Optional(MetaDataText),
  },
  { title: 'GenerateContractDataRequest' },
)
export type GenerateContractDataRequest = Static<typeof GenerateContractDataRequest>

/** A certificate that contract data is signed with. Certificates are base64 of DER. */
const CpsSigner = Type.Object(
  {
    cpsDistinguishedName: Type.String(),
    cpsCertificate: Type.String(),
    /** When it signs, RFC 3339, as is `validTo`: within the validity of the certificate. */
    validFrom: Type.String({ format: 'date-time' }),
    validTo: Type.String({ format: 'date-time' }),
    organizationName: Type.String(),
    /** SHA-256 in lower-case hex. */
    cpsV2GRootCertificateFingerprint: Type.String(),
    cpsRootDistinguishedName: Type.String(),
    cpsSubCa1Certificate: Type.String(),
    cpsSubCa2Certificate: Type.Optional(Type.String()),
    /** The names of the published example for the same. */
    cpsCa1Certificate: Type.Optional(Type.String()),
    cpsCa2Certificate: Type.Optional(Type.String()),
    /** Id of the V2G root in the RCP. */
    cpsRootCertificateId: Type.Optional(Type.String()),
    xsdMsgDefNamespace: Type.String(),
  },
  { title: 'CpsSigner' },
)

export const CpsSignersResponse = Type.Object(
  { cpsCertificates: Type.Array(CpsSigner) },
  { title: 'CpsSignersResponse' },
)
export type CpsSignersResponse = Static<typeof CpsSignersResponse>
