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
  /** A key file that central makes itself: readable for others, or not what it has to hold. */
  | 'ERR_CENTRAL_KEY_FILE'
  /** A secret in the database was sealed with a key that is not in the key file any more. */
  | 'ERR_CENTRAL_SEALED'
  /** The server's certificate cannot be used, or not with its key. */
  | 'ERR_CENTRAL_TLS'
  /** The file of the CAs of a peer cannot be read. */
  | 'ERR_CENTRAL_PEER'
  | 'ERR_CENTRAL_LISTEN'

/** Central cannot start as it is configured. */
export class CentralError extends CodedError<CentralErrorCode> {
  override name = 'CentralError'
}
