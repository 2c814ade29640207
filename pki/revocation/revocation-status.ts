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
