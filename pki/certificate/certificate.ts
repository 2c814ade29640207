import { createPublicKey, hash, type KeyObject, verify } from 'node:crypto'

import { equalBytes, hexFromBytes } from '#base'

import { contextPrimitiveTag, contextTag, DerReader, TAG } from '../der/der-reader.ts'
import { readPem, writePem } from '../der/pem.ts'
import { PkiError } from '../errors.ts'
import {
  ALGORITHM,
  algorithmOfPublicKey,
  algorithmOfSignature,
  type CertificateAlgorithm,
} from './algorithms.ts'
import {
  type BasicConstraints,
  type CertificateExtension,
  interpretExtensions,
  type KeyUsage,
  type KnownExtensions,
  readExtensions,
} from './certificate-extensions.ts'
import { readTime } from './certificate-time.ts'
import { DistinguishedName } from './distinguished-name.ts'

/**
 * Largest certificate read. ISO 15118 allows 800 bytes (-2) and 1600 bytes (-20); roots of other worlds with RSA keys
 * and long policies stay below this.
 */
export const CERTIFICATE_BYTES_MAX = 16 * 1024
/** RFC 5280 section 4.1.2.2. */
const SERIAL_NUMBER_BYTES_MAX = 20
/** INTEGER 2. */
const VERSION_3 = Uint8Array.of(TAG.integer, 1, 2)

/** The extensions on names and policies; a member is absent when its extension is. */
export type CertificateRestrictions = Pick<
  KnownExtensions,
  | 'certificatePolicies'
  | 'inhibitAnyPolicy'
  | 'nameConstraints'
  | 'policyConstraints'
  | 'policyMappings'
  | 'subjectAltNames'
>

/**
 * An X.509 v3 certificate, parsed once and immutable.
 *
 * Parsing says that the bytes are one well-formed certificate and nothing else. It says nothing about trust: no
 * signature is checked before {@link isSignedBy} or `validatePath`.
 */
export class Certificate {
  /** The whole certificate; a copy of what was given. */
  readonly der: Uint8Array
  readonly subject: DistinguishedName
  readonly issuer: DistinguishedName
  /** Lower-case hexadecimal digits without a leading zero byte; positive, but may be zero where it is self-issued. */
  readonly serialNumberHex: string
  /** Begin of the first and of the last second of validity; both belong to it (RFC 5280 section 4.1.2.5). */
  readonly validFromMs: number
  readonly validToMs: number
  /** Of the certificate's own key; `undefined` when it is a kind of key (or curve) this library does not know. */
  readonly publicKeyAlgorithm: CertificateAlgorithm | undefined
  /** Of the issuer's signature; `undefined` when unknown. */
  readonly signatureAlgorithm: CertificateAlgorithm | undefined
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKeyDer: Uint8Array
  /** All extensions in their order, known or not. */
  readonly extensions: readonly CertificateExtension[]
  /** The extensions this library reads; `undefined` when the certificate has no such extension. */
  readonly basicConstraints: BasicConstraints | undefined
  readonly keyUsage: readonly KeyUsage[] | undefined
  /** Purposes as dotted object identifiers. */
  readonly extendedKeyUsage: readonly string[] | undefined
  /** As the extension holds it (8 or 20 bytes in the field). Never computed from the key: issuers disagree how. */
  readonly subjectKeyIdentifier: Uint8Array | undefined
  readonly authorityKeyIdentifier: Uint8Array | undefined
  /** What only restricts the paths below and the names in them; the path validation evaluates it. */
  readonly restrictions: CertificateRestrictions
  readonly #signed: Uint8Array
  readonly #signature: Uint8Array
  #publicKey: KeyObject | undefined
  #fingerprint: string | undefined

  /** @see parseCertificate */
  constructor(der: Uint8Array) {
    this.der = new Uint8Array(der)
    const outer = openCertificate(this.der)
    const signed = outer.read(TAG.sequence)
    const signatureIdentifier = outer.read(TAG.sequence)
    this.#signature = wholeBytes(outer.readBitString())
    outer.end()
    this.#signed = signed.encoded

    const fields = new DerReader(signed.content)
    checkVersion(fields)
    const serialNumber = fields.readInteger()
    checkSameAlgorithm(fields.read(TAG.sequence).encoded, signatureIdentifier.encoded)
    this.issuer = new DistinguishedName(fields.read(TAG.sequence).encoded)
    const validity = fields.enter(TAG.sequence)
    this.validFromMs = readTime(validity)
    this.validToMs = readTime(validity)
    validity.end()
    this.subject = new DistinguishedName(fields.read(TAG.sequence).encoded)
    this.serialNumberHex = serialNumberOf(serialNumber, this.isSelfIssued)
    const publicKeyInfo = fields.read(TAG.sequence)
    this.publicKeyDer = publicKeyInfo.encoded
    this.extensions = readTail(fields)

    this.signatureAlgorithm = signatureAlgorithmOf(signatureIdentifier.content)
    this.publicKeyAlgorithm = publicKeyAlgorithmOf(publicKeyInfo.content)
    const known = interpretExtensions(this.extensions)
    this.basicConstraints = known.basicConstraints
    this.keyUsage = known.keyUsage
    this.extendedKeyUsage = known.extendedKeyUsage
    this.subjectKeyIdentifier = known.subjectKeyIdentifier
    this.authorityKeyIdentifier = known.authorityKeyIdentifier
    this.restrictions = known
  }

