/** Certificates alone in a CMS (PKCS#7) message, "certs-only": what EST answers (RFC 8551 section 3.2.2, RFC 5652). */
import { bytesFromBase64, messageOf } from '#base'

import { Certificate } from '../certificate/certificate.ts'
import { contextTag, DerReader, TAG } from '../der/der-reader.ts'
import {
  writeElement,
  writeExplicit,
  writeObjectIdentifier,
  writeSequence,
  writeUnsignedInteger,
} from '../der/der-writer.ts'
import { readPem } from '../der/pem.ts'
import { PkiError } from '../errors.ts'

const SIGNED_DATA = '1.2.840.113549.1.7.2'
const DATA = '1.2.840.113549.1.7.1'
/** A chain and its alternatives; the whole RCP in one message stays below. */
const MESSAGE_BYTES_MAX = 256 * 1024
const CERTIFICATES_MAX = 64

/**
 * The message, DER, with the certificates in the order given: DER would have the set sorted by its bytes, but clients in
 * use tell the certificates by their position.
 */
export function writeCertificatesOnly(certificates: readonly Certificate[]): Uint8Array {
  const signedData = writeSequence(
    writeUnsignedInteger(Uint8Array.of(1)),
    writeElement(TAG.set),
    writeSequence(writeObjectIdentifier(DATA)),
    writeElement(contextTag(0), ...certificates.map(({ der }) => der)),
    writeElement(TAG.set),
  )
  return writeSequence(writeObjectIdentifier(SIGNED_DATA), writeExplicit(0, signedData))
}

/**
 * The certificates of a message in its order, from DER, base64 in whatever line width, or PEM. Signatures and CRLs that
 * it may hold are passed over; nothing is verified.
 *
 * @throws {PkiError} ERR_PKI_CERTIFICATE when it is no such message or too large; the codes of parseCertificate
 */
export function readCertificatesOnly(message: Uint8Array | string): readonly Certificate[] {
  const signedData = openSignedData(derOf(message))
  signedData.readInteger()
  signedData.read(TAG.set)
  signedData.read(TAG.sequence)
  const set = signedData.readOptional(contextTag(0))
  const reader = new DerReader(set?.content ?? new Uint8Array())
  const certificates: Certificate[] = []
  while (!reader.atEnd) {
    if (certificates.length === CERTIFICATES_MAX)
      throw new PkiError('ERR_PKI_CERTIFICATE', `more than ${CERTIFICATES_MAX} certificates in a message`)
    certificates.push(new Certificate(reader.read(TAG.sequence).encoded))
  }
  return certificates
}

function openSignedData(der: Uint8Array): DerReader {
  const file = new DerReader(der)
  const contentInfo = file.enter(TAG.sequence)
  file.end()
  if (contentInfo.readObjectIdentifier() !== SIGNED_DATA)
    throw new PkiError('ERR_PKI_CERTIFICATE', 'not a CMS message with signed data')
  return contentInfo.enter(contextTag(0)).enter(TAG.sequence)
}

function derOf(message: Uint8Array | string): Uint8Array {
  if (message.length > MESSAGE_BYTES_MAX)
    throw new PkiError('ERR_PKI_CERTIFICATE', `CMS message longer than ${MESSAGE_BYTES_MAX} bytes`)
  if (typeof message !== 'string' && message[0] === TAG.sequence) return message
  const text = typeof message === 'string' ? message : Buffer.from(message).toString('latin1')
  if (text.includes('-----BEGIN ')) {
    const [der] = readPem(text, 'PKCS7')
    if (der !== undefined) return der
    throw new PkiError('ERR_PKI_CERTIFICATE', 'no PKCS7 block in this PEM')
  }
  try {
    return bytesFromBase64(text.replace(/\s+/g, ''), MESSAGE_BYTES_MAX)
  } catch (error) {
    throw new PkiError('ERR_PKI_CERTIFICATE', `neither DER, base64 nor PEM: ${messageOf(error)}`, {
      cause: error,
    })
  }
}
