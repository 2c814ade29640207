import { createHash } from 'node:crypto'

import { hexFromBytes } from '#base'
import { ISO2_MSG_DEF, type V2gMessage } from '#iso15118'

import { type Input } from '../input.ts'
import { certificateReport, certificatesOf, type FoundCertificate } from './certificates.ts'
import { chainReports } from './chains.ts'
import { fieldsOf } from './fields.ts'
import { readMessage, type Reading } from './reading.ts'
import { type Report, type RootCertificateId } from './report.ts'
import { contractDataOf, signatureReport } from './signature.ts'
import { type TrustDirectory } from './trust-directory.ts'

/** Against what a message is checked. Without `trust` chains are not judged. */
export interface InspectOptions {
  readonly atMs: number
  readonly trust?: TrustDirectory | undefined
}

/**
 * Finds out everything about a message of ISO 15118-2.
 *
 * @throws {UnusableInput} when it is none
 */
export function inspectMessage(input: Input, options: InspectOptions): Report {
  const reading = readMessage(input)
  return reading.kind === 'document'
    ? documentReport(input, reading, options)
    : fragmentReport(input, reading)
}

function documentReport(
  { form, bytes }: Input,
  { kind, message, trailingBytes, session }: Reading & { kind: 'document' },
  { atMs, trust }: InspectOptions,
): Report {
  const [[name, body] = ['V2G_Message', {}]]: [string, unknown][] = Object.entries(message.Body)
  const fields = fieldsOf(body)
  const found = isNegative(message) ? [] : certificatesOf(message)
  const certificates = found.map((each) => certificateReport(each, atMs))
  const signature = signatureReport(message, found)
  const chains = trust === undefined ? undefined : chainReports(found, { trust, atMs })
  const fault =
    certificates.find(({ code }) => code !== undefined) ??
    (signature?.valid === false ? signature : chains?.find(({ valid }) => !valid))
  return {
    valid: fault === undefined,
    ...(fault?.code !== undefined && { code: fault.code }),
    ...(fault?.reason !== undefined && { reason: fault.reason }),
    input: { form, kind, bytes: bytes.length, trailingBytes },
    namespace: ISO2_MSG_DEF,
    message: name,
    ...(session === 'present' && { sessionId: hexFromBytes(message.Header.SessionID) }),
    ...(fields['ResponseCode'] !== undefined && { responseCode: fields['ResponseCode'] }),
    ...identifiers(message, found),
    certificates,
    ...(signature !== undefined && { signature }),
    ...(chains !== undefined && { chains }),
    fields,
  }
}

function fragmentReport(
  { form, bytes }: Input,
  { kind, element, trailingBytes }: Reading & { kind: 'fragment' },
): Report {
  return {
    valid: true,
    input: { form, kind, bytes: bytes.length, trailingBytes },
    namespace: element.namespace,
    message: element.name,
    certificates: [],
    digestSha256: createHash('sha256').update(bytes).digest('hex'),
    fields: fieldsOf(element.value),
  }
}

type Identifiers = Pick<Report, 'pcid' | 'emaid' | 'rootCertificateIds'>

function identifiers({ Body }: V2gMessage, found: readonly FoundCertificate[]): Identifiers {
  const request = Body.CertificateInstallationReq ?? Body.CertificateUpdateReq
  const emaid =
    contractDataOf(Body)?.eMAID.$value ?? Body.CertificateUpdateReq?.eMAID ?? Body.PaymentDetailsReq?.eMAID
  const pcid = found.find(({ role }) => role === 'oem-provisioning')?.certificate?.commonName
  const rootIds = request?.ListOfRootCertificateIDs.RootCertificateID
  return {
    ...(pcid !== undefined && { pcid }),
    ...(emaid !== undefined && { emaid }),
    ...(rootIds !== undefined && { rootCertificateIds: rootIds.map(rootCertificateId) }),
  }
}

function rootCertificateId(id: {
  readonly X509IssuerName: string
  readonly X509SerialNumber: bigint
}): RootCertificateId {
  return { issuerName: id.X509IssuerName, serialNumberHex: id.X509SerialNumber.toString(16) }
}

/** The certificates of a negative answer are placeholders, there because the schema demands something. */
function isNegative({ Body }: V2gMessage): boolean {
  const response = Body.CertificateInstallationRes ?? Body.CertificateUpdateRes
  return response !== undefined && contractDataOf(Body) === undefined
}
