/** Where CRLs are to be found and what they cover (RFC 5280 sections 4.2.1.13 and 5.2.5). */
import { equalBytes } from '#base'

import type { Certificate } from '../certificate/certificate.ts'
import { DistinguishedName } from '../certificate/distinguished-name.ts'
import {
  bitStringOf,
  contextPrimitiveTag,
  contextTag,
  type DerElement,
  DerReader,
  TAG,
} from '../der/der-reader.ts'
import { writeElement } from '../der/der-writer.ts'
import { RevocationError } from './errors.ts'
import { OCSP, SOURCE_EXTENSION } from './object-identifiers.ts'

/** A GeneralName: what names of CRLs are made of is told apart, the rest is compared by its bytes. */
export interface GeneralName {
  readonly directory?: DistinguishedName
  readonly uri?: string
  readonly der: Uint8Array
}

/** Bits 1 to 8 of ReasonFlags, as they stand in a number whose lowest bit is bit 0. */
export const ALL_REASONS = 0b1_1111_1110

/** One distribution point of a certificate. */
export interface DistributionPoint {
  /** Absent: the CRL is found by the name of its issuer alone. */
  readonly names?: readonly GeneralName[]
  readonly reasons: number
  /** Who issues the CRL when it is not the issuer of the certificate. */
  readonly crlIssuers?: readonly GeneralName[]
}

/** What a CRL says it covers; a CRL that does not say covers everything its issuer has issued. */
export interface IssuingDistributionPoint {
  readonly names?: readonly GeneralName[]
  readonly onlyUserCertificates: boolean
  readonly onlyCaCertificates: boolean
  readonly onlyAttributeCertificates: boolean
  readonly reasons: number
  readonly indirect: boolean
}

const URI_CHARACTERS_MAX = 2000
/** Above any certificate or CRL in the field; keeps a forged list from being work. */
const NAMES_MAX = 32

/**
 * The distribution points of a certificate; none when it has no such extension.
 *
 * @throws {PkiError} ERR_PKI_DER, ERR_PKI_TRAILING_BYTES, {RevocationError} ERR_REVOCATION_EXTENSION
 */
export function crlDistributionPointsOf(certificate: Certificate): readonly DistributionPoint[] {
  return readListed(certificate, SOURCE_EXTENSION.crlDistributionPoints, (point) =>
    readDistributionPoint(point, certificate.issuer),
  )
}

/** The addresses of OCSP responders a certificate names, in its order. Throws as {@link crlDistributionPointsOf}. */
export function ocspAddressesOf(certificate: Certificate): readonly string[] {
  return readListed(certificate, SOURCE_EXTENSION.authorityInformationAccess, (description) => {
    const method = description.readObjectIdentifier()
    const { uri } = readGeneralName(description.readAny())
    return method === OCSP.accessMethod ? uri : undefined
  }).filter((uri) => uri !== undefined)
}

/** The addresses of a certificate's CRLs, in its order. Throws as {@link crlDistributionPointsOf}. */
export function crlAddressesOf(certificate: Certificate): readonly string[] {
  return crlDistributionPointsOf(certificate).flatMap(({ names = [] }) =>
    names.flatMap(({ uri }) => (uri === undefined ? [] : [uri])),
  )
}

/** Reads the content of the CRL extension. Throws as {@link crlDistributionPointsOf}. */
export function readIssuingDistributionPoint(
  value: Uint8Array,
  issuer: DistinguishedName,
): IssuingDistributionPoint {
  const outer = new DerReader(value)
  const fields = outer.enter(TAG.sequence)
  outer.end()
  const names = readPointName(fields, issuer)
  const onlyUserCertificates = readFlag(fields, 1)
  const onlyCaCertificates = readFlag(fields, 2)
  const reasons = readReasons(fields, 3)
  const indirect = readFlag(fields, 4)
  const onlyAttributeCertificates = readFlag(fields, 5)
  fields.end()
  return {
    ...(names === undefined ? {} : { names }),
    onlyUserCertificates,
    onlyCaCertificates,
    onlyAttributeCertificates,
    reasons,
    indirect,
  }
}

/** Reads the content of GeneralNames: at least one. */
export function readGeneralNames(content: Uint8Array): readonly GeneralName[] {
  const reader = new DerReader(content)
  const names: GeneralName[] = []
  do {
    if (names.length === NAMES_MAX) throw extensionError(`more than ${NAMES_MAX} names`)
    names.push(readGeneralName(reader.readAny()))
  } while (!reader.atEnd)
  return names
}

