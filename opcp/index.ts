/** The contract between the pools and their clients (Open Plug&Charge Protocol 1.0.0), and a client of it. */
export {
  AddContractDataRequest,
  InstallationRequest,
  InstallationResponse,
  LookupContractResponse,
  MessageDef,
  ProvideContractDataResponse,
} from './ccp-bodies.ts'
export type { StoredContract } from './ccp-bodies.ts'
export { AuthorisedConnection } from './authorised-connection.ts'
export type { AuthorisedCall, OpcpClientOptions } from './authorised-connection.ts'
export type { HttpAnswer } from './connection.ts'
export { bodyOf, refusalOf } from './answer.ts'
export { OpcpClient } from './client.ts'
export type { CallOptions, InstallationAnswer, PeerCallOptions } from './client.ts'
export {
  ContractDataBody,
  contractDataOf,
  CpsSignersResponse,
  ForwardContractDataRequest,
  GenerateContractDataRequest,
  SignContractDataRequest,
  SignContractDataResponse,
} from './cps-bodies.ts'
export type { ContractDataTexts } from './cps-bodies.ts'
export { CertificateTrustList, CtlResponse } from './ctl-bodies.ts'
export type { CtlEntry } from './ctl-bodies.ts'
export { EmptyBody } from './empty-body.ts'
export { ErrorBody, TokenErrorBody } from './error-body.ts'
export { OpcpError, OpcpRefusal } from './errors.ts'
export type { OpcpErrorCode } from './errors.ts'
export { canonicalNamespace, ISO2_NAMESPACE, ISO20_NAMESPACE } from './namespaces.ts'
export type { MessageNamespace } from './namespaces.ts'
export { ROLES, SCOPES } from './operation.ts'
export type { Operation, Reach, Role, RouteDescription, Scope } from './operation.ts'
export { CA_KINDS, EST_ACCESS, OPERATIONS } from './operations.ts'
export type { CaKind } from './operations.ts'
export { PATH_PARAMETERS } from './parameters.ts'
export {
  FactoryResetResponse,
  ProvCert,
  ProvCertResponse,
  ProvCertUpload,
  SignatureAlgorithms,
  vehicleChainOf,
} from './pcp-bodies.ts'
export type { VehicleChain } from './pcp-bodies.ts'
export { EndEntity, RevokeCertificateRequest } from './pki-bodies.ts'
export {
  EST_ROUTES,
  JWKS_PATH,
  OPENID_PATH,
  REVOCATION_ROUTES,
  TOKEN_PATH,
  TOKEN_ROUTES,
} from './public-routes.ts'
export { ROOT_TYPES, RootCert, RootCertCollection, RootCertResponse, RootCertUpload } from './rcp-bodies.ts'
export type { RootType } from './rcp-bodies.ts'
export { TokenRequest, TokenResponse } from './token-bodies.ts'
export {
  DeadLetters,
  EndpointRequest,
  EndpointResponse,
  RedeliverRequest,
  RedeliverResponse,
  RotateSecretRequest,
} from './webhook-bodies.ts'
export {
  ContractEvent,
  FACTORY_RESET_FORMER_NAME,
  MO_EVENTS,
  OEM_EVENTS,
  ROOT_EVENTS,
  RootEvent,
} from './webhook-events.ts'
export type { ContractEventType, EventType, RootEventType } from './webhook-events.ts'
