import { CodedError } from '#base'

export type PkiErrorCode =
  | 'ERR_PKI_CERTIFICATE'
  | 'ERR_PKI_CERTIFICATE_TOO_LARGE'
  | 'ERR_PKI_DER'
  | 'ERR_PKI_DIRECTORY'
  | 'ERR_PKI_DUPLICATE_EXTENSION'
  | 'ERR_PKI_FILE'
  | 'ERR_PKI_FILE_TOO_LARGE'
  | 'ERR_PKI_ISSUE'
  | 'ERR_PKI_KEY_ALGORITHM'
  | 'ERR_PKI_KEY_FILE'
  | 'ERR_PKI_KEY_FILE_MODE'
  | 'ERR_PKI_PEM'
  | 'ERR_PKI_PUBLIC_KEY'
  | 'ERR_PKI_SERIAL_NUMBER'
  | 'ERR_PKI_TRAILING_BYTES'

/**
 * A certificate, key or file of them is not what this library accepts, or must not be issued as asked.
 * The message never holds key material.
 */
export class PkiError extends CodedError<PkiErrorCode> {
  override name = 'PkiError'
}
