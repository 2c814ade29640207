import { CodedError } from '#base'

export type CentralErrorCode =
  /** A signing key does not belong to its certificate, or the certificate is not what it is configured as. */
  | 'ERR_CENTRAL_SIGNER'
  /** The certificates of an operator CA are no chain, or two such CAs are the same. */
  | 'ERR_CENTRAL_OPERATOR_CA'
  /** Two operator CAs have one key: serial numbers, OCSP and CRLs are kept by key, and would mix. */
  | 'ERR_CENTRAL_SHARED_CA_KEY'
  /** The CA for contracts is none of the operator CAs, or one that cannot issue contracts. */
  | 'ERR_CENTRAL_CONTRACT_AUTHORITY'
  /** Two clients have one id. */
  | 'ERR_CENTRAL_CLIENT'
  /** The server's certificate cannot be used, or not with its key. */
  | 'ERR_CENTRAL_TLS'
  | 'ERR_CENTRAL_LISTEN'

/** Central cannot start as it is configured. */
export class CentralError extends CodedError<CentralErrorCode> {
  override name = 'CentralError'
}
