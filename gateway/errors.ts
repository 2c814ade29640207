import { CodedError } from '#base'

/**
 * Why a Get15118EVCertificate request ends in Failed, each with its `reasonCode` for the charge point: a standard one
 * (OCPP 2.0.1 part 2, appendix 5) where one fits. At most 20 characters.
 */
export const REASON_CODES = {
  /** The action is Update, which OPCP has no operation for. */
  ERR_GATEWAY_ACTION: 'UnsupportedRequest',
  /** The schema is not ISO 15118-2. */
  ERR_GATEWAY_SCHEMA: 'UnsupportedParam',
  ERR_GATEWAY_REQUEST_TOO_LONG: 'TooLargeElement',
  ERR_GATEWAY_REQUEST_BASE64: 'InvalidValue',
  ERR_GATEWAY_REQUEST_EXI: 'InvalidValue',
  /** Another message than CertificateInstallationReq. */
  ERR_GATEWAY_REQUEST_MESSAGE: 'UnsupportedRequest',
  /** The request is not signed by the key of the certificate in it, or was changed. */
  ERR_GATEWAY_REQUEST_SIGNATURE: 'InvalidSignature',
  /** The bytes are no certificate, or its key is none that signs ISO 15118-2 messages. */
  ERR_GATEWAY_VEHICLE_CERTIFICATE: 'InvalidCertificate',
  ERR_GATEWAY_VEHICLE_EXPIRED: 'InvalidCertificate',
  ERR_GATEWAY_VEHICLE_NOT_YET_VALID: 'InvalidCertificate',
  /** Not an OEM provisioning certificate: a CA, another market role, no PCID. */
  ERR_GATEWAY_VEHICLE_ROLE: 'InvalidCertificate',
  /** The certificate or a CA above it. */
  ERR_GATEWAY_VEHICLE_REVOKED: 'InvalidCertificate',
  /** Nobody says whether the vehicle's certificate or a CA above it is revoked, and the config wants it known. */
  ERR_GATEWAY_VEHICLE_STATUS_UNKNOWN: 'RevocationUnknown',
  /** The chain is known here and does not hold. */
  ERR_GATEWAY_VEHICLE_CHAIN: 'InvalidCertificate',
  ERR_GATEWAY_POOL_UNREACHABLE: 'PoolUnreachable',
  /** No answer within the budget. */
  ERR_GATEWAY_POOL_TIMEOUT: 'PoolTimeout',
  /** A status that is no answer for the vehicle, the token service's included. */
  ERR_GATEWAY_POOL_REFUSED: 'PoolRefused',
  /** The HTTP body is not what OPCP says. */
  ERR_GATEWAY_POOL_ANSWER: 'PoolAnswerInvalid',
  ERR_GATEWAY_ANSWER_BASE64: 'PoolAnswerInvalid',
  ERR_GATEWAY_ANSWER_EXI: 'PoolAnswerInvalid',
  /** Another message than CertificateInstallationRes. */
  ERR_GATEWAY_ANSWER_MESSAGE: 'PoolAnswerInvalid',
  /** The answer is for another session than the request's. */
  ERR_GATEWAY_ANSWER_SESSION: 'PoolAnswerInvalid',
  /** The contract data is not signed by the CPS whose certificate comes with it, or was changed. */
  ERR_GATEWAY_ANSWER_SIGNATURE: 'PoolAnswerInvalid',
  ERR_GATEWAY_ANSWER_CERTIFICATE: 'PoolAnswerInvalid',
  /** The CPS chain leads to no V2G root of the root certificate pool. */
  ERR_GATEWAY_ANSWER_CPS_CHAIN: 'PoolAnswerInvalid',
  /** The certificate of the CPS or a CA above it. */
  ERR_GATEWAY_ANSWER_CPS_REVOKED: 'PoolAnswerInvalid',
  /** Nobody says whether the CPS or a CA above it is revoked, and the config wants it known. */
  ERR_GATEWAY_ANSWER_CPS_STATUS_UNKNOWN: 'RevocationUnknown',
  /** Longer than the charge points are known to take. */
  ERR_GATEWAY_ANSWER_TOO_LONG: 'TooLargeElement',
  /** No V2G root is known yet, so that no answer can be checked. */
  ERR_GATEWAY_NO_ROOTS: 'NoRootCertificates',
  ERR_GATEWAY_BUSY: 'Busy',
  ERR_GATEWAY_INTERNAL: 'InternalError',
} as const

export type InstallationErrorCode = keyof typeof REASON_CODES

/** A contract installation that the gateway ends. The message goes to the charge point and into the log. */
export class InstallationError extends CodedError<InstallationErrorCode> {
  override name = 'InstallationError'
}

export type GatewayErrorCode = 'ERR_GATEWAY_FILE' | 'ERR_GATEWAY_ROOTS_LOST' | 'ERR_GATEWAY_ROOTS_TOO_MANY'

/** Something around the gateway, not in a request, is not as it should be. */
export class GatewayError extends CodedError<GatewayErrorCode> {
  override name = 'GatewayError'
}
