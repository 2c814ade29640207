import { equalBytes, hexFromBytes } from '#base'

import { type CertificateExtension, readExtensions } from '../certificate/certificate-extensions.ts'
import { readTime } from '../certificate/certificate-time.ts'
import type { Certificate } from '../certificate/certificate.ts'
import { DistinguishedName } from '../certificate/distinguished-name.ts'
import { contextTag, DerReader, TAG } from '../der/der-reader.ts'
import { readPem } from '../der/pem.ts'
import { CrlEntries, type CrlEntry, ENTRIES_BYTES_MAX } from './crl-entries.ts'
import { type IssuingDistributionPoint, readIssuingDistributionPoint } from './distribution-point.ts'
import { RevocationError } from './errors.ts'
import { CRL_EXTENSION } from './object-identifiers.ts'
import { isStructureSignedBy, readSignedStructure, type SignedStructure } from './signed-structure.ts'

/**
 * Room for a third of a million entries of 50 bytes (a random serial number and a reason): a sub CA with millions of
 * contracts that are mostly ended before their certificates. Signature and index take about a tenth of a second.
 */
export const CRL_BYTES_MAX = ENTRIES_BYTES_MAX
/** The same as PEM, with its line breaks. */
const CRL_PEM_CHARACTERS_MAX = 24 * 1024 * 1024
/** RFC 5280 section 5.2.3. */
const CRL_NUMBER_BYTES_MAX = 20
/** INTEGER 1. */
const VERSION_2 = Uint8Array.of(1)
const EVALUATED: ReadonlySet<string> = new Set(Object.values(CRL_EXTENSION))

/**
 * A CRL (RFC 5280 section 5), complete or delta, parsed once and immutable. Parsing says nothing about trust, and
 * leaves the entries alone: nobody's hundred thousands are walked over before the signature is known to be right.
 */
export class CertificateRevocationList {
  readonly issuer: DistinguishedName
  readonly thisUpdateMs: number
  readonly nextUpdateMs: number
  readonly number: bigint | undefined
  /** Of a delta CRL: the number of the complete CRL it begins at, and later. */
  readonly baseNumber: bigint | undefined
  readonly issuingDistributionPoint: IssuingDistributionPoint | undefined
  /** A critical extension of the CRL itself that this library does not process: it may not be used. */
  readonly unsupportedExtension: string | undefined
  readonly #structure: SignedStructure
  readonly #revoked: Uint8Array
  #entries: CrlEntries | undefined
  readonly #extensions: readonly CertificateExtension[]
  readonly #signedBy = new Set<string>()

