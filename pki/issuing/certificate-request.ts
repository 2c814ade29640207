/** Certification requests: PKCS#10, RFC 2986. */
import { createPublicKey, type KeyObject, verify } from 'node:crypto'

import { bytesFromBase64, messageOf, type Signer } from '#base'

import {
  ALGORITHM,
  algorithmOfKey,
  algorithmOfPublicKey,
  algorithmOfSignature,
  type CertificateAlgorithm,
} from '../certificate/algorithms.ts'
import { DistinguishedName } from '../certificate/distinguished-name.ts'
import { contextTag, DerReader, TAG } from '../der/der-reader.ts'
import { writeElement, writeSequence, writeUnsignedInteger } from '../der/der-writer.ts'
import { readPem } from '../der/pem.ts'
import { PkiError } from '../errors.ts'
import { type CertificateSubject, writeName, writeSigned } from './certificate-encoding.ts'

/** A request with a P-521 key and a long name has 500 bytes; attributes nobody reads here get room. */
const CERTIFICATE_REQUEST_BYTES_MAX = 8 * 1024
/** Base64 with line breaks, or PEM. */
const TEXT_CHARACTERS_MAX = 2 * CERTIFICATE_REQUEST_BYTES_MAX
const LABELS = ['CERTIFICATE REQUEST', 'NEW CERTIFICATE REQUEST'] as const

/** What is asked for, by whoever holds the private key of `publicKey`: that much is verified. */
export interface CertificateRequest {
  readonly subject: DistinguishedName
  readonly publicKey: KeyObject
  readonly publicKeyAlgorithm: CertificateAlgorithm
  /** The whole request. */
  readonly der: Uint8Array
}

/**
 * Reads a request as DER, base64 in whatever line width, or PEM, and verifies that it is signed with its own key.
 * Requested extensions are not read: the profile decides what a certificate says.
 *
 * @throws {PkiError} ERR_PKI_REQUEST when it is none of these or longer than 8 KiB, ERR_PKI_REQUEST_SIGNATURE,
 * ERR_PKI_KEY_ALGORITHM when the key is not P-256, P-521 or Ed448
 */
export function readCertificateRequest(body: Uint8Array | string): CertificateRequest {
  const der = derOf(body)
  if (der.length > CERTIFICATE_REQUEST_BYTES_MAX) throw tooLong()
  try {
    return parse(der)
  } catch (error) {
    if (error instanceof PkiError && error.code !== 'ERR_PKI_DER' && error.code !== 'ERR_PKI_TRAILING_BYTES')
      throw error
    throw new PkiError('ERR_PKI_REQUEST', `not a PKCS#10 request: ${messageOf(error)}`, { cause: error })
  }
}

/** A request for the key that `signer` signs with, without attributes; the subject in the order C, O, CN. */
export async function writeCertificateRequest({
  subject,
  publicKey,
  signer,
}: {
  readonly subject: CertificateSubject
  readonly publicKey: KeyObject
  readonly signer: Signer
}): Promise<Uint8Array> {
  const info = writeSequence(
    writeUnsignedInteger(Uint8Array.of(0)),
    writeName(subject, undefined),
    publicKey.export({ type: 'spki', format: 'der' }),
    writeElement(contextTag(0)),
  )
  return writeSigned(info, signer)
}

function derOf(body: Uint8Array | string): Uint8Array {
  if (typeof body !== 'string' && body[0] === TAG.sequence) return new Uint8Array(body)
  if (body.length > TEXT_CHARACTERS_MAX) throw tooLong()
  const text = typeof body === 'string' ? body : Buffer.from(body).toString('latin1')
  try {
    if (text.includes('-----BEGIN ')) return onlyOne(LABELS.flatMap((label) => readPem(text, label)))
    return bytesFromBase64(text.replace(/\s+/g, ''), CERTIFICATE_REQUEST_BYTES_MAX)
  } catch (error) {
    throw new PkiError('ERR_PKI_REQUEST', `neither DER, base64 nor PEM: ${messageOf(error)}`, {
      cause: error,
    })
  }
}

function onlyOne(blocks: readonly Uint8Array[]): Uint8Array {
  const [block] = blocks
  if (block === undefined || blocks.length > 1)
    throw new PkiError('ERR_PKI_REQUEST', `${blocks.length} requests where one belongs`)
  return block
}

function parse(der: Uint8Array): CertificateRequest {
  const file = new DerReader(der)
  const outer = file.enter(TAG.sequence)
  file.end()
  const info = outer.read(TAG.sequence)
  const signatureAlgorithm = algorithmOfSignature(outer.enter(TAG.sequence).readObjectIdentifier())
  const { bytes: signature, unusedBits } = outer.readBitString()
  outer.end()

  const fields = new DerReader(info.content)
  const version = fields.readInteger()
  const subject = new DistinguishedName(fields.read(TAG.sequence).encoded)
  const publicKeyInfo = fields.read(TAG.sequence)
  // Mandatory, though it may be empty; some encoders leave it out all the same.
  fields.readOptional(contextTag(0))
  fields.end()
  if (version.length !== 1 || version[0] !== 0)
    throw new PkiError('ERR_PKI_REQUEST', 'not a version 1 request')
  if (unusedBits !== 0) throw new PkiError('ERR_PKI_REQUEST', 'the signature does not end on a byte')

  const { publicKey, publicKeyAlgorithm } = importKey(publicKeyInfo)
  const { digest } = ALGORITHM[publicKeyAlgorithm]
  if (signatureAlgorithm !== publicKeyAlgorithm || !verify(digest, info.encoded, publicKey, signature))
    throw new PkiError('ERR_PKI_REQUEST_SIGNATURE', 'the request is not signed with the key it is for')
  return { subject, publicKey, publicKeyAlgorithm, der }
}

function importKey({
  content,
  encoded,
}: {
  readonly content: Uint8Array
  readonly encoded: Uint8Array
}): Pick<CertificateRequest, 'publicKey' | 'publicKeyAlgorithm'> {
  const identifier = new DerReader(content).enter(TAG.sequence)
  const keyOid = identifier.readObjectIdentifier()
  const curveOid =
    identifier.peekTag() === TAG.objectIdentifier ? identifier.readObjectIdentifier() : undefined
  if (algorithmOfPublicKey(keyOid, curveOid) === undefined)
    throw new PkiError('ERR_PKI_KEY_ALGORITHM', 'key of another kind: P-256, P-521 or Ed448 needed')
  try {
    const publicKey = createPublicKey({ key: Buffer.from(encoded), format: 'der', type: 'spki' })
    return { publicKey, publicKeyAlgorithm: algorithmOfKey(publicKey) }
  } catch (error) {
    if (error instanceof PkiError) throw error
    throw new PkiError('ERR_PKI_REQUEST', 'the key is not a valid one', { cause: error })
  }
}

const tooLong = (): PkiError =>
  new PkiError('ERR_PKI_REQUEST', `request longer than ${CERTIFICATE_REQUEST_BYTES_MAX} bytes`)
