import { CodedError } from '#base'

export type EmulatorErrorCode =
  /** The answer is not EXI of ISO 15118-2, or no CertificateInstallationRes. */
  | 'ERR_VEHICLE_ANSWER'
  /** The answer belongs to another session than the request. */
  | 'ERR_VEHICLE_SESSION'
  /** The answer is negative: `detail` is its ResponseCode. */
  | 'ERR_VEHICLE_RESPONSE_CODE'
  /** The contract data are not signed by the CPS certificate that came along: `detail` says what differs. */
  | 'ERR_VEHICLE_SIGNATURE'
  /** The CPS certificate leads to no V2G root the vehicle holds: `detail` is the reason. */
  | 'ERR_VEHICLE_CPS_CHAIN'
  /** The eMAID is not the name in the contract certificate. */
  | 'ERR_VEHICLE_EMAID'
  /** The contract key does not open, or is not the key of the contract certificate. */
  | 'ERR_VEHICLE_CONTRACT_KEY'
  /** No WebSocket: unreachable, TLS not trusted, upgrade refused. `detail` is the HTTP status or system error. */
  | 'ERR_CHARGE_POINT_CONNECT'
  /** The gateway does not accept identity or password. */
  | 'ERR_CHARGE_POINT_UNAUTHORIZED'
  /** BootNotification was not answered with Accepted: `detail` is the status. */
  | 'ERR_CHARGE_POINT_BOOT'
  /** No answer in time; for Get15118EVCertificate that is 4.5 s. */
  | 'ERR_CHARGE_POINT_TIMEOUT'
  /** The connection is closed, or closed before the answer came. */
  | 'ERR_CHARGE_POINT_CLOSED'
  /** The call was answered with a CALLERROR: `detail` is its error code. */
  | 'ERR_CHARGE_POINT_CALL_ERROR'
  /** Get15118EVCertificate was answered with Failed: `detail` is the reason code. */
  | 'ERR_CHARGE_POINT_FAILED'
  /** The answer does not have the form OCPP 2.0.1 prescribes. */
  | 'ERR_CHARGE_POINT_ANSWER'

/** An installation did not succeed. `detail` is the code of whoever refused, where there is one. */
export class EmulatorError extends CodedError<EmulatorErrorCode> {
  override name = 'EmulatorError'
  readonly detail: string | undefined

  constructor(
    code: EmulatorErrorCode,
    message: string,
    { detail, ...options }: ErrorOptions & { readonly detail?: string | undefined } = {},
  ) {
    super(code, message, options)
    this.detail = detail
  }
}
