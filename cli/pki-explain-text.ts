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
  const lines = report.valid
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
  return `${lines.map(printable).join('\n')}\n`
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
