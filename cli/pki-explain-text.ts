import {
  type CheckReport,
  type ExplainReport,
  type MemberReport,
  type RevocationReport,
  type SubjectReport,
} from './pki-explain-report.ts'
import { printable } from './printable.ts'

/** The report for people: the path from the leaf to the root with every rule it kept, or the rule that was broken. */
export function explainText(report: ExplainReport): string {
  const asked = `at ${report.at}, profile ${report.profile}`
  const verdict = report.valid
    ? [
        ...report.path.flatMap(memberLines),
        'the path as a whole',
        ...report.checks.map(checkLine),
        `valid: true  ${report.path.length} certificates, ${asked}`,
      ]
    : [
        'certificate at fault',
        ...subjectLines(report.certificate),
        'rule that is broken',
        checkLine(report),
        `valid: false  ${report.code}: ${report.reason} (${report.section}; ${asked})`,
      ]
  const lines = [...remarkLines(report), ...verdict]
  return `${lines.map(printable).join('\n')}\n`
}

/** What the leaf differs in from the profile, whatever the verdict on its path. */
function remarkLines({ profile, remarks }: ExplainReport): string[] {
  if (remarks.length === 0) return []
  const lines = remarks.map(
    ({ code, severity, message, source }) => `  ${code}  ${message} (${severity}; ${source})`,
  )
  return [`the leaf beside the profile ${profile}`, ...lines]
}

function memberLines({ position, checks, revocation, ...subject }: MemberReport): string[] {
  return [
    position,
    ...subjectLines(subject),
    ...(revocation === undefined ? [] : [`  revocation    ${revocationText(revocation)}`]),
    ...checks.map(checkLine),
  ]
}

function subjectLines(subject: SubjectReport): string[] {
  return [
    `  subject       ${subject.subject}`,
    `  issuer        ${subject.issuer}`,
    `  serial        ${subject.serialNumberHex}`,
    `  validity      ${subject.validFrom} to ${subject.validTo}`,
    `  fingerprint   ${subject.fingerprintSha256}`,
  ]
}

function revocationText({ status, source, nextUpdate, why }: RevocationReport): string {
  return why === undefined ? `${status} (${source}, next update ${nextUpdate})` : `${status}: ${why}`
}

function checkLine({ rule, section, asks }: CheckReport): string {
  return `  ${rule.padEnd(20)} ${asks} (${section})`
}
