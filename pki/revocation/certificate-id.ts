/** CertID of RFC 6960 section 4.1.1: how OCSP, and OCPP with its hash data, name a certificate. */
import { hash } from 'node:crypto'

import { bytesFromHex, equalBytes, hexFromBytes } from '#base'

import type { Certificate } from '../certificate/certificate.ts'
import { DerReader, TAG } from '../der/der-reader.ts'
import {
  writeElement,
  writeObjectIdentifier,
  writeOctetString,
  writeSequence,
  writeUnsignedInteger,
} from '../der/der-writer.ts'
import { RevocationError } from './errors.ts'

export type CertificateIdHash = 'sha1' | 'sha256' | 'sha384' | 'sha512'

export interface CertificateId {
  readonly hashAlgorithm: CertificateIdHash
  /** Over the DER of the issuer's name as the certificate has it. */
  readonly issuerNameHash: Uint8Array
  /** Over the bits of the issuer's public key, without tag, length and unused bits. */
  readonly issuerKeyHash: Uint8Array
  /** As `Certificate.serialNumberHex`. */
  readonly serialNumberHex: string
}

const HASH: Readonly<Record<CertificateIdHash, { readonly oid: string; readonly bytes: number }>> = {
  sha1: { oid: '1.3.14.3.2.26', bytes: 20 },
  sha256: { oid: '2.16.840.1.101.3.4.2.1', bytes: 32 },
  sha384: { oid: '2.16.840.1.101.3.4.2.2', bytes: 48 },
  sha512: { oid: '2.16.840.1.101.3.4.2.3', bytes: 64 },
}
const HASHES: readonly CertificateIdHash[] = ['sha1', 'sha256', 'sha384', 'sha512']
const SERIAL_NUMBER_BYTES_MAX = 20

export function certificateIdOf({
  certificate,
  issuer,
  hashAlgorithm,
}: {
  readonly certificate: Pick<Certificate, 'issuer' | 'serialNumberHex'>
  readonly issuer: Pick<Certificate, 'publicKeyDer'>
  readonly hashAlgorithm: CertificateIdHash
}): CertificateId {
  return {
    hashAlgorithm,
    issuerNameHash: digest(hashAlgorithm, certificate.issuer.der),
    issuerKeyHash: digest(hashAlgorithm, publicKeyBits(issuer)),
    serialNumberHex: certificate.serialNumberHex,
  }
}

/** Whether the id names a certificate of `issuer`, whatever its serial number: whether a responder of it may answer. */
export function isIssuerOf(issuer: Certificate, id: CertificateId): boolean {
  const certificate = { issuer: issuer.subject, serialNumberHex: id.serialNumberHex }
  return sameCertificateId(id, certificateIdOf({ certificate, issuer, hashAlgorithm: id.hashAlgorithm }))
}

export function sameCertificateId(one: CertificateId, other: CertificateId): boolean {
  return (
    one.hashAlgorithm === other.hashAlgorithm &&
    one.serialNumberHex === other.serialNumberHex &&
    equalBytes(one.issuerNameHash, other.issuerNameHash) &&
    equalBytes(one.issuerKeyHash, other.issuerKeyHash)
  )
}

export function writeCertificateId(id: CertificateId): Uint8Array {
  return writeSequence(
    writeSequence(writeObjectIdentifier(HASH[id.hashAlgorithm].oid), writeElement(TAG.null)),
    writeOctetString(id.issuerNameHash),
    writeOctetString(id.issuerKeyHash),
    writeUnsignedInteger(bytesFromHex(id.serialNumberHex)),
  )
}

/**
 * @throws {RevocationError} ERR_REVOCATION_OCSP for a hash that is not SHA-1 or SHA-2, or of another size, and for a
 * serial number no certificate can have; {PkiError} ERR_PKI_DER, ERR_PKI_TRAILING_BYTES
 */
export function readCertificateId(fields: DerReader): CertificateId {
  const hashAlgorithm = readHash(fields.enter(TAG.sequence))
  const issuerNameHash = fields.read(TAG.octetString).content
  const issuerKeyHash = fields.read(TAG.octetString).content
  const { bytes } = HASH[hashAlgorithm]
  if (issuerNameHash.length !== bytes || issuerKeyHash.length !== bytes)
    throw new RevocationError(
      'ERR_REVOCATION_OCSP',
      `a hash that has not the ${bytes} bytes of ${hashAlgorithm}`,
    )
  const serialNumberHex = readSerialNumber(fields)
  fields.end()
  return { hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumberHex }
}

/** SHA-1 over the bits of a public key: how a responder names itself by its key. */
export function keyHashOf(certificate: Pick<Certificate, 'publicKeyDer'>): Uint8Array {
  return digest('sha1', publicKeyBits(certificate))
}

const digest = (algorithm: CertificateIdHash, bytes: Uint8Array): Uint8Array =>
  new Uint8Array(hash(algorithm, bytes, 'buffer'))

function publicKeyBits({ publicKeyDer }: Pick<Certificate, 'publicKeyDer'>): Uint8Array {
  const info = new DerReader(publicKeyDer).enter(TAG.sequence)
  info.read(TAG.sequence)
  return info.readBitString().bytes
}

/** The parameters are NULL or absent: both are in use. */
function readHash(identifier: DerReader): CertificateIdHash {
  const oid = identifier.readObjectIdentifier()
  identifier.readOptional(TAG.null)
  identifier.end()
  const found = HASHES.find((name) => HASH[name].oid === oid)
  if (found === undefined)
    throw new RevocationError('ERR_REVOCATION_OCSP', `hash algorithm ${oid} of a certificate id`)
  return found
}

function readSerialNumber(fields: DerReader): string {
  const content = fields.readInteger()
  const [first = 0] = content
  if (first >= 0x80 || content.length > SERIAL_NUMBER_BYTES_MAX + 1)
    throw new RevocationError('ERR_REVOCATION_OCSP', 'serial number negative or longer than 20 bytes')
  return hexFromBytes(first === 0 && content.length > 1 ? content.subarray(1) : content)
}
