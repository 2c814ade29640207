/** The contract between the pools and their clients (Open Plug&Charge Protocol 1.0.0), and a client of it. */
export { InstallationRequest, InstallationResponse, MessageDef } from './ccp-bodies.ts'
export { OpcpClient } from './client.ts'
export type { CallOptions, InstallationAnswer, OpcpClientOptions } from './client.ts'
export {
  ContractDataBody,
  contractDataOf,
  GenerateContractDataRequest,
  SignContractDataRequest,
  SignContractDataResponse,
} from './cps-bodies.ts'
export type { ContractDataTexts } from './cps-bodies.ts'
export { ErrorBody, TokenErrorBody } from './error-body.ts'
export { OpcpError, OpcpRefusal } from './errors.ts'
export type { OpcpErrorCode } from './errors.ts'
export { canonicalNamespace, ISO2_NAMESPACE, ISO20_NAMESPACE } from './namespaces.ts'
export type { MessageNamespace } from './namespaces.ts'
export { CA_KINDS, EST_ACCESS, JWKS_PATH, OPERATIONS, ROLES, SCOPES, TOKEN_PATH } from './operations.ts'
export type { CaKind, Operation, Reach, Role, Scope } from './operations.ts'
export { ProvCert, ProvCertResponse, ProvCertUpload, vehicleChainOf } from './pcp-bodies.ts'
export type { VehicleChain } from './pcp-bodies.ts'
export { EndEntity, RevokeCertificateRequest } from './pki-bodies.ts'
export { ROOT_TYPES, RootCert, RootCertCollection, RootCertResponse, RootCertUpload } from './rcp-bodies.ts'
export type { RootType } from './rcp-bodies.ts'
export { TokenRequest, TokenResponse } from './token-bodies.ts'
