import { equalBytes, hexFromBytes } from '#base'

import { type CertificateExtension, readExtensions } from '../certificate/certificate-extensions.ts'
import { readTime } from '../certificate/certificate-time.ts'
import type { Certificate } from '../certificate/certificate.ts'
import { DistinguishedName } from '../certificate/distinguished-name.ts'
import { contextTag, DerReader, TAG } from '../der/der-reader.ts'
import { readPem } from '../der/pem.ts'
import {
  type IssuingDistributionPoint,
  readGeneralNames,
  readIssuingDistributionPoint,
} from './distribution-point.ts'
import { RevocationError } from './errors.ts'
import { CRL_ENTRY_EXTENSION, CRL_EXTENSION } from './object-identifiers.ts'
import { REVOCATION_REASONS, type RevocationReason } from './revocation-status.ts'
import { isStructureSignedBy, readSignedStructure, type SignedStructure } from './signed-structure.ts'

/** Room for about {@link CRL_ENTRIES_MAX} entries with a reason. */
export const CRL_BYTES_MAX = 8 * 1024 * 1024
/** A sub CA of the field issues some hundred thousand certificates; few are revoked before they expire. */
export const CRL_ENTRIES_MAX = 200_000
const SERIAL_NUMBER_BYTES_MAX = 64
/** RFC 5280 section 5.2.3. */
const CRL_NUMBER_BYTES_MAX = 20
/** INTEGER 1. */
const VERSION_2 = Uint8Array.of(1)
const EVALUATED: ReadonlySet<string> = new Set(Object.values(CRL_EXTENSION))
const EVALUATED_OF_ENTRIES: ReadonlySet<string> = new Set(Object.values(CRL_ENTRY_EXTENSION))

/** One revoked certificate. */
export interface CrlEntry {
  /** Who issued the certificate: the CRL's issuer unless the CRL is indirect. */
  readonly certificateIssuer: DistinguishedName
  readonly revokedAtMs: number
  readonly reason: RevocationReason
}

/**
 * A CRL (RFC 5280 section 5), complete or delta, parsed once and immutable. Parsing says nothing about trust.
 */
export class CertificateRevocationList {
  readonly issuer: DistinguishedName
  readonly thisUpdateMs: number
  readonly nextUpdateMs: number
  readonly number: bigint | undefined
  /** Of a delta CRL: the number of the complete CRL it begins at, and later. */
  readonly baseNumber: bigint | undefined
  readonly issuingDistributionPoint: IssuingDistributionPoint | undefined
  readonly entryCount: number
  /** A critical extension, of the CRL or of an entry, that this library does not process: the CRL may not be used. */
  readonly unsupportedExtension: string | undefined
  readonly #structure: SignedStructure
  readonly #entries: ReadonlyMap<string, readonly CrlEntry[]>
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
    const revoked = fields.readOptional(TAG.sequence)
    this.#extensions = readCrlExtensions(fields)

