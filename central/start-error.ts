import { CodedError } from '#base'

export type CentralErrorCode =
  /** A signing key does not belong to its certificate, or the certificate is not what it is configured as. */
  | 'ERR_CENTRAL_SIGNER'
  /** The certificates of an operator CA are no chain, or two such CAs are the same. */
  | 'ERR_CENTRAL_OPERATOR_CA'
  | 'ERR_CENTRAL_LISTEN'

/** Central cannot start as it is configured. */
export class CentralError extends CodedError<CentralErrorCode> {
  override name = 'CentralError'
}
