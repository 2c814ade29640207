/** OCSP requests (RFC 6960 section 4.1 and appendix A), as client and as responder. */
import { base64FromBytes, bytesFromBase64, bytesFromHex } from '#base'

import { readExtensions } from '../certificate/certificate-extensions.ts'
import { contextTag, DerReader, TAG } from '../der/der-reader.ts'
import { writeExplicit, writeObjectIdentifier, writeOctetString, writeSequence } from '../der/der-writer.ts'
import { type CertificateId, readCertificateId, writeCertificateId } from './certificate-id.ts'
import { RevocationError } from './errors.ts'
import { OCSP } from './object-identifiers.ts'

/** A request for {@link OCSP_REQUEST_IDS_MAX} certificates with SHA-512, and a signature nobody asked for. */
export const OCSP_REQUEST_BYTES_MAX = 16 * 1024
/** A chain of ISO 15118 has three certificates to ask for. */
const OCSP_REQUEST_IDS_MAX = 16
/** RFC 9654: 32 bytes, at most 128. */
const NONCE_BYTES_MAX = 128

export interface OcspRequest {
  readonly certificateIds: readonly CertificateId[]
  /** 1 to 128 bytes, to be found again in the response. */
  readonly nonce?: Uint8Array
}

/** OCSPRequest, DER, unsigned. */
export function writeOcspRequest({ certificateIds, nonce }: OcspRequest): Uint8Array {
  const requests = writeSequence(...certificateIds.map((id) => writeSequence(writeCertificateId(id))))
  const extensions = nonce === undefined ? [] : [writeExplicit(2, writeSequence(writeNonce(nonce)))]
  return writeSequence(writeSequence(requests, ...extensions))
}

/** The path segment of a GET: base64, percent-encoded. To be put behind the responder's address and a slash. */
export function ocspRequestPath(der: Uint8Array): string {
  return encodeURIComponent(base64FromBytes(der))
}

/**
 * Reads a request, DER. A signature of the requestor and extensions other than the nonce are passed over, critical
 * ones are refused.
 *
 * @throws {RevocationError} ERR_REVOCATION_OCSP, ERR_REVOCATION_OCSP_TOO_LARGE (over {@link OCSP_REQUEST_BYTES_MAX} or
 * {@link OCSP_REQUEST_IDS_MAX})
 * @throws {PkiError} ERR_PKI_DER, ERR_PKI_TRAILING_BYTES, ERR_PKI_DUPLICATE_EXTENSION, ERR_PKI_CERTIFICATE
 */
export function readOcspRequest(der: Uint8Array): OcspRequest {
  checkSize(der.length)
  const file = new DerReader(der)
  const outer = file.enter(TAG.sequence)
  file.end()
  const fields = outer.enter(TAG.sequence)
  outer.readOptional(contextTag(0))
  outer.end()
  readVersion(fields)
  fields.readOptional(contextTag(1))
  const certificateIds = readRequests(fields.enter(TAG.sequence))
  const extensions = fields.readOptional(contextTag(2))
  fields.end()
  const nonce = extensions === undefined ? undefined : readNonce(new DerReader(extensions.content))
  return { certificateIds, ...(nonce === undefined ? {} : { nonce }) }
}

/**
 * The DER of a request that was posted: as RFC 6960 has it, or in hexadecimal digits, as clients in the field send it.
 * Who answers the latter answers in hexadecimal digits too.
 *
 * @throws {RevocationError} ERR_REVOCATION_OCSP, ERR_REVOCATION_OCSP_TOO_LARGE
 */
export function decodeOcspRequestBody(body: Uint8Array): {
  readonly der: Uint8Array
  readonly form: 'der' | 'hex'
} {
  if (body[0] === TAG.sequence) {
    checkSize(body.length)
    return { der: body, form: 'der' }
  }
  checkSize(body.length / 2)
  const text = Buffer.from(body).toString('latin1').trim()
  return { der: decoded(() => bytesFromHex(text)), form: 'hex' }
}

