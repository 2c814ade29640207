/** What is known about the revocation of a certificate, and who can be asked. */
import type { Certificate } from '../certificate/certificate.ts'

/** In the order of the numbers of CRLReason, RFC 5280 section 5.3.1; number 7 is not used. */
export const REVOCATION_REASONS = [
  'unspecified',
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'certificateHold',
  undefined,
  'removeFromCRL',
  'privilegeWithdrawn',
  'aACompromise',
] as const

export type RevocationReason = Exclude<(typeof REVOCATION_REASONS)[number], undefined>

export type RevocationStatus = GoodStatus | RevokedStatus | UnknownStatus

interface GoodStatus {
  readonly status: 'good'
  readonly source: 'ocsp' | 'crl'
  /** When the issuer said so. */
  readonly thisUpdateMs: number
  /** From when on the issuer promises to say something newer; for how long the answer may be used. */
  readonly nextUpdateMs: number
}

interface RevokedStatus {
  readonly status: 'revoked'
  readonly source: 'ocsp' | 'crl'
  readonly revokedAtMs: number
  /** `unspecified` also when the issuer gave none. */
  readonly reason: RevocationReason
  readonly thisUpdateMs: number
  readonly nextUpdateMs: number
  /** The evidence was due to be replaced: see {@link statusOrLasting}. */
  readonly outdated?: true
}

/** No evidence that can be used: nobody said anything, or it is too old, or not proven to come from the issuer. */
interface UnknownStatus {
  readonly status: 'unknown'
  /** One sentence. */
  readonly why: string
}

/** Judges evidence that is in memory already: asks nobody and never throws for what the evidence holds. */
export interface RevocationEvidence {
  /** Whether `certificate`, which `issuer` has signed, was revoked at `atMs`. */
  statusOf(input: {
    readonly certificate: Certificate
    readonly issuer: Certificate
    readonly atMs: number
  }): RevocationStatus
}

/** Evidence that is asked again when it is out of date. */
export interface LastingEvidence extends RevocationEvidence {
  /** What it said last, however long ago. Good is no longer good then: only to know since when nothing is known. */
  lastStatusOf: RevocationEvidence['statusOf']
}

/**
 * What evidence says although all of it is outdated: nothing, unless it said revoked, which lasts. An entry stays on
 * the CRLs until after the certificate's validity (RFC 5280 section 3.3), so that the next one would say the same; only
 * a hold may be lifted (section 5.3.1). `last` is the newest word there is.
 */
export function statusOrLasting(status: RevocationStatus, last: () => RevocationStatus): RevocationStatus {
  if (status.status !== 'unknown') return status
  const said = last()
  return said.status === 'revoked' && said.reason !== 'certificateHold' ? { ...said, outdated: true } : status
}