  /** The subject's (last) CN: PCID, EMAID, SECCID or the name of a CA. */
  get commonName(): string | undefined {
    return this.subject.values('CN').at(-1)
  }

  get organizationName(): string | undefined {
    return this.subject.values('O').at(-1)
  }

  /** The subject's DC values: the role in the V2G PKI (`V2G`, `CPO`, `CPS`, `MO`, `OEM`). */
  get domainComponents(): readonly string[] {
    return this.subject.values('DC')
  }

  /** Subject as `CN=…, DC=…, O=…, C=…`: the reverse of the encoding. For people, not for comparing. */
  get distinguishedName(): string {
    return this.subject.text
  }

  /** Subject and issuer are the same name. Says nothing about who signed: see {@link isSignedBy}. */
  get isSelfIssued(): boolean {
    return this.subject.equals(this.issuer)
  }

  /** SHA-256 of the DER, lower-case hexadecimal. */
  get fingerprintSha256Hex(): string {
    this.#fingerprint ??= hash('sha256', this.der, 'hex')
    return this.#fingerprint
  }

  /**
   * The key, made at the first use.
   *
   * @throws {PkiError} ERR_PKI_PUBLIC_KEY when the key is of an unknown kind, has explicit curve parameters or is not on
   * its curve. After `validatePath` has accepted the certificate it does not throw.
   */
  get publicKey(): KeyObject {
    this.#publicKey ??= importPublicKey(this)
    return this.#publicKey
  }

