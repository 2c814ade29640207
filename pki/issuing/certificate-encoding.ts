/** The DER of a certificate before it is signed (RFC 5280 section 4.1). */
import { hash } from 'node:crypto'
import { isIP, isIPv4 } from 'node:net'

import { concatBytes, type SignatureAlgorithm, type Signer } from '#base'

import { ALGORITHM } from '../certificate/algorithms.ts'
import { KEY_USAGES, type KeyUsage } from '../certificate/certificate-extensions.ts'
import { contextPrimitiveTag, DerReader, TAG } from '../der/der-reader.ts'
import {
  DER_TRUE,
  writeBitString,
  writeElement,
  writeExplicit,
  writeObjectIdentifier,
  writeOctetString,
  writeSequence,
  writeSetOfOne,
  writeText,
  writeTime,
  writeUnsignedInteger,
} from '../der/der-writer.ts'
import { EXTENSION } from '../der/object-identifiers.ts'
import { derFromRaw } from '../keys/ecdsa-signature.ts'
import type { CertificateProfile } from '../profiles/certificate-profiles.ts'

/** id-ad-ocsp, RFC 5280 section 4.2.2.1. */
const ACCESS_METHOD_OCSP = '1.3.6.1.5.5.7.48.1'

/** What a certificate says about its subject besides what its profile prescribes. */
export interface CertificateSubject {
  /** PCID, EMAID, SECCID or the name of a CA; 1 to 64 characters. */
  readonly commonName: string
  /** 1 to 64 characters. */
  readonly organizationName?: string
  /** Two capital letters (ISO 3166). */
  readonly countryName?: string
}

export interface CertificateFields {
  readonly profile: CertificateProfile
  /** The Name of the issuer exactly as its own certificate holds it, DER. */
  readonly issuer: Uint8Array
  readonly subject: Uint8Array
  readonly serialNumber: Uint8Array
  readonly notBeforeMs: number
  readonly notAfterMs: number
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKeyDer: Uint8Array
  readonly subjectKeyIdentifier: Uint8Array
  readonly authorityKeyIdentifier: Uint8Array | undefined
  /** DNS names and IP addresses for the subject alternative name. */
  readonly hostNames: readonly string[]
  readonly signatureAlgorithm: SignatureAlgorithm
  readonly revocation: RevocationAddresses
}

/** Where the issuer says what it has revoked; absolute URLs for AIA and the CRL distribution point. */
export interface RevocationAddresses {
  readonly ocspUrl?: string
  readonly crlUrl?: string
}

/** TBSCertificate. */
export function writeToBeSigned(fields: CertificateFields): Uint8Array {
  return writeSequence(
    writeExplicit(0, writeUnsignedInteger(Uint8Array.of(2))),
    writeUnsignedInteger(fields.serialNumber),
    writeAlgorithm(fields.signatureAlgorithm),
    fields.issuer,
    writeSequence(writeTime(fields.notBeforeMs), writeTime(fields.notAfterMs)),
    fields.subject,
    fields.publicKeyDer,
    writeExplicit(3, writeSequence(...writeExtensions(fields))),
  )
}

/** A signed structure (Certificate, CertificationRequest…): what was signed, the algorithm, the signature as DER has it. */
export async function writeSigned(toBeSigned: Uint8Array, signer: Signer): Promise<Uint8Array> {
  const raw = await signer.sign(toBeSigned)
  const signature = signer.algorithm === 'ed448' ? raw : derFromRaw(raw)
  return writeSequence(toBeSigned, writeAlgorithm(signer.algorithm), writeBitString(signature))
}

/** The subject's Name in the order C, O, DC, CN. */
export function writeName(
  { commonName, organizationName, countryName }: CertificateSubject,
  domainComponent: string | undefined,
): Uint8Array {
  const attributes: readonly [oid: string, tag: number, value: string | undefined][] = [
    ['2.5.4.6', TAG.printableString, countryName],
    ['2.5.4.10', TAG.utf8String, organizationName],
    ['0.9.2342.19200300.100.1.25', TAG.ia5String, domainComponent],
    ['2.5.4.3', TAG.utf8String, commonName],
  ]
  const names = attributes.flatMap(([oid, tag, value]) =>
    value === undefined
      ? []
      : [writeSetOfOne(writeSequence(writeObjectIdentifier(oid), writeText(tag, value)))],
  )
  return writeSequence(...names)
}

/**
 * RFC 5280 section 4.2.1.2 method 2: 0100 and the last 60 bits of SHA-1 over the key's bits. Eight bytes are what the
 * contract data of ISO 15118-20 has room for.
 */