/** Whether one name stands in both lists. Names of directories compare by RFC 5280 section 7.1, others by bytes. */
export function shareName(some: readonly GeneralName[], others: readonly GeneralName[]): boolean {
  return some.some((one) => others.some((other) => sameName(one, other)))
}

function sameName(one: GeneralName, other: GeneralName): boolean {
  if (one.directory !== undefined && other.directory !== undefined)
    return one.directory.equals(other.directory)
  return equalBytes(one.der, other.der)
}

function readListed<T>(certificate: Certificate, oid: string, read: (item: DerReader) => T): readonly T[] {
  const extension = certificate.extensions.find((candidate) => candidate.oid === oid)
  if (extension === undefined) return []
  const outer = new DerReader(extension.value)
  const list = outer.enter(TAG.sequence)
  outer.end()
  const items: T[] = []
  while (!list.atEnd) {
    if (items.length === NAMES_MAX)
      throw extensionError(`more than ${NAMES_MAX} sources of revocation status`)
    const item = list.enter(TAG.sequence)
    items.push(read(item))
    item.end()
  }
  return items
}

function readDistributionPoint(fields: DerReader, certificateIssuer: DistinguishedName): DistributionPoint {
  const named = fields.readOptional(contextTag(0))
  const reasons = readReasons(fields, 1)
  const issuers = fields.readOptional(contextTag(2))
  const crlIssuers = issuers === undefined ? undefined : readGeneralNames(issuers.content)
  const relativeTo = crlIssuers?.find(({ directory }) => directory !== undefined)?.directory
  const names = named === undefined ? undefined : pointNames(named, relativeTo ?? certificateIssuer)
  return {
    ...(names === undefined ? {} : { names }),
    reasons,
    ...(crlIssuers === undefined ? {} : { crlIssuers }),
  }
}

function readPointName(fields: DerReader, issuer: DistinguishedName): readonly GeneralName[] | undefined {
  const named = fields.readOptional(contextTag(0))
  return named === undefined ? undefined : pointNames(named, issuer)
}

/** DistributionPointName: full names, or one relative name to be put behind the name of the CRL's issuer. */
function pointNames({ content }: DerElement, issuer: DistinguishedName): readonly GeneralName[] {
  const choice = new DerReader(content)
  const full = choice.readOptional(contextTag(0))
  const relative = full === undefined ? choice.read(contextTag(1)) : undefined
  choice.end()
  if (full !== undefined) return readGeneralNames(full.content)
  const issuerNames = new DerReader(issuer.der).read(TAG.sequence).content
  const relativeName = writeElement(TAG.set, relative?.content ?? new Uint8Array())
  const directory = new DistinguishedName(writeElement(TAG.sequence, issuerNames, relativeName))
  return [{ directory, der: writeElement(contextTag(4), directory.der) }]
}

function readGeneralName({ tag, content, encoded }: DerElement): GeneralName {
  if (tag === contextTag(4)) return { directory: new DistinguishedName(content), der: encoded }
  if (tag !== contextPrimitiveTag(6)) return { der: encoded }
  if (content.length > URI_CHARACTERS_MAX)
    throw extensionError(`address of ${content.length} characters, limit ${URI_CHARACTERS_MAX}`)
  return { uri: Buffer.from(content).toString('latin1'), der: encoded }
}

function readFlag(fields: DerReader, n: number): boolean {
  const element = fields.readOptional(contextPrimitiveTag(n))
  if (element === undefined) return false
  const [value] = element.content
  if (element.content.length !== 1 || (value !== 0 && value !== 0xff)) throw extensionError('not a BOOLEAN')
  return value === 0xff
}

function readReasons(fields: DerReader, n: number): number {
  const element = fields.readOptional(contextPrimitiveTag(n))
  if (element === undefined) return ALL_REASONS
  const [first = 0, second = 0] = bitStringOf(element.content).bytes
  let reasons = 0
  for (let bit = 1; bit <= 8; bit++) {
    const octet = bit < 8 ? first : second
    if (((octet >> (7 - (bit & 7))) & 1) === 1) reasons |= 1 << bit
  }
  return reasons
}

const extensionError = (what: string): RevocationError =>
  new RevocationError('ERR_REVOCATION_EXTENSION', what)
