import { Type, type Static } from 'typebox'

/** Characters of a base64 CertificateInstallationReq: -2 needs 3 KB, -20 with a long root list about 10 KB. */
const REQUEST_TEXT_MAX = 24_000

/** `POST /v1/ccp/signedContractData`. Other members are ignored. */
export const InstallationRequest = Type.Object({
  /** Base64 of the EXI document, without V2GTP header. */
  certificateInstallationReq: Type.String({ maxLength: REQUEST_TEXT_MAX }),
  xsdMsgDefNamespace: Type.String({ maxLength: 64 }),
})
export type InstallationRequest = Static<typeof InstallationRequest>

export const MessageDef = Type.Object({
  /** Base64 of the EXI document. */
  certificateInstallationRes: Type.String({ minLength: 1 }),
  /** Absent in a negative answer. */
  emaid: Type.Optional(Type.String()),
  metaData: Type.Optional(Type.String()),
  cpsV2GRootCertificateFingerprint: Type.Optional(Type.String()),
})
export type MessageDef = Static<typeof MessageDef>

/** The answer in both cases: 200 with contracts, 404 with a CertificateInstallationRes that says why not. */
export const InstallationResponse = Type.Object({
  CCPResponse: Type.Object({
    emaidContent: Type.Array(Type.Object({ messageDef: MessageDef }), { minItems: 1 }),
  }),
  xsdMsgDefNamespace: Type.Optional(Type.String()),
})
export type InstallationResponse = Static<typeof InstallationResponse>