  /**
   * Whether `issuer`'s key made this certificate's signature. Names, dates and the right to issue are not looked at.
   *
   * @throws {PkiError} ERR_PKI_PUBLIC_KEY as `issuer.publicKey` does
   */
  isSignedBy(issuer: Certificate): boolean {
    const algorithm = this.signatureAlgorithm
    if (algorithm === undefined || algorithm !== issuer.publicKeyAlgorithm) return false
    return verify(ALGORITHM[algorithm].digest, this.#signed, issuer.publicKey, this.#signature)
  }

  /** Whether both are the same bytes. */
  equals(other: Certificate): boolean {
    return equalBytes(this.der, other.der)
  }

  toPem(): string {
    return writePem('CERTIFICATE', this.der)
  }
}

/**
 * Reads exactly one certificate, from DER or from PEM (as text or bytes).
 *
 * Strict about structure (definite minimal lengths, nothing after the end, no extension twice, positive serial number
 * of at most 20 bytes, extensions on names and policies that say something), lenient where real V2G certificates
 * differ: the serial number zero of a self-issued one, explicit `cA FALSE` and `critical FALSE`, years 1970 and 9999 in either form of time, zero bits at the end of
 * a key usage, key identifiers of any size, any order of name attributes, no extensions at all in a leaf. A signature
 * algorithm with foreign parameters is read as an unknown one.
 *
 * @throws {PkiError} ERR_PKI_CERTIFICATE, ERR_PKI_CERTIFICATE_TOO_LARGE, ERR_PKI_DER, ERR_PKI_DUPLICATE_EXTENSION,
 * ERR_PKI_PEM, ERR_PKI_SERIAL_NUMBER, ERR_PKI_TRAILING_BYTES
 */
export function parseCertificate(derOrPem: Uint8Array | string): Certificate {
  if (typeof derOrPem !== 'string' && derOrPem[0] === TAG.sequence) return new Certificate(derOrPem)
  const [certificate, ...others] = parseCertificates(derOrPem)
  if (certificate === undefined)
    throw new PkiError('ERR_PKI_CERTIFICATE', 'neither DER nor PEM of a certificate')
  if (others.length > 0)
    throw new PkiError('ERR_PKI_TRAILING_BYTES', `${others.length + 1} certificates where one belongs`)
  return certificate
}

/** Reads every certificate of a PEM text, or the one of a DER file; an empty list when there is none. */
export function parseCertificates(derOrPem: Uint8Array | string): readonly Certificate[] {
  if (typeof derOrPem !== 'string' && derOrPem[0] === TAG.sequence) return [new Certificate(derOrPem)]
  const text = typeof derOrPem === 'string' ? derOrPem : Buffer.from(derOrPem).toString('latin1')
  return readPem(text, 'CERTIFICATE').map((der) => new Certificate(der))
}

function openCertificate(der: Uint8Array): DerReader {
  if (der.length > CERTIFICATE_BYTES_MAX) {
    throw new PkiError(
      'ERR_PKI_CERTIFICATE_TOO_LARGE',
      `certificate of ${der.length} bytes, limit ${CERTIFICATE_BYTES_MAX}`,
    )
  }
  const file = new DerReader(der)
  const certificate = file.enter(TAG.sequence)
  file.end()
  return certificate
}

function checkVersion(fields: DerReader): void {
  const tagged = fields.readOptional(contextTag(0))
  if (tagged === undefined || !equalBytes(tagged.content, VERSION_3))
    throw new PkiError('ERR_PKI_CERTIFICATE', 'not an X.509 version 3 certificate')
}

/** Roots of the field have the number zero (RFC 5280 section 4.1.2.2); nobody is told apart or revoked by it. */
function serialNumberOf(content: Uint8Array, isSelfIssued: boolean): string {
  const [first = 0] = content
  const zero = content.length === 1 && first === 0
  if ((zero && !isSelfIssued) || first >= 0x80 || content.length > SERIAL_NUMBER_BYTES_MAX) {
    throw new PkiError('ERR_PKI_SERIAL_NUMBER', 'serial number zero, negative or longer than 20 bytes')
  }
  return hexFromBytes(first === 0 && !zero ? content.subarray(1) : content)
}

/** RFC 5280 section 4.1.1.2: the algorithm inside the signature's protection is the one outside. */
function checkSameAlgorithm(inner: Uint8Array, outer: Uint8Array): void {
  if (!equalBytes(inner, outer))
    throw new PkiError('ERR_PKI_CERTIFICATE', 'inner and outer signature algorithm differ')
}

/** Skips the unique identifiers of X.509 v2 and reads the extensions. */
function readTail(fields: DerReader): readonly CertificateExtension[] {
  fields.readOptional(contextPrimitiveTag(1))
  fields.readOptional(contextPrimitiveTag(2))
  const tagged = fields.readOptional(contextTag(3))
  fields.end()
  if (tagged === undefined) return []
  const wrapper = new DerReader(tagged.content)
  const list = wrapper.enter(TAG.sequence)
  wrapper.end()
  return readExtensions(list)
}

/** Parameters other than the algorithm's own (RFC 5758 section 3.2, RFC 8410 section 3, RFC 4055) make it an unknown one. */
function signatureAlgorithmOf(identifier: Uint8Array): CertificateAlgorithm | undefined {
  const reader = new DerReader(identifier)
  const algorithm = algorithmOfSignature(reader.readObjectIdentifier())
  const parameters = reader.atEnd ? undefined : reader.readAny()
  reader.end()
  const own = algorithm === 'rsa-sha256' ? parameters?.tag === TAG.null : parameters === undefined
  return own ? algorithm : undefined
}

/** A key whose curve is not a name (explicit parameters) is an unknown one. */
function publicKeyAlgorithmOf(info: Uint8Array): CertificateAlgorithm | undefined {
  const identifier = new DerReader(info).enter(TAG.sequence)
  const keyOid = identifier.readObjectIdentifier()
  const curveOid =
    identifier.peekTag() === TAG.objectIdentifier ? identifier.readObjectIdentifier() : undefined
  return algorithmOfPublicKey(keyOid, curveOid)
}

function importPublicKey({ publicKeyDer, publicKeyAlgorithm }: Certificate): KeyObject {
  if (publicKeyAlgorithm === undefined) throw new PkiError('ERR_PKI_PUBLIC_KEY', 'unknown kind of public key')
  try {
    return createPublicKey({ key: Buffer.from(publicKeyDer), format: 'der', type: 'spki' })
  } catch (error) {
    throw new PkiError('ERR_PKI_PUBLIC_KEY', 'the public key is not a valid one', { cause: error })
  }
}

function wholeBytes({ bytes, unusedBits }: { bytes: Uint8Array; unusedBits: number }): Uint8Array {
  if (unusedBits !== 0) throw new PkiError('ERR_PKI_CERTIFICATE', 'the signature does not end on a byte')
  return bytes
}
