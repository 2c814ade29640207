import type { Certificate } from '../certificate/certificate.ts'

/**
 * Why a path was refused. Part of the contract: logged, counted and mapped to protocol codes.
 *
 * - `ERR_PATH_ALGORITHM`: a key or signature algorithm that may not be used here, or issuer key and signature do not match
 * - `ERR_PATH_CRITICAL_EXTENSION`: an extension this library does not process and may not ignore
 * - `ERR_PATH_EXPIRED`, `ERR_PATH_NOT_YET_VALID`: at the time asked for; of the leaf, a CA or the root (shell model)
 * - `ERR_PATH_KEY_USAGE`: the key usage does not allow what the certificate is used for
 * - `ERR_PATH_NOT_A_CA`: an issuer that is not a CA
 * - `ERR_PATH_NO_ISSUER`: nobody among intermediates and roots has the issuer's name
 * - `ERR_PATH_PATH_LENGTH`: more CA certificates below a CA than it allows
 * - `ERR_PATH_PUBLIC_KEY`: a key that cannot be used (not on its curve…)
 * - `ERR_PATH_ROLE`: a leaf that is not for the use asked for (CA, wrong DC, no CN)
 * - `ERR_PATH_SIGNATURE`: a certificate of the issuer's name exists, but its key did not make the signature
 * - `ERR_PATH_TOO_COMPLEX`: gave up after too many signature checks
 * - `ERR_PATH_TOO_LONG`: no root within the allowed number of certificates
 * - `ERR_PATH_UNTRUSTED_ROOT`: the chain is complete, but ends in a root that is not among the given ones
 */
export type PathErrorCode =
  | 'ERR_PATH_ALGORITHM'
  | 'ERR_PATH_CRITICAL_EXTENSION'
  | 'ERR_PATH_EXPIRED'
  | 'ERR_PATH_KEY_USAGE'
  | 'ERR_PATH_NOT_A_CA'
  | 'ERR_PATH_NOT_YET_VALID'
  | 'ERR_PATH_NO_ISSUER'
  | 'ERR_PATH_PATH_LENGTH'
  | 'ERR_PATH_PUBLIC_KEY'
  | 'ERR_PATH_ROLE'
  | 'ERR_PATH_SIGNATURE'
  | 'ERR_PATH_TOO_COMPLEX'
  | 'ERR_PATH_TOO_LONG'
  | 'ERR_PATH_UNTRUSTED_ROOT'

/** A path was found, or the most telling reason why none was. */
export type PathVerdict =
  | {
      readonly valid: true
      /** Leaf first, root last; the root is one of the given ones. */
      readonly path: readonly Certificate[]
    }
  | PathRefusal

export interface PathRefusal {
  readonly valid: false
  readonly code: PathErrorCode
  /** One sentence that names the certificate. */
  readonly message: string
  /** The certificate at fault. */
  readonly certificate: Certificate
}

export function refusal(code: PathErrorCode, certificate: Certificate, what: string): PathRefusal {
  return {
    valid: false,
    code,
    message: `${certificate.distinguishedName || 'certificate without a name'}: ${what}`,
    certificate,
  }
}
