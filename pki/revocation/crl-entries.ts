import { bytesFromHex, equalBytes } from '#base'

import { type CertificateExtension, readExtensions } from '../certificate/certificate-extensions.ts'
import { readTime } from '../certificate/certificate-time.ts'
import type { Certificate } from '../certificate/certificate.ts'
import type { DistinguishedName } from '../certificate/distinguished-name.ts'
import { DerCursor } from '../der/der-cursor.ts'
import { DerReader, TAG } from '../der/der-reader.ts'
import { readGeneralNames } from './distribution-point.ts'
import { RevocationError } from './errors.ts'
import { CRL_ENTRY_EXTENSION } from './object-identifiers.ts'
import { readReason } from './reason-code.ts'
import type { RevocationReason } from './revocation-status.ts'

/** One revoked certificate. */
export interface CrlEntry {
  readonly revokedAtMs: number
  readonly reason: RevocationReason
}

/** Content up to here has an index in which hash and offset share the 53 bits of a number. */
export const ENTRIES_BYTES_MAX = 2 ** 24
const HASH_BITS = 53 - 24
/** SEQUENCE of an INTEGER of one byte and a UTCTime. */
const ENTRY_BYTES_MIN = 20
const SERIAL_NUMBER_BYTES_MAX = 64
/** 2.5.29.29 */
const CERTIFICATE_ISSUER = Uint8Array.of(0x55, 0x1d, 0x1d)
const EVALUATED: ReadonlySet<string> = new Set(Object.values(CRL_ENTRY_EXTENSION))

/**
 * The entries of a CRL (RFC 5280 section 5.1.2.6). Building it walks over all of them once, for their places and for
 * what concerns them all; an entry is read when it is asked for. Costs eight bytes for an entry.
 */
export class CrlEntries {
  /** A critical extension of an entry that this library does not process: the CRL may not be used. */
  readonly unsupportedExtension: string | undefined
  readonly #content: Uint8Array
  readonly #crlIssuer: DistinguishedName
  /** Hash of the serial number, then offset of the entry; sorted. */
  readonly #index: Float64Array
  /** Offsets of the entries that name an issuer, ascending; it holds for those that follow too (section 5.3.3). */
  readonly #issuersFrom: readonly number[]

  /**
   * `content`: that of revokedCertificates, at most {@link ENTRIES_BYTES_MAX}.
   *
   * @throws {RevocationError} ERR_REVOCATION_CRL
   * @throws {PkiError} ERR_PKI_DER
   */
  constructor(content: Uint8Array, crlIssuer: DistinguishedName) {
    this.#content = content
    this.#crlIssuer = crlIssuer
    const places = new Float64Array(Math.floor(content.length / ENTRY_BYTES_MIN) + 1)
    const walk = new Walk(content)
    let count = 0
    for (let offset = 0; offset < content.length; offset = walk.end) places[count++] = walk.entryAt(offset)
    this.#index = places.subarray(0, count).toSorted()
    this.#issuersFrom = walk.issuersFrom
    this.unsupportedExtension = walk.unsupportedExtension
  }

  get count(): number {
    return this.#index.length
  }

  /**
   * The entry of the certificate, if it has one. An entry of another issuer's certificate with that number is none.
   *
   * @throws {RevocationError} ERR_REVOCATION_CRL when the entry cannot be read
   * @throws {PkiError} for its DER, dates and extensions
   */
  find({ issuer, serialNumberHex }: Pick<Certificate, 'issuer' | 'serialNumberHex'>): CrlEntry | undefined {
    const serialNumber = integerFromHex(serialNumberHex)
    const hash = hashOf(serialNumber, 0, serialNumber.length)
    for (let at = this.#firstFrom(hash * ENTRIES_BYTES_MAX); at < this.#index.length; at++) {
      const place = this.#index[at] ?? 0
      if (Math.floor(place / ENTRIES_BYTES_MAX) !== hash) return undefined
      const offset = place % ENTRIES_BYTES_MAX
      const fields = this.#fieldsAt(offset)
      if (equalBytes(fields.readInteger(), serialNumber) && this.#issuerAt(offset).equals(issuer))
        return readEntry(fields)
    }
    return undefined
  }

  /** Binary search for the first place that is not less. */
  #firstFrom(place: number): number {
    let from = 0
    let to = this.#index.length
    while (from < to) {
      const middle = (from + to) >>> 1
      if ((this.#index[middle] ?? 0) < place) from = middle + 1
      else to = middle
    }
    return from
  }

  #fieldsAt(offset: number): DerReader {
    return new DerReader(this.#content.subarray(offset)).enter(TAG.sequence)
  }

  #issuerAt(offset: number): DistinguishedName {
    const from = this.#issuersFrom.findLast((named) => named <= offset)
    if (from === undefined) return this.#crlIssuer
    const fields = this.#fieldsAt(from)
    fields.readInteger()
    readTime(fields)
    return certificateIssuerOf(readEntryExtensions(fields)) ?? this.#crlIssuer
  }
}

/** Steps from entry to entry. */
class Walk {
  /** Where the entry read last ends. */
  end = 0
  unsupportedExtension: string | undefined
  readonly issuersFrom: number[] = []
  readonly #content: Uint8Array
  readonly #cursor: DerCursor