  /** @see parseCrl */
  constructor(der: Uint8Array) {
    const outer = openCrl(new Uint8Array(der))
    this.#structure = readSignedStructure(outer)
    outer.end()
    const fields = new DerReader(this.#structure.signed.content)
    if (!equalBytes(fields.readInteger(), VERSION_2)) throw crlError('not a CRL of version 2')
    if (!equalBytes(fields.read(TAG.sequence).encoded, this.#structure.algorithm.encoded))
      throw crlError('inner and outer signature algorithm differ')
    this.issuer = new DistinguishedName(fields.read(TAG.sequence).encoded)
    this.thisUpdateMs = readTime(fields)
    // RFC 5280 section 5.1.2.5: without it nobody knows how long the CRL may be used.
    if (fields.peekTag() !== TAG.utcTime && fields.peekTag() !== TAG.generalizedTime)
      throw crlError('no nextUpdate')
    this.nextUpdateMs = readTime(fields)
    this.#revoked = fields.readOptional(TAG.sequence)?.content ?? new Uint8Array()
    this.#extensions = readCrlExtensions(fields)

    this.unsupportedExtension = this.#extensions.find(
      ({ critical, oid }) => critical && !EVALUATED.has(oid),
    )?.oid
    this.number = readNumber(this.#extension(CRL_EXTENSION.number))
    this.baseNumber = readNumber(this.#extension(CRL_EXTENSION.deltaIndicator))
    const scope = this.#extension(CRL_EXTENSION.issuingDistributionPoint)
    this.issuingDistributionPoint =
      scope === undefined ? undefined : readIssuingDistributionPoint(scope, this.issuer)
  }

  /**
   * The entries, walked over when they are asked for first: ask {@link isSignedBy} before.
   *
   * @throws {RevocationError} ERR_REVOCATION_CRL
   * @throws {PkiError} ERR_PKI_DER
   */
  get entries(): CrlEntries {
    return (this.#entries ??= new CrlEntries(this.#revoked, this.issuer))
  }

  /**
   * The entry of the certificate, if it has one. An entry of another issuer's certificate with that number is none.
   *
   * @throws as {@link entries} and `CrlEntries.find` do
   */
  entryOf(certificate: Pick<Certificate, 'issuer' | 'serialNumberHex'>): CrlEntry | undefined {
    return this.entries.find(certificate)
  }

  /**
   * Whether the key of `signer` made the signature; remembered, as the bytes may be many. Whether it may sign CRLs is
   * another question. A key that cannot be used is `false`.
   */
  isSignedBy(signer: Certificate): boolean {
    if (this.#signedBy.has(signer.fingerprintSha256Hex)) return true
    const signed = isStructureSignedBy(this.#structure, signer)
    if (signed) this.#signedBy.add(signer.fingerprintSha256Hex)
    return signed
  }

  /**
   * Whether this delta CRL may be put over the complete one: same issuer, scope and key identifier, not begun later
   * than it and newer than it (RFC 5280 sections 5.2.4 and 6.3.3 c).
   */
  continues(complete: CertificateRevocationList): boolean {
    if (this.baseNumber === undefined || this.number === undefined || complete.number === undefined)
      return false
    if (complete.number < this.baseNumber || complete.number >= this.number) return false
    const same = (oid: string): boolean =>
      equalBytes(this.#extension(oid) ?? new Uint8Array(), complete.#extension(oid) ?? new Uint8Array())
    return (
      this.issuer.equals(complete.issuer) &&
      same(CRL_EXTENSION.issuingDistributionPoint) &&
      same(CRL_EXTENSION.authorityKeyIdentifier)
    )
  }

  #extension(oid: string): Uint8Array | undefined {
    return this.#extensions.find((extension) => extension.oid === oid)?.value
  }
}

/**
 * Reads one CRL, DER or PEM.
 *
 * @throws {RevocationError} ERR_REVOCATION_CRL, ERR_REVOCATION_CRL_TOO_LARGE (over {@link CRL_BYTES_MAX}),
 * ERR_REVOCATION_EXTENSION
 * @throws {PkiError} ERR_PKI_DER, ERR_PKI_TRAILING_BYTES, ERR_PKI_DUPLICATE_EXTENSION, ERR_PKI_CERTIFICATE (a date),
 * ERR_PKI_PEM
 */
export function parseCrl(derOrPem: Uint8Array): CertificateRevocationList {
  if (derOrPem[0] === TAG.sequence) return new CertificateRevocationList(derOrPem)
  const [der, ...others] = readPem(
    Buffer.from(derOrPem).toString('latin1'),
    'X509 CRL',
    CRL_PEM_CHARACTERS_MAX,
  )
  if (der === undefined || others.length > 0) throw crlError('neither DER nor PEM of one CRL')
  return new CertificateRevocationList(der)
}

function openCrl(der: Uint8Array): DerReader {
  if (der.length > CRL_BYTES_MAX) {
    throw new RevocationError(
      'ERR_REVOCATION_CRL_TOO_LARGE',
      `CRL of ${der.length} bytes, limit ${CRL_BYTES_MAX}`,
    )
  }
  const file = new DerReader(der)
  const crl = file.enter(TAG.sequence)
  file.end()
  return crl
}

function readCrlExtensions(fields: DerReader): readonly CertificateExtension[] {
  const tagged = fields.readOptional(contextTag(0))
  fields.end()
  if (tagged === undefined) return []
  const wrapper = new DerReader(tagged.content)
  const list = wrapper.enter(TAG.sequence)
  wrapper.end()
  return readExtensions(list)
}

function readNumber(value: Uint8Array | undefined): bigint | undefined {
  if (value === undefined) return undefined
  const reader = new DerReader(value)
  const content = reader.readInteger()
  reader.end()
  if (content.length > CRL_NUMBER_BYTES_MAX || (content[0] ?? 0) >= 0x80)
    throw crlError('CRL number negative or longer than 20 bytes')
  return BigInt(`0x${hexFromBytes(content)}`)
}

const crlError = (what: string): RevocationError => new RevocationError('ERR_REVOCATION_CRL', what)
