import { codeOf, messageOf } from '#base'
import { type V2gMessage } from '#iso15118'
import { type Certificate, parseCertificate } from '#pki'

import { type CertificateReport, type CertificateRole } from './report.ts'

/** A certificate of a message; `certificate` is absent when its bytes are none. */
export interface FoundCertificate {
  readonly role: CertificateRole
  readonly path: string
  readonly bytes: Uint8Array
  readonly certificate?: Certificate
  readonly error?: unknown
}

interface CertificateChain {
  readonly Certificate: Uint8Array
  readonly SubCertificates?: { readonly Certificate: readonly Uint8Array[] }
}

/** The certificates of a body in the order of the message. */
export function certificatesOf({ Body }: V2gMessage): readonly FoundCertificate[] {
  const { CertificateInstallationReq: request, PaymentDetailsReq, CertificateUpdateReq } = Body
  const response = Body.CertificateInstallationRes ?? Body.CertificateUpdateRes
  return [
    ...(request === undefined
      ? []
      : [found('oem-provisioning', 'OEMProvisioningCert', request.OEMProvisioningCert)]),
    ...chain('cps', 'SAProvisioningCertificateChain', response?.SAProvisioningCertificateChain),
    ...chain('contract', 'ContractSignatureCertChain', response?.ContractSignatureCertChain),
    ...chain('contract', 'ContractSignatureCertChain', PaymentDetailsReq?.ContractSignatureCertChain),
    ...chain('contract', 'ContractSignatureCertChain', CertificateUpdateReq?.ContractSignatureCertChain),
  ]
}

function chain(
  role: 'cps' | 'contract',
  path: string,
  value: CertificateChain | undefined,
): FoundCertificate[] {
  if (value === undefined) return []
  const subs = value.SubCertificates?.Certificate ?? []
  return [
    found(role, `${path}.Certificate`, value.Certificate),
    ...subs.map((bytes, index) =>
      found(`${role}-sub-ca`, `${path}.SubCertificates.Certificate[${index}]`, bytes),
    ),
  ]
}

function found(role: CertificateRole, path: string, bytes: Uint8Array): FoundCertificate {
  try {
    return { role, path, bytes, certificate: parseCertificate(bytes) }
  } catch (error) {
    return { role, path, bytes, error }
  }
}

export function certificateReport(
  { role, path, bytes, certificate, error }: FoundCertificate,
  atMs: number,
): CertificateReport {
  const place = { role, path, bytes: bytes.length }
  if (certificate === undefined)
    return { ...place, code: codeOf(error) ?? 'ERR_INTERNAL', reason: messageOf(error) }
  return {
    ...place,
    subject: certificate.distinguishedName,
    issuer: certificate.issuer.text,
    serialNumberHex: certificate.serialNumberHex,
    validFrom: timeText(certificate.validFromMs),
    validTo: timeText(certificate.validToMs),
    validity:
      atMs < certificate.validFromMs ? 'not-yet-valid' : atMs > certificate.validToMs ? 'expired' : 'valid',
    publicKeyAlgorithm: certificate.publicKeyAlgorithm ?? 'unknown',
    fingerprintSha256: certificate.fingerprintSha256Hex,
  }
}

function timeText(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z')
}
