/** What `evouch pki explain --json` prints; the members are explained in docs/pki-explain.md. */
import {
  type Certificate,
  type LintFinding,
  type PathExplanation,
  type RevocationStatus,
  type RuleText,
} from '#pki'

export type ExplainProfile = 'contract' | 'oem' | 'cps' | 'secc' | 'none'

export interface CheckReport {
  readonly rule: string
  readonly section: string
  readonly asks: string
}

export interface RevocationReport {
  readonly status: RevocationStatus['status']
  readonly source?: string
  readonly nextUpdate?: string
  readonly why?: string
}

export interface SubjectReport {
  readonly subject: string
  readonly issuer: string
  readonly serialNumberHex: string
  readonly validFrom: string
  readonly validTo: string
  readonly fingerprintSha256: string
}

export interface MemberReport extends SubjectReport {
  readonly position: 'leaf' | 'intermediate' | 'root'
  readonly checks: readonly CheckReport[]
  readonly revocation?: RevocationReport
}

export type ExplainReport = {
  readonly at: string
  readonly profile: ExplainProfile
  readonly remarks: readonly LintFinding[]
} & (
  | {
      readonly valid: true
      readonly path: readonly MemberReport[]
      readonly checks: readonly CheckReport[]
    }
  | ({
      readonly valid: false
      readonly code: string
      readonly reason: string
      readonly certificate: SubjectReport
    } & CheckReport)
)

export function explainReport(
  explanation: PathExplanation,
  {
    atMs,
    profile,
    remarks,
  }: { readonly atMs: number; readonly profile: ExplainProfile; readonly remarks: readonly LintFinding[] },
): ExplainReport {
  const asked = { at: timeText(atMs), profile, remarks }
  if (!explanation.valid) {
    const { code, message, certificate } = explanation.refusal
    const broken = checkReport(explanation.broken)
    return {
      valid: false,
      ...asked,
      code,
      reason: message,
      ...broken,
      certificate: subjectReport(certificate),
    }
  }
  const path = explanation.certificates.map(({ certificate, position, checks, status }): MemberReport => ({
    position,
    ...subjectReport(certificate),
    ...(status !== undefined && { revocation: revocationReport(status) }),
    checks: checks.map(checkReport),
  }))
  return { valid: true, ...asked, path, checks: explanation.checks.map(checkReport) }
}

function checkReport({ name, section, asks }: RuleText): CheckReport {
  return { rule: name, section, asks }
}

function subjectReport(certificate: Certificate): SubjectReport {
  return {
    subject: certificate.distinguishedName,
    issuer: certificate.issuer.text,
    serialNumberHex: certificate.serialNumberHex,
    validFrom: timeText(certificate.validFromMs),
    validTo: timeText(certificate.validToMs),
    fingerprintSha256: certificate.fingerprintSha256Hex,
  }
}

function revocationReport(status: RevocationStatus): RevocationReport {
  if (status.status === 'unknown') return { status: 'unknown', why: status.why }
  return { status: status.status, source: status.source, nextUpdate: timeText(status.nextUpdateMs) }
}

function timeText(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z')
}
