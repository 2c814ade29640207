import { CodedError } from '#base'

export type PkiErrorCode =
  /** Well-formed DER, but no X.509 v3 certificate; or no certificate at all where one belongs. */
  | 'ERR_PKI_CERTIFICATE'
  | 'ERR_PKI_CERTIFICATE_TOO_LARGE'
  /** The bytes are not DER, or other elements than a certificate has. */
  | 'ERR_PKI_DER'
  /** A PKI directory that exists already, or whose files do not belong together. */
  | 'ERR_PKI_DIRECTORY'
  | 'ERR_PKI_DUPLICATE_EXTENSION'
  /** A file or directory that cannot be read. */
  | 'ERR_PKI_FILE'
  | 'ERR_PKI_FILE_TOO_LARGE'
  /** An order for a certificate that contradicts itself or its issuer. */
  | 'ERR_PKI_ISSUE'
  /** A key of a kind that ISO 15118 has no use for. */
  | 'ERR_PKI_KEY_ALGORITHM'
  /** A file without a private key, or with one that is encrypted in another way than PKCS#8 has it, or not at all. */
  | 'ERR_PKI_KEY_FILE'
  /** A private key that others than its owner may read or write. */
  | 'ERR_PKI_KEY_FILE_MODE'
  /** An encrypted private key, and no passphrase or a wrong one. */
  | 'ERR_PKI_KEY_PASSPHRASE'
  /** What was to be signed is against its profile; nothing was signed. */
  | 'ERR_PKI_LINT'
  | 'ERR_PKI_PEM'
  /** A certificate's key that cannot be used: of an unknown kind or not on its curve. */
  | 'ERR_PKI_PUBLIC_KEY'
  /** A certification request (PKCS#10) that is none, or too long. */
  | 'ERR_PKI_REQUEST'
  /** The request is not signed with the key it is for. */
  | 'ERR_PKI_REQUEST_SIGNATURE'
  /** Zero, negative, or over 20 bytes. */
  | 'ERR_PKI_SERIAL_NUMBER'
  /** A signature was asked of a key that was closed. */
  | 'ERR_PKI_SIGNER_CLOSED'
  /** Something stands behind what should be the last. */
  | 'ERR_PKI_TRAILING_BYTES'

/**
 * A certificate, key or file of them is not what this library accepts, or must not be issued as asked.
 * The message never holds key material.
 */
export class PkiError extends CodedError<PkiErrorCode> {
  override name = 'PkiError'
}
