import { type Verifier } from '#base'
import {
  type BodyType,
  type CertificateInstallationResType,
  type CertificateUpdateResType,
  type SignatureVerdict,
  type V2gMessage,
  verifyMessageSignature,
} from '#iso15118'
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
    return { ...digestFault(verdict), digests }
  }
  const { distinguishedName: subject, fingerprintSha256Hex: fingerprintSha256 } = certificate
  return {
    valid: verdict.valid,
    ...(!verdict.valid && { code: verdict.code, reason: verdict.message }),
    signer: { role: signer.role, subject, fingerprintSha256 },
    digests,
  }
}

/** What is wrong whoever signed: nobody's key fits, so the verdict blames SignedInfo where a digest does not fit. */
function digestFault(verdict: SignatureVerdict): Pick<SignatureReport, 'valid' | 'code' | 'reason'> {
  if (verdict.valid || verdict.code === 'ERR_SIGNATURE_VALUE') return {}
  const { code, message, references } = verdict
  const uris = references.flatMap(({ uri, valid }) => (valid ? [] : [uri]))
  if (code !== 'ERR_SIGNATURE_SIGNED_INFO') return { valid: false, code, reason: message }
  return {
    valid: false,
    code: 'ERR_SIGNATURE_DIGEST',
    reason: `the digest of ${uris.join(', ')} does not fit`,
  }
}

/** A negative answer carries no contract and is not signed; the other messages about certificates always are. */
function mustBeSigned({ Body }: V2gMessage): boolean {
  const request = Body.CertificateInstallationReq ?? Body.CertificateUpdateReq
  return request !== undefined || contractDataOf(Body) !== undefined
}

type ContractDataRes = CertificateInstallationResType | CertificateUpdateResType

/** The response that carries contract data, and not only the empty shape of it that a negative answer has. */
export function contractDataOf(body: BodyType): ContractDataRes | undefined {
  const response = body.CertificateInstallationRes ?? body.CertificateUpdateRes
  return response?.ResponseCode.startsWith('FAILED') === true ? undefined : response
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
