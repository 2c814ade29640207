import { equalBytes } from '#base'

import { readExtensions } from '../certificate/certificate-extensions.ts'
import { readTime } from '../certificate/certificate-time.ts'
import { Certificate } from '../certificate/certificate.ts'
import { DistinguishedName } from '../certificate/distinguished-name.ts'
import { contextPrimitiveTag, contextTag, type DerElement, DerReader, TAG } from '../der/der-reader.ts'
import { type CertificateId, keyHashOf, readCertificateId } from './certificate-id.ts'
import { RevocationError } from './errors.ts'
import { OCSP } from './object-identifiers.ts'
import { readNonce } from './ocsp-request.ts'
import { readReason } from './reason-code.ts'
import type { RevocationReason } from './revocation-status.ts'
import { isStructureSignedBy, readSignedStructure, type SignedStructure } from './signed-structure.ts'

/** Room for a few answers and the certificate of a delegate with an RSA key. OCPP carries 5,500 characters of base64. */
export const OCSP_RESPONSE_BYTES_MAX = 32 * 1024
/** Some responders answer for a whole batch. */
const ANSWERS_MAX = 64
const CERTIFICATES_MAX = 8

/** In the order of the numbers of OCSPResponseStatus, RFC 6960 section 4.2.1; number 4 is not used. */
export const OCSP_RESPONSE_STATUSES = [
  'successful',
  'malformedRequest',
  'internalError',
  'tryLater',
  undefined,
  'sigRequired',
  'unauthorized',
] as const

/** What a response says about one certificate. */
export interface OcspAnswer {
  readonly certificateId: CertificateId
  readonly status:
    | { readonly status: 'good' }
    | { readonly status: 'unknown' }
    | { readonly status: 'revoked'; readonly revokedAtMs: number; readonly reason: RevocationReason }
  readonly thisUpdateMs: number
  readonly nextUpdateMs: number | undefined
}

/** A successful OCSP response (RFC 6960 section 4.2), parsed once and immutable. Parsing says nothing about trust. */
export class OcspResponse {
  readonly der: Uint8Array
  readonly producedAtMs: number
  readonly answers: readonly OcspAnswer[]
  readonly nonce: Uint8Array | undefined
  /** What came along to verify the signature; empty when the issuer itself signs. */
  readonly certificates: readonly Certificate[]
  readonly #structure: SignedStructure
  readonly #responder: Responder
  readonly #signedBy = new Set<string>()

