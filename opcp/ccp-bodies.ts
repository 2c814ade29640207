import { Type, type Static } from 'typebox'

/** Characters of a base64 CertificateInstallationReq: -2 needs 3 KB, -20 with a long root list about 10 KB. */
const REQUEST_TEXT_MAX = 24_000

/** Characters of the base64 XML of a CertificateInstallationRes; -2 needs 8 KB. */
const SIGNED_DATA_TEXT_MAX = 48_000

/** `POST /v1/ccp/signedContractData`. Other members are ignored. */
export const InstallationRequest = Type.Object(
  {
    /** Base64 of the EXI document, without V2GTP header. */
    certificateInstallationReq: Type.String({ maxLength: REQUEST_TEXT_MAX }),
    xsdMsgDefNamespace: Type.String({ maxLength: 64 }),
  },
  { title: 'InstallationRequest' },
)
export type InstallationRequest = Static<typeof InstallationRequest>

export const MessageDef = Type.Object(
  {
    /** Base64 of the EXI document. */
    certificateInstallationRes: Type.String({ minLength: 1 }),
    /** Absent in a negative answer. */
    emaid: Type.Optional(Type.String()),
    metaData: Type.Optional(Type.String()),
    cpsV2GRootCertificateFingerprint: Type.Optional(Type.String()),
  },
  { title: 'MessageDef' },
)
export type MessageDef = Static<typeof MessageDef>

/** The answer in both cases: 200 with contracts, 404 with a CertificateInstallationRes that says why not. */
export const InstallationResponse = Type.Object(
  {
    CCPResponse: Type.Object({
      emaidContent: Type.Array(Type.Object({ messageDef: MessageDef }), { minItems: 1 }),
    }),
    xsdMsgDefNamespace: Type.Optional(Type.String()),
  },
  { title: 'InstallationResponse' },
)
export type InstallationResponse = Static<typeof InstallationResponse>

/** `PUT /v1/ccp/signedContractData`. */
export const AddContractDataRequest = Type.Object(
  {
    xsdMsgDefNamespace: Type.String({ maxLength: 64 }),
    emaid: Type.String({ maxLength: 64 }),
    pcid: Type.String({ maxLength: 64 }),
    /** Base64 of the XML as the CPS has signed it, or of the EXI document. */
    signedContractDataXML: Type.String({ maxLength: SIGNED_DATA_TEXT_MAX }),
    metadata: Type.Optional(Type.String({ maxLength: 4096 })),
    cpsV2GRootCertificateFingerprint: Type.Optional(Type.String({ maxLength: 128 })),
  },
  { title: 'AddContractDataRequest' },
)
export type AddContractDataRequest = Static<typeof AddContractDataRequest>

const StoredContract = Type.Object(
  {
    pcid: Type.String(),
    emaid: Type.String(),
    xsdMsgDefNamespace: Type.String(),
    /** Base64 of DER. */
    contractCertificate: Type.String(),
    defaultContract: Type.Boolean(),
    /** 1 for the default contract: what older clients read. */
    priority: Type.Integer({ minimum: 1 }),
    /** RFC 3339, as is `certValidTo`. */
    certValidFrom: Type.String({ format: 'date-time' }),
    certValidTo: Type.String({ format: 'date-time' }),
    cpsRootCertificateDN: Type.String(),
    /** The same under its older name. */
    cpsRootDistinguishedName: Type.String(),
    /** SHA-256 in lower-case hex. */
    cpsV2GRootCertificateFingerprint: Type.String(),
    /** Id of that root in the RCP; absent when it is no longer there. */
    cpsRootCertificateId: Type.Optional(Type.String()),
  },
  { title: 'StoredContract' },
)
export type StoredContract = Static<typeof StoredContract>

/** By contract and by vehicle. */
export const LookupContractResponse = Type.Object(
  { XMLContracts: Type.Array(StoredContract) },
  { title: 'LookupContractResponse' },
)
export type LookupContractResponse = Static<typeof LookupContractResponse>

export const ProvideContractDataResponse = Type.Object(
  {
    /** Base64 of the EXI document. */
    certificateInstallationRes: Type.String({ minLength: 1 }),
    xsdMsgDefNamespace: Type.String(),
    cpsV2GRootCertificateFingerprint: Type.Optional(Type.String()),
  },
  { title: 'ProvideContractDataResponse' },
)
export type ProvideContractDataResponse = Static<typeof ProvideContractDataResponse>
