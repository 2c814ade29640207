import type { Certificate } from '../certificate/certificate.ts'
import { contextTag } from '../der/der-reader.ts'
import { writeElement } from '../der/der-writer.ts'
import type { CertificateRevocationList } from './certificate-revocation-list.ts'
import type { CrlEntry } from './crl-entries.ts'
import {
  ALL_REASONS,
  crlDistributionPointsOf,
  type DistributionPoint,
  shareName,
} from './distribution-point.ts'
import { refuseTime } from './evidence-time.ts'
import { type LastingEvidence, type RevocationStatus, statusOrLasting } from './revocation-status.ts'

/** What is asked about one certificate. */
export interface StatusQuestion {
  readonly certificate: Certificate
  readonly issuer: Certificate
  readonly atMs: number
}

/**
 * Whether a certificate may sign CRLs for certificates of `issuer`, although it is not `issuer`: the caller validates
 * its path, revocation included, and must find the trust anchor that `issuer` has (RFC 5280 section 6.3.3 f). The
 * right to sign CRLs is checked here.
 */
export type CrlIssuerJudge = (question: {
  readonly crlIssuer: Certificate
  readonly issuer: Certificate
  readonly atMs: number
}) => boolean

/** Whether a CRL that was due to be replaced is believed, as at its end. */
interface CrlQuestion extends StatusQuestion {
  readonly outdated: 'refused' | 'believed'
}

/** A CRL that decided, or why none could. */
type Finding =
  | { readonly status: Exclude<RevocationStatus, { status: 'unknown' }>; readonly reasons: number }
  | string

/**
 * Judges CRLs that are in memory (RFC 5280 section 6.3): complete and delta, indirect, divided by distribution
 * points, kinds of certificates and reasons. A CRL whose signer is not the issuer itself, but another certificate
 * (another key of the issuer, or another CRL issuer), counts only if that certificate is among `crlIssuers` and
 * `mayIssueCrl` says so.
 */
export class CrlEvidence implements LastingEvidence {
  readonly #complete: readonly CertificateRevocationList[]
  readonly #deltas: readonly CertificateRevocationList[]
  readonly #crlIssuers: readonly Certificate[]
  readonly #mayIssueCrl: CrlIssuerJudge
  /** CRL issuers whose path is being validated: nobody speaks for his own certificate while it is doubted. */
  readonly #beingJudged = new Set<Certificate>()

  constructor({
    crls,
    crlIssuers = [],
    mayIssueCrl = () => false,
  }: {
    readonly crls: readonly CertificateRevocationList[]
    readonly crlIssuers?: readonly Certificate[]
    readonly mayIssueCrl?: CrlIssuerJudge
  }) {
    const newestFirst = crls.toSorted((a, b) => b.thisUpdateMs - a.thisUpdateMs)
    this.#complete = newestFirst.filter(({ baseNumber }) => baseNumber === undefined)
    this.#deltas = newestFirst.filter(({ baseNumber }) => baseNumber !== undefined)
    this.#crlIssuers = crlIssuers
    this.#mayIssueCrl = mayIssueCrl
  }

  statusOf(question: StatusQuestion): RevocationStatus {
    return statusOrLasting(this.#status({ ...question, outdated: 'refused' }), () =>
      this.lastStatusOf(question),
    )
  }

  lastStatusOf(question: StatusQuestion): RevocationStatus {
    return this.#status({ ...question, outdated: 'believed' })
  }

  #status(question: CrlQuestion): RevocationStatus {
    try {
      return this.#judge(question, [...crlDistributionPointsOf(question.certificate), ISSUER_ITSELF])
    } catch {
      return { status: 'unknown', why: 'the CRL distribution points of the certificate cannot be read' }
    }
  }

  /** The loop of RFC 5280 section 6.3.3: until all reasons are covered or a CRL says revoked. */
  #judge(question: CrlQuestion, points: readonly DistributionPoint[]): RevocationStatus {
    let covered = 0
    let why = 'no CRL covers it'
    let good: RevocationStatus | undefined
    for (const point of points) {
      for (const crl of this.#complete) {
        const finding = this.#consult(crl, point, question, covered)
        if (finding === undefined) continue
        if (typeof finding === 'string') {
          why = finding
          continue
        }
        if (finding.status.status === 'revoked') return finding.status
        covered |= finding.reasons
        good = shorter(good, finding.status)
        if (covered === ALL_REASONS) return good
      }
    }
    if (good !== undefined) why = 'CRLs cover only some reasons of revocation'
    return { status: 'unknown', why }
  }

  /** What one complete CRL says; `undefined` when it is not about this certificate or adds no reason. */
  #consult(
    crl: CertificateRevocationList,
    point: DistributionPoint,
    question: CrlQuestion,
    covered: number,
  ): Finding | undefined {
    const { certificate } = question
    if (!covers(crl, point, certificate)) return undefined
    const reasons = (crl.issuingDistributionPoint?.reasons ?? ALL_REASONS) & point.reasons
    if ((reasons & ~covered) === 0) return undefined
    const unusable = refuseUse(crl, question)
    if (unusable !== undefined) return unusable
    const signer = this.#signerOf(crl, point, { ...question, atMs: timeFor(crl, question) })
    if (signer === undefined) return 'the CRL is not signed by a key that may sign it'
    const unreadable = refuseEntries(crl)
    if (unreadable !== undefined) return unreadable
    const delta = this.#deltas.find(
      (candidate) =>
        candidate.continues(crl) &&
        refuseUse(candidate, question) === undefined &&
        candidate.isSignedBy(signer) &&
        refuseEntries(candidate) === undefined,
    )
    try {
      const entry = delta?.entryOf(certificate) ?? crl.entryOf(certificate)
      return { status: statusFrom(entry, delta ?? crl, crl), reasons }
    } catch {
      return 'the entry of the certificate in the CRL cannot be read'
    }
  }

  #signerOf(
    crl: CertificateRevocationList,
    point: DistributionPoint,
    { certificate, issuer, atMs }: StatusQuestion,
  ): Certificate | undefined {
    if (maySign(crl, issuer)) return issuer
    return this.#crlIssuers.find((crlIssuer) => {
      if (!maySign(crl, crlIssuer)) return false
      // Its own issuer has put its status into its own hands, by naming it as CRL issuer (PKITS 4.14.30).
      if (this.#beingJudged.has(crlIssuer))
        return point.crlIssuers !== undefined && crlIssuer.equals(certificate)
      this.#beingJudged.add(crlIssuer)
      try {
        return this.#mayIssueCrl({ crlIssuer, issuer, atMs })
      } finally {
        this.#beingJudged.delete(crlIssuer)
      }
    })
  }
}

