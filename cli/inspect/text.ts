import { printable } from '../printable.ts'
import { type CertificateReport, type ChainReport, type Report, type SignatureReport } from './report.ts'

/** Enough of a long byte string to recognize it by. */
const FIELD_CHARACTERS_MAX = 72

/** The report for people: what the message is, who speaks, what holds and what does not. */
export function reportText(report: Report): string {
  const { input, sessionId, responseCode, pcid, emaid, rootCertificateIds, digestSha256 } = report
  const lines = [
    `${report.message}  (${input.kind}, ${input.bytes} bytes as ${input.form}, ${report.namespace})`,
    ...row(
      'trailing bytes',
      input.trailingBytes === 0 ? undefined : `${input.trailingBytes} after the message`,
    ),
    ...row('session', sessionId),
    ...row('response code', responseCode),
    ...row('PCID', pcid),
    ...row('EMAID', emaid),
    ...row('SHA-256', digestSha256),
    ...(rootCertificateIds ?? []).flatMap((id) =>
      row('trusts root', `${id.issuerName}, serial ${id.serialNumberHex}`),
    ),
    ...report.certificates.flatMap(certificateLines),
    ...signatureLines(report.signature),
    ...(report.chains ?? []).flatMap(chainLines),
    ...fieldLines(report),
    report.valid ? 'valid: true' : `valid: false  ${report.code}: ${report.reason}`,
  ]
  return `${lines.map(printable).join('\n')}\n`
}

function row(name: string, value: string | undefined): string[] {
  return value === undefined ? [] : [`  ${name.padEnd(14)} ${value}`]
}

function certificateLines(certificate: CertificateReport): string[] {
  if (certificate.subject === undefined)
    return [`certificate (${certificate.role}): ${certificate.code}: ${certificate.reason}`]
  return [
    `certificate (${certificate.role}, ${certificate.bytes} bytes)`,
    ...row('subject', certificate.subject),
    ...row('issuer', certificate.issuer),
    ...row('serial', certificate.serialNumberHex),
    ...row('validity', `${certificate.validFrom} to ${certificate.validTo} (${certificate.validity})`),
    ...row('key', certificate.publicKeyAlgorithm),
    ...row('fingerprint', certificate.fingerprintSha256),
  ]
}

function signatureLines(signature: SignatureReport | undefined): string[] {
  if (signature === undefined) return []
  const { valid, code, reason, signer, digests } = signature
  const verdict =
    valid === undefined
      ? "not checked: the signer's certificate is not in this message"
      : valid
        ? 'valid'
        : `${code}: ${reason}`
  return [
    `signature: ${verdict}`,
    ...row('signer', signer === undefined ? undefined : `${signer.subject} (${signer.role})`),
    ...digests.flatMap(({ uri, element, valid: holds }) =>
      row(
        'digest',
        `${uri} ${element ?? 'names no part of the message'}: ${holds ? 'valid' : 'does not fit'}`,
      ),
    ),
  ]
}

function chainLines({ role, valid, code, reason, path }: ChainReport): string[] {
  return [
    `chain (${role}): ${valid ? 'valid' : `${code}: ${reason}`}`,
    ...(path ?? []).flatMap((subject, index) => row(index === 0 ? 'leaf' : 'issued by', subject)),
  ]
}

/** Fields of certificates were said better above. */
function fieldLines({ fields, certificates }: Report): string[] {
  const told = new Set(certificates.map(({ path }) => path))
  const rest = Object.entries(fields).filter(([path]) => !told.has(path))
  const lines = rest.map(([path, value]) => `  ${path} = ${shortened(value)}`)
  return lines.length === 0 ? [] : ['fields', ...lines]
}

function shortened(value: string): string {
  return value.length <= FIELD_CHARACTERS_MAX ? value : `${value.slice(0, FIELD_CHARACTERS_MAX)}…`
}
