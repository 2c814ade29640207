import type { Certificate } from '../certificate/certificate.ts'
import { EXTENSION } from '../der/object-identifiers.ts'
import { certificateIdOf, sameCertificateId } from './certificate-id.ts'
import { refuseTime } from './evidence-time.ts'
import { OCSP } from './object-identifiers.ts'
import type { OcspAnswer, OcspResponse } from './ocsp-response.ts'
import { type LastingEvidence, type RevocationStatus, statusOrLasting } from './revocation-status.ts'

/** How long an answer may be used whose responder does not say so. */
const WITHOUT_NEXT_UPDATE_MS = 24 * 60 * 60 * 1000
/** Extensions of a responder's certificate that do not matter here or are looked at here. */
const EVALUATED: ReadonlySet<string> = new Set([
  EXTENSION.basicConstraints,
  EXTENSION.keyUsage,
  EXTENSION.extendedKeyUsage,
  EXTENSION.subjectKeyIdentifier,
  EXTENSION.authorityKeyIdentifier,
  EXTENSION.subjectAltName,
])

/**
 * Judges OCSP responses that are in memory (RFC 6960 section 3.2): the newest that is about the certificate, not too
 * old, and signed by the issuer or by a responder the issuer itself has named, decides. `unknown` of a responder is
 * not good. Whether the certificate of a named responder was revoked is not asked: such certificates are short-lived.
 */
export class OcspEvidence implements LastingEvidence {
  readonly #responses: readonly OcspResponse[]

  constructor(responses: readonly OcspResponse[]) {
    this.#responses = responses
  }

  statusOf(question: Question): RevocationStatus {
    return statusOrLasting(
      this.#judge(question, () => question.atMs),
      () => this.lastStatusOf(question),
    )
  }

  lastStatusOf(question: Question): RevocationStatus {
    return this.#judge(question, ({ nextUpdateMs }) => Math.min(question.atMs, nextUpdateMs))
  }

  #judge(question: Question, timeFor: (times: Times) => number): RevocationStatus {
    const found = this.#responses
      .flatMap((response) => answersAbout(question, response).map((answer) => ({ answer, response })))
      .toSorted((a, b) => b.answer.thisUpdateMs - a.answer.thisUpdateMs)
    let why = 'no OCSP response is about it'
    for (const { answer, response } of found) {
      const times = timesOf(answer)
      const atMs = timeFor(times)
      const refused =
        refuseTime('the OCSP response', times, atMs) ?? refuseSigner(response, { ...question, atMs })
      if (refused === undefined) return statusFrom(answer, times)
      why = refused
    }
    return { status: 'unknown', why }
  }
}

interface Question {
  readonly certificate: Certificate
  readonly issuer: Certificate
  readonly atMs: number
}

function answersAbout(
  { certificate, issuer }: { readonly certificate: Certificate; readonly issuer: Certificate },
  { answers }: OcspResponse,
): readonly OcspAnswer[] {
  return answers.filter(({ certificateId }) => {
    const { hashAlgorithm, serialNumberHex } = certificateId
    // The hashes are only worth their time for the right number.
    if (serialNumberHex !== certificate.serialNumberHex) return false
    return sameCertificateId(certificateId, certificateIdOf({ certificate, issuer, hashAlgorithm }))
  })
}

interface Times {
  readonly source: 'ocsp'
  readonly thisUpdateMs: number
  readonly nextUpdateMs: number
}

const timesOf = ({ thisUpdateMs, nextUpdateMs }: OcspAnswer): Times => ({
  source: 'ocsp',
  thisUpdateMs,
  nextUpdateMs: nextUpdateMs ?? thisUpdateMs + WITHOUT_NEXT_UPDATE_MS,
})

function statusFrom({ status }: OcspAnswer, times: Times): RevocationStatus {
  if (status.status === 'unknown') return { status: 'unknown', why: 'the OCSP responder does not know it' }
  return { ...status, ...times }
}

/** RFC 6960 section 4.2.2.2. */
function refuseSigner(
  response: OcspResponse,
  { issuer, atMs }: { readonly issuer: Certificate; readonly atMs: number },
): string | undefined {
  if (response.isSignedBy(issuer)) return undefined
  const delegate = response.certificates.find((certificate) => response.isSignedBy(certificate))
  if (delegate === undefined)
    return 'the OCSP response is signed neither by the issuer nor by a named responder'
  return refuseDelegate(delegate, issuer, atMs)
}

function refuseDelegate(delegate: Certificate, issuer: Certificate, atMs: number): string | undefined {
  if (!delegate.issuer.equals(issuer.subject) || !isSigned(delegate, issuer))
    return 'the OCSP responder was not named by the issuer'
  if (delegate.extendedKeyUsage?.includes(OCSP.signingPurpose) !== true)
    return 'the certificate of the OCSP responder is not for signing OCSP responses'
  if (delegate.keyUsage !== undefined && !delegate.keyUsage.includes('digitalSignature'))
    return 'the key usage of the OCSP responder does not allow signatures'
  if (!(atMs >= delegate.validFromMs && Math.floor(atMs / 1000) * 1000 <= delegate.validToMs))
    return 'the certificate of the OCSP responder is not valid now'
  const unknown = delegate.extensions.find(({ critical, oid }) => critical && !EVALUATED.has(oid))
  if (unknown !== undefined)
    return `the certificate of the OCSP responder has the critical extension ${unknown.oid}`
  return undefined
}

function isSigned(certificate: Certificate, issuer: Certificate): boolean {
  try {
    return certificate.isSignedBy(issuer)
  } catch {
    return false
  }
}
