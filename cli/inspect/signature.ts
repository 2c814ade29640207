import { type Verifier } from '#base'
import { type V2gMessage, verifyMessageSignature } from '#iso15118'
import { verifierOf } from '#pki'

import { type FoundCertificate } from './certificates.ts'
import { type SignatureReport } from './report.ts'

/** Stands in when the signer is not in the message: no signature is ever its own, so only the digests can hold. */
const NOBODY: Verifier = { algorithm: 'ecdsa-p256-sha256', verify: () => false }

/**
 * Checks the signature of a message with the certificate in it that must have made it. `undefined` when there is none
 * and none is called for.
 */
export function signatureReport(
  message: V2gMessage,
  certificates: readonly FoundCertificate[],
): SignatureReport | undefined {
  const signer = signerOf(message, certificates)
  if (message.Header.Signature === undefined && !mustBeSigned(message)) return undefined
  const certificate = signer?.certificate
  if (signer !== undefined && certificate === undefined)
    return { valid: false, code: 'ERR_CLI_SIGNER', reason: "the signer's certificate is none", digests: [] }
  const verifier = certificate === undefined ? NOBODY : verifierOf(certificate)
  const verdict = verifyMessageSignature({ message, verifier })
  const digests = verdict.references
  if (signer === undefined || certificate === undefined) {
    if (verdict.valid || verdict.code === 'ERR_SIGNATURE_VALUE') return { digests }
    return { valid: false, code: verdict.code, reason: verdict.message, digests }
  }
  const { distinguishedName: subject, fingerprintSha256Hex: fingerprintSha256 } = certificate
  return {
    valid: verdict.valid,
    ...(!verdict.valid && { code: verdict.code, reason: verdict.message }),
    signer: { role: signer.role, subject, fingerprintSha256 },
    digests,
  }
}

/** A negative answer carries no contract and is not signed; the other messages about certificates always are. */
export function mustBeSigned(message: V2gMessage): boolean {
  const { CertificateInstallationReq, CertificateUpdateReq } = message.Body
  return (
    CertificateInstallationReq !== undefined || CertificateUpdateReq !== undefined || bringsContract(message)
  )
}

/** Whether a message carries contract data, and not only the empty shape of it that a negative answer has. */
export function bringsContract({ Body }: V2gMessage): boolean {
  const response = Body.CertificateInstallationRes ?? Body.CertificateUpdateRes
  return response !== undefined && !response.ResponseCode.startsWith('FAILED')
}

function signerOf(
  message: V2gMessage,
  certificates: readonly FoundCertificate[],
): FoundCertificate | undefined {
  const { CertificateInstallationReq, CertificateUpdateReq } = message.Body
  const role =
    CertificateInstallationReq !== undefined
      ? 'oem-provisioning'
      : CertificateUpdateReq !== undefined
        ? 'contract'
        : 'cps'
  return certificates.find((found) => found.role === role)
}
