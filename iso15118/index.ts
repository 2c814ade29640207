export { exiCodec, EXI_BYTES_MAX } from './exi/codec.ts'
export type { ContentItem, Decoded, ExiCodec, ExiElement, ExiKind, SchemaName } from './exi/codec.ts'
export { ExiError } from './exi/errors.ts'
export type { ExiErrorCode } from './exi/errors.ts'
export type * from './messages/iso2.generated.ts'
export {
  decodeV2gMessage,
  encodeV2gMessage,
  ISO2_MSG_BODY,
  ISO2_MSG_DATA_TYPES,
  ISO2_MSG_DEF,
  v2gMessageFromXml,
  v2gMessageToXml,
} from './messages/v2g-message.ts'
export type { V2gMessage } from './messages/v2g-message.ts'
export { signedDataFromXml, signedDataToXml } from './messages/signed-data.ts'
export { membersOf } from './schema/members.ts'
export type {
  AttributeUse,
  ComplexType,
  ElementDeclaration,
  Particle,
  Schema,
  SimpleType,
  Term,
  TypeDefinition,
} from './schema/schema.ts'
export { XmlError } from './xml/errors.ts'
export type { XmlErrorCode } from './xml/errors.ts'
export { readXml } from './xml/xml-reader.ts'
export { decryptContractKey, encryptContractKey } from './contract-key/contract-key-iso2.ts'
export type { EncryptedContractKey } from './contract-key/contract-key-iso2.ts'
export { ContractKeyError } from './contract-key/errors.ts'
export type { ContractKeyErrorCode } from './contract-key/errors.ts'
export { emaidCheckDigit, IdentifierError, parseEmaid, parsePcid } from './identifiers.ts'
export type { Emaid, IdentifierErrorCode, IdentifierRules, Pcid } from './identifiers.ts'
export type { SignedSchema } from './signature/algorithms.ts'
export {
  signAuthorizationReq,
  signCertificateInstallationReq,
  signContractData,
  verifyCertificateInstallationReq,
  verifyContractData,
  verifyMessageSignature,
} from './signature/messages-iso2.ts'
export type { ContractData, SignedMessage } from './signature/messages-iso2.ts'
export { signElements } from './signature/sign.ts'
export type { SignedElement } from './signature/signed-element.ts'
export { verifySignature } from './signature/verify.ts'
export type { SignatureToVerify } from './signature/verify.ts'
export type { ReferenceVerdict, SignatureFaultCode, SignatureVerdict } from './signature/verdict.ts'