    const entries = readEntries(revoked?.content ?? new Uint8Array(), this.issuer)
    this.#entries = entries.bySerialNumber
    this.entryCount = entries.count
    this.unsupportedExtension =
      this.#extensions.find(({ critical, oid }) => critical && !EVALUATED.has(oid))?.oid ??
      entries.unsupportedExtension
    this.number = readNumber(this.#extension(CRL_EXTENSION.number))
    this.baseNumber = readNumber(this.#extension(CRL_EXTENSION.deltaIndicator))
    const scope = this.#extension(CRL_EXTENSION.issuingDistributionPoint)
    this.issuingDistributionPoint =
      scope === undefined ? undefined : readIssuingDistributionPoint(scope, this.issuer)
  }

  /** The entry of the certificate, if it has one. An entry of another issuer's certificate with that number is none. */
  entryOf({
    issuer,
    serialNumberHex,
  }: Pick<Certificate, 'issuer' | 'serialNumberHex'>): CrlEntry | undefined {
    return this.#entries
      .get(serialNumberHex)
      ?.find(({ certificateIssuer }) => certificateIssuer === issuer || certificateIssuer.equals(issuer))
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
 * @throws {RevocationError} ERR_REVOCATION_CRL, ERR_REVOCATION_CRL_TOO_LARGE (over {@link CRL_BYTES_MAX} or
 * {@link CRL_ENTRIES_MAX}), ERR_REVOCATION_EXTENSION
 * @throws {PkiError} ERR_PKI_DER, ERR_PKI_TRAILING_BYTES, ERR_PKI_DUPLICATE_EXTENSION, ERR_PKI_CERTIFICATE (a date),
 * ERR_PKI_PEM
 */
export function parseCrl(derOrPem: Uint8Array): CertificateRevocationList {
  if (derOrPem[0] === TAG.sequence) return new CertificateRevocationList(derOrPem)
  const [der, ...others] = readPem(Buffer.from(derOrPem).toString('latin1'), 'X509 CRL')
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

interface Entries {
  readonly bySerialNumber: ReadonlyMap<string, readonly CrlEntry[]>
  readonly count: number
  readonly unsupportedExtension: string | undefined
}

function readEntries(content: Uint8Array, crlIssuer: DistinguishedName): Entries {
  const list = new DerReader(content)
  const bySerialNumber = new Map<string, CrlEntry[]>()
  let certificateIssuer = crlIssuer
  let unsupportedExtension: string | undefined
  let count = 0
  for (; !list.atEnd; count++) {
    if (count === CRL_ENTRIES_MAX) {
      throw new RevocationError('ERR_REVOCATION_CRL_TOO_LARGE', `CRL of more than ${CRL_ENTRIES_MAX} entries`)
    }
    const fields = list.enter(TAG.sequence)
    const serialNumber = serialNumberText(fields.readInteger())
    const revokedAtMs = readTime(fields)
    const extensions = fields.atEnd ? [] : readExtensions(fields.enter(TAG.sequence))
    fields.end()
    // RFC 5280 section 5.3.3: an entry that names no issuer has that of the entry before it.
    certificateIssuer = certificateIssuerOf(extensions) ?? certificateIssuer
    unsupportedExtension ??= extensions.find(
      ({ critical, oid }) => critical && !EVALUATED_OF_ENTRIES.has(oid),
    )?.oid
    const entry = { certificateIssuer, revokedAtMs, reason: reasonOf(extensions) }
    const others = bySerialNumber.get(serialNumber)
    if (others === undefined) bySerialNumber.set(serialNumber, [entry])
    else others.push(entry)
  }
  return { bySerialNumber, count, unsupportedExtension }
}

/** As `Certificate.serialNumberHex` has it; with a sign when negative, as no certificate read here has it. */
function serialNumberText(content: Uint8Array): string {
  if (content.length > SERIAL_NUMBER_BYTES_MAX)
    throw crlError(`serial number of more than ${SERIAL_NUMBER_BYTES_MAX} bytes`)
  const [first = 0] = content
  if (first >= 0x80) return `-${hexFromBytes(content)}`
  return hexFromBytes(first === 0 && content.length > 1 ? content.subarray(1) : content)
}

function certificateIssuerOf(extensions: readonly CertificateExtension[]): DistinguishedName | undefined {
  const value = extensions.find(({ oid }) => oid === CRL_ENTRY_EXTENSION.certificateIssuer)?.value
  if (value === undefined) return undefined
  const outer = new DerReader(value)
  const names = readGeneralNames(outer.read(TAG.sequence).content)
  outer.end()
  const issuer = names.find(({ directory }) => directory !== undefined)?.directory
  if (issuer === undefined) throw crlError('the issuer of a revoked certificate is not a directory name')
  return issuer
}

function reasonOf(extensions: readonly CertificateExtension[]): RevocationReason {
  const value = extensions.find(({ oid }) => oid === CRL_ENTRY_EXTENSION.reasonCode)?.value
  return value === undefined ? 'unspecified' : readReason(value)
}

/**
 * Reads a CRLReason, DER.
 *
 * @throws {RevocationError} ERR_REVOCATION_CRL for a number that RFC 5280 section 5.3.1 does not have
 */
export function readReason(der: Uint8Array): RevocationReason {
  const reader = new DerReader(der)
  const { content } = reader.read(ENUMERATED)
  reader.end()
  const reason = content.length === 1 ? REVOCATION_REASONS[content[0] ?? 0] : undefined
  if (reason === undefined) throw crlError('unknown reason of a revocation')
  return reason
}

/** The tag of ENUMERATED. */
export const ENUMERATED = 0x0a

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
