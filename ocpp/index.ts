/** OCPP-J between charge points and the gateway: our own thin RPC layer on WebSocket, and the messages it terminates. */
export { CallError, type CallErrorCode } from './call-error.ts'
export type { ChargePointCall, ChargePointConnection, HandleChargePointCall } from './connection.ts'
export { OcppError, type OcppErrorCode } from './errors.ts'
export type { OcppEvent } from './events.ts'
export { parseFrame, peekEnvelope, type Envelope, type Frame } from './frame.ts'
export {
  accepted,
  checkGet15118EVCertificateRequest,
  EXI_REQUEST_CHARACTERS_MAX,
  failed,
  Get15118EVCertificateRequest,
  type Get15118EVCertificateResponse,
  type StatusInfo,
} from './get-15118-ev-certificate.ts'
export { IDENTITY_CHARACTERS_MAX, SUBPROTOCOLS, type Subprotocol } from './handshake.ts'
export { OCPP_LIMITS, type OcppLimits } from './limits.ts'
export { answerLocally, checkSecurityEventNotification } from './local-answers.ts'
export { OcppServer, type Authentication, type OcppServerOptions } from './server.ts'