  constructor(content: Uint8Array) {
    this.#content = content
    this.#cursor = new DerCursor(content)
  }

  /** Reads the entry at `offset` and gives its place in the index. */
  entryAt(offset: number): number {
    const cursor = this.#cursor
    cursor.read(TAG.sequence, offset, this.#content.length)
    const { start, end } = cursor
    cursor.readInteger(start, end)
    if (cursor.end - cursor.start > SERIAL_NUMBER_BYTES_MAX)
      throw crlError(`serial number of more than ${SERIAL_NUMBER_BYTES_MAX} bytes`)
    const hash = hashOf(this.#content, cursor.start, cursor.end)
    const timeTag = cursor.tagAt(cursor.end, end) === TAG.utcTime ? TAG.utcTime : TAG.generalizedTime
    cursor.read(timeTag, cursor.end, end)
    if (cursor.end < end) this.#readExtensions(cursor.end, end, offset)
    this.end = end
    return hash * ENTRIES_BYTES_MAX + offset
  }

  #readExtensions(from: number, to: number, entry: number): void {
    const cursor = this.#cursor
    cursor.read(TAG.sequence, from, to)
    if (cursor.end !== to) throw crlError('an entry with more than its extensions')
    for (let at = cursor.start; at < to;) {
      cursor.read(TAG.sequence, at, to)
      const { end } = cursor
      cursor.read(TAG.objectIdentifier, cursor.start, end)
      if (this.#isCertificateIssuer(cursor.start, cursor.end)) this.issuersFrom.push(entry)
      if (cursor.tagAt(cursor.end, end) === TAG.boolean) this.#readCritical(at)
      at = end
    }
  }

  #isCertificateIssuer(start: number, end: number): boolean {
    return (
      end - start === CERTIFICATE_ISSUER.length &&
      CERTIFICATE_ISSUER.every((octet, at) => octet === this.#content[start + at])
    )
  }

  #readCritical(offset: number): void {
    const extension = new DerReader(this.#content.subarray(offset)).enter(TAG.sequence)
    const oid = extension.readObjectIdentifier()
    if (extension.readBoolean() && !EVALUATED.has(oid)) this.unsupportedExtension ??= oid
  }
}

/** FNV-1a. Whoever finds numbers of equal hash makes one search longer, no more. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193)
  return hash >>> (32 - HASH_BITS)
}

/** The content of the INTEGER of a positive number. */
function integerFromHex(hex: string): Uint8Array {
  const bytes = bytesFromHex(hex)
  return (bytes[0] ?? 0) < 0x80 ? bytes : Uint8Array.of(0, ...bytes)
}

function readEntry(fields: DerReader): CrlEntry {
  const revokedAtMs = readTime(fields)
  return { revokedAtMs, reason: reasonOf(readEntryExtensions(fields)) }
}

function readEntryExtensions(fields: DerReader): readonly CertificateExtension[] {
  const extensions = fields.atEnd ? [] : readExtensions(fields.enter(TAG.sequence))
  fields.end()
  return extensions
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

const crlError = (what: string): RevocationError => new RevocationError('ERR_REVOCATION_CRL', what)
