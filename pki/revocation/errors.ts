import { CodedError } from '#base'

export type RevocationErrorCode =
  /** An address from a certificate that may not be asked: scheme, credentials, or a network that is not public. */
  | 'ERR_REVOCATION_ADDRESS'
  /** An answer over the limit of bytes. */
  | 'ERR_REVOCATION_ANSWER_TOO_LARGE'
  /** Where answers are to be kept cannot be made, read or written. */
  | 'ERR_REVOCATION_CACHE_DIRECTORY'
  /** Well-formed DER, but not a CRL as RFC 5280 section 5 profiles it. */
  | 'ERR_REVOCATION_CRL'
  | 'ERR_REVOCATION_CRL_TOO_LARGE'
  /** The distribution points or information access of a certificate, which cannot be read. */
  | 'ERR_REVOCATION_EXTENSION'
  /** No connection, not status 200, or an answer cut off. */
  | 'ERR_REVOCATION_FETCH'
  /** An order for a CRL or an OCSP response that contradicts itself or its issuer. */
  | 'ERR_REVOCATION_ISSUE'
  /** Well-formed DER, but neither request nor response of RFC 6960; or not even one in text form. */
  | 'ERR_REVOCATION_OCSP'
  | 'ERR_REVOCATION_OCSP_TOO_LARGE'
  /** The responder answered with an error of its own (RFC 6960 section 4.2.1). */
  | 'ERR_REVOCATION_RESPONDER'
  /** No whole answer in time. */
  | 'ERR_REVOCATION_TIMEOUT'

/** Evidence about revocations that cannot be read, fetched, kept or issued. Never holds what a stranger sent. */
export class RevocationError extends CodedError<RevocationErrorCode> {
  override name = 'RevocationError'
}