export function keyIdentifierOf(publicKeyDer: Uint8Array): Uint8Array {
  const info = new DerReader(publicKeyDer).enter(TAG.sequence)
  info.read(TAG.sequence)
  const identifier = new Uint8Array(hash('sha1', info.readBitString().bytes, 'buffer').subarray(12))
  identifier[0] = 0x40 | ((identifier[0] ?? 0) & 0x0f)
  return identifier
}

function writeAlgorithm(algorithm: SignatureAlgorithm): Uint8Array {
  return writeSequence(writeObjectIdentifier(ALGORITHM[algorithm].signatureOid))
}

/** Basic constraints and key usage are critical in every profile. */
function writeExtensions(fields: CertificateFields): readonly Uint8Array[] {
  const { profile, subjectKeyIdentifier, authorityKeyIdentifier, hostNames, revocation } = fields
  const extensions = [
    writeExtension(EXTENSION.basicConstraints, writeBasicConstraints(profile.ca), 'critical'),
    writeExtension(EXTENSION.keyUsage, writeKeyUsage(profile.keyUsage), 'critical'),
    writeExtension(EXTENSION.subjectKeyIdentifier, writeOctetString(subjectKeyIdentifier)),
  ]
  if (authorityKeyIdentifier !== undefined) {
    const identifier = writeElement(contextPrimitiveTag(0), authorityKeyIdentifier)
    extensions.push(writeExtension(EXTENSION.authorityKeyIdentifier, writeSequence(identifier)))
  }
  if (profile.extendedKeyUsage !== undefined) {
    const purposes = writeSequence(...profile.extendedKeyUsage.map(writeObjectIdentifier))
    extensions.push(writeExtension(EXTENSION.extendedKeyUsage, purposes))
  }
  if (hostNames.length > 0) {
    extensions.push(writeExtension(EXTENSION.subjectAltName, writeSequence(...hostNames.map(writeHostName))))
  }
  if (revocation.ocspUrl !== undefined) {
    const access = writeSequence(writeObjectIdentifier(ACCESS_METHOD_OCSP), writeUrl(revocation.ocspUrl))
    extensions.push(writeExtension(EXTENSION.authorityInfoAccess, writeSequence(access)))
  }
  if (revocation.crlUrl !== undefined) {
    // DistributionPoint { distributionPoint [0] { fullName [0] { URI } } }
    const point = writeSequence(writeExplicit(0, writeExplicit(0, writeUrl(revocation.crlUrl))))
    extensions.push(writeExtension(EXTENSION.cRLDistributionPoints, writeSequence(point)))
  }
  return extensions
}

/** `uniformResourceIdentifier` of GeneralName. */
const writeUrl = (url: string): Uint8Array => writeText(contextPrimitiveTag(6), url)

function writeExtension(oid: string, value: Uint8Array, criticality?: 'critical'): Uint8Array {
  const flag = criticality === undefined ? [] : [DER_TRUE]
  return writeSequence(writeObjectIdentifier(oid), ...flag, writeOctetString(value))
}

function writeBasicConstraints(ca: CertificateProfile['ca']): Uint8Array {
  if (ca === undefined) return writeSequence()
  if (ca.pathLength === undefined) return writeSequence(DER_TRUE)
  return writeSequence(DER_TRUE, writeUnsignedInteger(Uint8Array.of(ca.pathLength)))
}

/** A named bit list: DER wants it without trailing zero bits (X.690 section 11.2.2). */
function writeKeyUsage(usages: readonly KeyUsage[]): Uint8Array {
  const positions = usages.map((usage) => KEY_USAGES.indexOf(usage))
  const last = Math.max(...positions)
  const octets = new Uint8Array((last >> 3) + 1)
  for (const bit of positions) octets[bit >> 3] = (octets[bit >> 3] ?? 0) | (0x80 >> (bit & 7))
  return writeBitString(octets, 7 - (last & 7))
}

function writeHostName(name: string): Uint8Array {
  if (isIP(name) === 0) return writeText(contextPrimitiveTag(2), name)
  return writeElement(contextPrimitiveTag(7), isIPv4(name) ? ipv4Octets(name) : ipv6Octets(name))
}

const ipv4Octets = (address: string): Uint8Array => Uint8Array.from(address.split('.').map(Number))

function ipv6Octets(address: string): Uint8Array {
  // The URL parser gives every form, also one that ends in an IPv4 address, as groups with at most one `::`.
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1)
  const [head = [], tail = []] = canonical
    .split('::')
    .map((part) => part.split(':').filter((group) => group !== ''))
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => '0')
  const groups = [...head, ...zeros, ...tail].map((group) => Number.parseInt(group, 16))
  return concatBytes(...groups.map((group) => Uint8Array.of(group >> 8, group & 0xff)))
}