/**
 * The DER of a request that came by GET: what stands behind the responder's own path, still percent-encoded.
 *
 * @throws {RevocationError} ERR_REVOCATION_OCSP, ERR_REVOCATION_OCSP_TOO_LARGE
 */
export function decodeOcspRequestPath(path: string): Uint8Array {
  // Three characters of a path for each of base64, four of base64 for three bytes.
  checkSize(path.length / 4)
  return decoded(() => bytesFromBase64(decodeURIComponent(path).replace(/^\/+/, ''), OCSP_REQUEST_BYTES_MAX))
}

/** An extension with a nonce, in requests and responses (RFC 9654). */
export function writeNonce(nonce: Uint8Array): Uint8Array {
  return writeSequence(writeObjectIdentifier(OCSP.nonce), writeOctetString(writeOctetString(nonce)))
}

/**
 * The nonce among the extensions of a request or response.
 *
 * @throws {RevocationError} ERR_REVOCATION_OCSP for a critical extension that is none, and a nonce over 128 bytes
 */
export function readNonce(wrapper: DerReader): Uint8Array | undefined {
  const extensions = readExtensions(wrapper.enter(TAG.sequence))
  wrapper.end()
  const unknown = extensions.find(({ critical, oid }) => critical && oid !== OCSP.nonce)
  if (unknown !== undefined) throw ocspError(`critical extension ${unknown.oid} is not supported`)
  const value = extensions.find(({ oid }) => oid === OCSP.nonce)?.value
  return value === undefined ? undefined : nonceOf(value)
}

/** Clients older than RFC 6960 put the bytes there without the OCTET STRING around them. */
function nonceOf(value: Uint8Array): Uint8Array {
  const nonce = value[0] === TAG.octetString ? (wrappedBytes(value) ?? value) : value
  if (nonce.length === 0 || nonce.length > NONCE_BYTES_MAX)
    throw ocspError(`a nonce has 1 to ${NONCE_BYTES_MAX} bytes`)
  return nonce
}

function wrappedBytes(value: Uint8Array): Uint8Array | undefined {
  try {
    const reader = new DerReader(value)
    const { content } = reader.readAny()
    return reader.atEnd ? content : undefined
  } catch {
    return undefined
  }
}

function readVersion(fields: DerReader): void {
  const tagged = fields.readOptional(contextTag(0))
  if (tagged === undefined) return
  const wrapper = new DerReader(tagged.content)
  const [version] = wrapper.readInteger()
  wrapper.end()
  if (version !== 0) throw ocspError('not a request of version 1')
}

function readRequests(list: DerReader): readonly CertificateId[] {
  const certificateIds: CertificateId[] = []
  while (!list.atEnd) {
    if (certificateIds.length === OCSP_REQUEST_IDS_MAX) {
      throw new RevocationError(
        'ERR_REVOCATION_OCSP_TOO_LARGE',
        `request for more than ${OCSP_REQUEST_IDS_MAX} certificates`,
      )
    }
    const request = list.enter(TAG.sequence)
    certificateIds.push(readCertificateId(request.enter(TAG.sequence)))
    request.readOptional(contextTag(0))
    request.end()
  }
  if (certificateIds.length === 0) throw ocspError('a request for no certificate')
  return certificateIds
}

function checkSize(bytes: number): void {
  if (bytes <= OCSP_REQUEST_BYTES_MAX) return
  throw new RevocationError(
    'ERR_REVOCATION_OCSP_TOO_LARGE',
    `request of ${Math.ceil(bytes)} bytes, limit ${OCSP_REQUEST_BYTES_MAX}`,
  )
}

function decoded<T>(decode: () => T): T {
  try {
    return decode()
  } catch (error) {
    throw new RevocationError('ERR_REVOCATION_OCSP', 'neither DER nor the text form of a request', {
      cause: error,
    })
  }
}

const ocspError = (what: string): RevocationError => new RevocationError('ERR_REVOCATION_OCSP', what)
