import type { Certificate } from '../certificate/certificate.ts'
import type { RevocationStatus } from '../revocation/revocation-status.ts'

/**
 * Why a path was refused. Part of the contract: logged, counted and mapped to protocol codes.
 *
 * - `ERR_PATH_ALGORITHM`: a key or signature algorithm that may not be used here, or issuer key and signature do not match
 * - `ERR_PATH_CRITICAL_EXTENSION`: an extension this library does not process and may not ignore, or none where one must be
 * - `ERR_PATH_EXPIRED`, `ERR_PATH_NOT_YET_VALID`: at the time asked for; of the leaf, a CA or the root (shell model)
 * - `ERR_PATH_KEY_USAGE`: the key usage does not allow what the certificate is used for
 * - `ERR_PATH_NAME_CONSTRAINTS`: a name that a CA above excludes or does not permit, or that cannot be compared
 * - `ERR_PATH_NOT_A_CA`: an issuer that is not a CA
 * - `ERR_PATH_NO_ISSUER`: nobody among intermediates and roots has the issuer's name
 * - `ERR_PATH_PATH_LENGTH`: more CA certificates below a CA than it allows
 * - `ERR_PATH_POLICY`: an acceptable certificate policy is asked for, and the path has none
 * - `ERR_PATH_PUBLIC_KEY`: a key that cannot be used (not on its curve…)
 * - `ERR_PATH_PURPOSE`: a leaf whose extended key usage is another than the purpose asked for
 * - `ERR_PATH_REVOKED`: by its issuer
 * - `ERR_PATH_ROLE`: a leaf that is not for the use asked for (CA, wrong DC, no CN)
 * - `ERR_PATH_SIGNATURE`: a certificate of the issuer's name exists, but its key did not make the signature
 * - `ERR_PATH_STATUS_UNKNOWN`: no usable evidence whether it is revoked, where evidence is required
 * - `ERR_PATH_TOO_COMPLEX`: gave up after too many issuers tried or names compared
 * - `ERR_PATH_TOO_LONG`: no root within the allowed number of certificates
 * - `ERR_PATH_UNTRUSTED_ROOT`: the chain is complete, but ends in a root that is not among the given ones
 */
export type PathErrorCode =
  | 'ERR_PATH_ALGORITHM'
  | 'ERR_PATH_CRITICAL_EXTENSION'
  | 'ERR_PATH_EXPIRED'
  | 'ERR_PATH_KEY_USAGE'
  | 'ERR_PATH_NAME_CONSTRAINTS'
  | 'ERR_PATH_NOT_A_CA'
  | 'ERR_PATH_NOT_YET_VALID'
  | 'ERR_PATH_NO_ISSUER'
  | 'ERR_PATH_PATH_LENGTH'
  | 'ERR_PATH_POLICY'
  | 'ERR_PATH_PUBLIC_KEY'
  | 'ERR_PATH_PURPOSE'
  | 'ERR_PATH_REVOKED'
  | 'ERR_PATH_ROLE'
  | 'ERR_PATH_SIGNATURE'
  | 'ERR_PATH_STATUS_UNKNOWN'
  | 'ERR_PATH_TOO_COMPLEX'
  | 'ERR_PATH_TOO_LONG'
  | 'ERR_PATH_UNTRUSTED_ROOT'

/** A path was found, or the most telling reason why none was. */
export type PathVerdict = AcceptedPath | PathRefusal

interface AcceptedPath {
  readonly valid: true
  /** Leaf first, root last; the root is one of the given ones. */
  readonly path: readonly Certificate[]
  /** Only when revocation was asked for: the status of each certificate but the root, in the order of the path. */
  readonly statuses?: readonly RevocationStatus[]
}

export interface PathRefusal {
  readonly valid: false
  readonly code: PathErrorCode
  /** One sentence that names the certificate. */
  readonly message: string
  /** The certificate at fault. */
  readonly certificate: Certificate
  /** The rule that was broken, and where it is written, such as `RFC 5280 section 6.1.3 (a)(2)`. */
  readonly rule: string
  readonly section: string
}

/** What a rule found wrong. */
export interface Finding {
  readonly code: PathErrorCode
  readonly certificate: Certificate
  /** Without the certificate's name, which {@link refusalOf} puts in front. */
  readonly what: string
}

export function finding(code: PathErrorCode, certificate: Certificate, what: string): Finding {
  return { code, certificate, what }
}

/** Who broke which rule, as the caller of the validation is told. */
export function refusalOf(
  { code, certificate, what }: Finding,
  { name, section }: { readonly name: string; readonly section: string },
): PathRefusal {
  const message = `${certificate.distinguishedName || 'certificate without a name'}: ${what}`
  return { valid: false, code, message, certificate, rule: name, section }
}