/** RFC 5280 section 6.3.3, after the distribution points: whatever else the issuer of the certificate has issued. */
const ISSUER_ITSELF: DistributionPoint = { reasons: ALL_REASONS }

/** RFC 5280 section 6.3.3 b. */
function covers(crl: CertificateRevocationList, point: DistributionPoint, certificate: Certificate): boolean {
  const scope = crl.issuingDistributionPoint
  const crlIssuerName = [{ directory: crl.issuer, der: writeElement(contextTag(4), crl.issuer.der) }]
  if (point.crlIssuers === undefined) {
    if (!crl.issuer.equals(certificate.issuer)) return false
  } else if (scope?.indirect !== true || !shareName(crlIssuerName, point.crlIssuers)) return false
  if (scope === undefined) return true
  const pointNames = point.names ?? point.crlIssuers ?? issuerNames(certificate)
  if (scope.names !== undefined && !shareName(scope.names, pointNames)) return false
  if (scope.onlyAttributeCertificates) return false
  const isCa = certificate.basicConstraints?.ca === true
  return isCa ? !scope.onlyUserCertificates : !scope.onlyCaCertificates
}

const issuerNames = ({ issuer }: Certificate): NonNullable<DistributionPoint['names']> => [
  { directory: issuer, der: writeElement(contextTag(4), issuer.der) },
]

function refuseUse(crl: CertificateRevocationList, question: CrlQuestion): string | undefined {
  return refuseExtension(crl) ?? refuseTime('the CRL', crl, timeFor(crl, question))
}

/** Only for a CRL whose signature is right: it walks over all entries. */
function refuseEntries(crl: CertificateRevocationList): string | undefined {
  try {
    return refuseExtension(crl.entries)
  } catch {
    return 'the entries of the CRL cannot be read'
  }
}

function refuseExtension({
  unsupportedExtension,
}: Pick<CertificateRevocationList, 'unsupportedExtension'>): string | undefined {
  return unsupportedExtension === undefined
    ? undefined
    : `the CRL has the critical extension ${unsupportedExtension}, which is not supported`
}

const timeFor = ({ nextUpdateMs }: CertificateRevocationList, { atMs, outdated }: CrlQuestion): number =>
  outdated === 'believed' ? Math.min(atMs, nextUpdateMs) : atMs

/** Name, right and signature, the cheap ones first. */
function maySign(crl: CertificateRevocationList, signer: Certificate): boolean {
  if (!signer.subject.equals(crl.issuer)) return false
  if (signer.keyUsage !== undefined && !signer.keyUsage.includes('cRLSign')) return false
  return crl.isSignedBy(signer)
}

function statusFrom(
  entry: CrlEntry | undefined,
  newest: CertificateRevocationList,
  complete: CertificateRevocationList,
): Exclude<RevocationStatus, { status: 'unknown' }> {
  const times = {
    source: 'crl' as const,
    thisUpdateMs: newest.thisUpdateMs,
    nextUpdateMs: Math.min(newest.nextUpdateMs, complete.nextUpdateMs),
  }
  if (entry === undefined || entry.reason === 'removeFromCRL') return { status: 'good', ...times }
  return { status: 'revoked', revokedAtMs: entry.revokedAtMs, reason: entry.reason, ...times }
}

/** Of several CRLs that together say good, the one that ends first. */
function shorter(
  one: RevocationStatus | undefined,
  other: Exclude<RevocationStatus, { status: 'unknown' }>,
): RevocationStatus {
  return one?.status === 'good' && one.nextUpdateMs < other.nextUpdateMs ? one : other
}