  /** @see parseOcspResponse */
  constructor(der: Uint8Array) {
    this.der = new Uint8Array(der)
    const basic = openResponse(this.der)
    this.#structure = readSignedStructure(basic)
    this.certificates = readCertificates(basic)
    basic.end()
    const fields = new DerReader(this.#structure.signed.content)
    fields.readOptional(contextTag(0))
    this.#responder = readResponder(fields.readAny())
    this.producedAtMs = readTime(fields)
    this.answers = readAnswers(fields.enter(TAG.sequence))
    const extensions = fields.readOptional(contextTag(1))
    fields.end()
    this.nonce = extensions === undefined ? undefined : readNonce(new DerReader(extensions.content))
  }

  /**
   * Whether `signer` is the responder the response names and its key made the signature. Whether it may answer is
   * another question. A key that cannot be used is `false`.
   */
  isSignedBy(signer: Certificate): boolean {
    if (this.#signedBy.has(signer.fingerprintSha256Hex)) return true
    const signed = isResponder(this.#responder, signer) && isStructureSignedBy(this.#structure, signer)
    if (signed) this.#signedBy.add(signer.fingerprintSha256Hex)
    return signed
  }
}

/**
 * Reads a response, DER.
 *
 * @throws {RevocationError} ERR_REVOCATION_RESPONDER when the responder answered with an error, ERR_REVOCATION_OCSP,
 * ERR_REVOCATION_OCSP_TOO_LARGE, ERR_REVOCATION_CRL (a reason that does not exist)
 * @throws {PkiError} for its DER, dates, extensions and certificates
 */
export function parseOcspResponse(der: Uint8Array): OcspResponse {
  return new OcspResponse(der)
}

function openResponse(der: Uint8Array): DerReader {
  if (der.length > OCSP_RESPONSE_BYTES_MAX) throw tooLarge(`${der.length} bytes`, OCSP_RESPONSE_BYTES_MAX)
  const file = new DerReader(der)
  const outer = file.enter(TAG.sequence)
  file.end()
  const status = outer.read(TAG.enumerated).content
  const name = status.length === 1 ? OCSP_RESPONSE_STATUSES[status[0] ?? 0] : undefined
  if (name === undefined) throw ocspError('a response of unknown status')
  if (name !== 'successful')
    throw new RevocationError('ERR_REVOCATION_RESPONDER', `the responder answered ${name}`)
  const tagged = new DerReader(outer.read(contextTag(0)).content)
  outer.end()
  const wrapper = tagged.enter(TAG.sequence)
  tagged.end()
  const type = wrapper.readObjectIdentifier()
  if (type !== OCSP.basicResponse) throw ocspError(`a response of type ${type}`)
  const response = new DerReader(wrapper.read(TAG.octetString).content)
  wrapper.end()
  const basic = response.enter(TAG.sequence)
  response.end()
  return basic
}

function readCertificates(basic: DerReader): readonly Certificate[] {
  const tagged = basic.readOptional(contextTag(0))
  if (tagged === undefined) return []
  const wrapper = new DerReader(tagged.content)
  const list = wrapper.enter(TAG.sequence)
  wrapper.end()
  const certificates: Certificate[] = []
  while (!list.atEnd) {
    if (certificates.length === CERTIFICATES_MAX) throw tooLarge('too many certificates', CERTIFICATES_MAX)
    certificates.push(new Certificate(list.read(TAG.sequence).encoded))
  }
  return certificates
}

function readAnswers(list: DerReader): readonly OcspAnswer[] {
  const answers: OcspAnswer[] = []
  while (!list.atEnd) {
    if (answers.length === ANSWERS_MAX) throw tooLarge('too many answers', ANSWERS_MAX)
    answers.push(readAnswer(list.enter(TAG.sequence)))
  }
  return answers
}

function readAnswer(fields: DerReader): OcspAnswer {
  const certificateId = readCertificateId(fields.enter(TAG.sequence))
  const status = readStatus(fields.readAny())
  const thisUpdateMs = readTime(fields)
  const next = fields.readOptional(contextTag(0))
  const extensions = fields.readOptional(contextTag(1))
  fields.end()
  if (extensions !== undefined) refuseCritical(new DerReader(extensions.content))
  return { certificateId, status, thisUpdateMs, nextUpdateMs: next && readWholeTime(next) }
}

function readStatus({ tag, content }: DerElement): OcspAnswer['status'] {
  if (tag === contextTag(1)) {
    const fields = new DerReader(content)
    const revokedAtMs = readTime(fields)
    const reason = fields.readOptional(contextTag(0))
    fields.end()
    return { status: 'revoked', revokedAtMs, reason: reason ? readReason(reason.content) : 'unspecified' }
  }
  if (content.length === 0 && tag === contextPrimitiveTag(0)) return { status: 'good' }
  if (content.length === 0 && tag === contextPrimitiveTag(2)) return { status: 'unknown' }
  throw ocspError('a status that is neither good, revoked nor unknown')
}

function readWholeTime({ content }: DerElement): number {
  const reader = new DerReader(content)
  const timeMs = readTime(reader)
  reader.end()
  return timeMs
}

function refuseCritical(wrapper: DerReader): void {
  const unknown = readExtensions(wrapper.enter(TAG.sequence)).find(({ critical }) => critical)
  wrapper.end()
  if (unknown !== undefined) throw ocspError(`critical extension ${unknown.oid} is not supported`)
}

/** ResponderID: its name, or the SHA-1 of its key. */
type Responder = { readonly name: DistinguishedName } | { readonly keyHash: Uint8Array }

function readResponder({ tag, content }: DerElement): Responder {
  if (tag === contextTag(1)) return { name: new DistinguishedName(content) }
  if (tag !== contextTag(2)) throw ocspError('a responder that has neither name nor key')
  const wrapper = new DerReader(content)
  const keyHash = wrapper.read(TAG.octetString).content
  wrapper.end()
  return { keyHash }
}

function isResponder(responder: Responder, signer: Certificate): boolean {
  if ('name' in responder) return responder.name.equals(signer.subject)
  try {
    return equalBytes(responder.keyHash, keyHashOf(signer))
  } catch {
    // A key without bits, in a certificate that came with the response.
    return false
  }
}

const ocspError = (what: string): RevocationError => new RevocationError('ERR_REVOCATION_OCSP', what)
const tooLarge = (what: string, limit: number): RevocationError =>
  new RevocationError('ERR_REVOCATION_OCSP_TOO_LARGE', `OCSP response: ${what}, limit ${limit}`)
