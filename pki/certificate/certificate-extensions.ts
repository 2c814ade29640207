/** The extensions of a certificate (RFC 5280 section 4.2) that this library reads. */
import { type bitStringOf, contextPrimitiveTag, DerReader, TAG } from '../der/der-reader.ts'
import { EXTENSION } from '../der/object-identifiers.ts'
import { PkiError } from '../errors.ts'
import {
  type GeneralName,
  type NameConstraints,
  readGeneralNames,
  readNameConstraints,
} from './general-names.ts'
import {
  certificateCountOf,
  type CertificatePolicy,
  type PolicyConstraints,
  type PolicyMapping,
  readCertificatePolicies,
  readPolicyConstraints,
  readPolicyMappings,
} from './policy-extensions.ts'

/** An extension as it stands; `value` is the DER inside its OCTET STRING. */
export interface CertificateExtension {
  readonly oid: string
  readonly critical: boolean
  readonly value: Uint8Array
}

/** In the order of the bits of KeyUsage, RFC 5280 section 4.2.1.3. */
export const KEY_USAGES = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const
export type KeyUsage = (typeof KEY_USAGES)[number]

export interface BasicConstraints {
  readonly ca: boolean
  /** How many CA certificates that are not self-issued may follow below this one; absent: any number. */
  readonly pathLength?: number
}

/** What the extensions say; a member is absent when its extension is. */
export interface KnownExtensions {
  readonly basicConstraints?: BasicConstraints
  readonly keyUsage?: readonly KeyUsage[]
  /** Purposes as dotted object identifiers. */
  readonly extendedKeyUsage?: readonly string[]
  readonly subjectKeyIdentifier?: Uint8Array
  readonly authorityKeyIdentifier?: Uint8Array
  readonly subjectAltNames?: readonly GeneralName[]
  readonly nameConstraints?: NameConstraints
  readonly certificatePolicies?: readonly CertificatePolicy[]
  readonly policyMappings?: readonly PolicyMapping[]
  readonly policyConstraints?: PolicyConstraints
  /** After how many further certificates that are not self-issued "any policy" no longer counts. */
  readonly inhibitAnyPolicy?: number
}

/** Above any certificate in the field (about 10): makes a forged list an error instead of work. */
const EXTENSIONS_MAX = 64

/**
 * Reads `Extensions`. An explicit `critical FALSE` is accepted although DER would leave it out.
 *
 * @throws {PkiError} ERR_PKI_DUPLICATE_EXTENSION, ERR_PKI_CERTIFICATE, ERR_PKI_DER, ERR_PKI_TRAILING_BYTES
 */
export function readExtensions(list: DerReader): readonly CertificateExtension[] {
  const extensions: CertificateExtension[] = []
  while (!list.atEnd) {
    const extension = readExtension(list.enter(TAG.sequence))
    if (extensions.some(({ oid }) => oid === extension.oid)) {
      throw new PkiError('ERR_PKI_DUPLICATE_EXTENSION', `extension ${extension.oid} occurs twice`)
    }
    if (extensions.length === EXTENSIONS_MAX) {
      throw new PkiError('ERR_PKI_CERTIFICATE', `more than ${EXTENSIONS_MAX} extensions`)
    }
    extensions.push(extension)
  }
  return extensions
}

function readExtension(reader: DerReader): CertificateExtension {
  const oid = reader.readObjectIdentifier()
  const critical = reader.peekTag() === TAG.boolean && reader.readBoolean()
  const value = reader.read(TAG.octetString).content
  reader.end()
  return { oid, critical, value }
}

/** Interprets the extensions this library knows; the others stay for the path validation to judge. */
export function interpretExtensions(extensions: readonly CertificateExtension[]): KnownExtensions {
  let known: KnownExtensions = {}
  for (const { oid, value } of extensions) {
    const read = READERS[oid]
    if (read === undefined) continue
    const reader = new DerReader(value)
    known = { ...known, ...read(reader) }
    reader.end()
  }
  return known
}

const READERS: Readonly<Record<string, (reader: DerReader) => KnownExtensions>> = {
  [EXTENSION.basicConstraints]: (reader) => ({
    basicConstraints: readBasicConstraints(reader.enter(TAG.sequence)),
  }),
  [EXTENSION.keyUsage]: (reader) => ({ keyUsage: keyUsagesOf(reader.readBitString()) }),
  [EXTENSION.extendedKeyUsage]: (reader) => ({ extendedKeyUsage: readPurposes(reader.enter(TAG.sequence)) }),
  [EXTENSION.subjectKeyIdentifier]: (reader) => ({
    subjectKeyIdentifier: reader.read(TAG.octetString).content,
  }),
  [EXTENSION.authorityKeyIdentifier]: (reader) => readAuthorityKeyIdentifier(reader.enter(TAG.sequence)),
  [EXTENSION.subjectAltName]: (reader) => ({ subjectAltNames: readGeneralNames(reader.enter(TAG.sequence)) }),
  [EXTENSION.nameConstraints]: (reader) => ({
    nameConstraints: readNameConstraints(reader.enter(TAG.sequence)),
  }),
  [EXTENSION.certificatePolicies]: (reader) => ({
    certificatePolicies: readCertificatePolicies(reader.enter(TAG.sequence)),
  }),
  [EXTENSION.policyMappings]: (reader) => ({
    policyMappings: readPolicyMappings(reader.enter(TAG.sequence)),
  }),
  [EXTENSION.policyConstraints]: (reader) => ({
    policyConstraints: readPolicyConstraints(reader.enter(TAG.sequence)),
  }),
  [EXTENSION.inhibitAnyPolicy]: (reader) => ({ inhibitAnyPolicy: certificateCountOf(reader.readInteger()) }),
}

/** Certificates of the field spell out `cA FALSE`, which DER would leave out: both mean the same. */
function readBasicConstraints(reader: DerReader): BasicConstraints {
  const ca = reader.peekTag() === TAG.boolean && reader.readBoolean()
  if (reader.atEnd) return { ca }
  const content = reader.readInteger()
  reader.end()
  return { ca, pathLength: certificateCountOf(content) }
}

function keyUsagesOf({ bytes }: ReturnType<typeof bitStringOf>): readonly KeyUsage[] {
  return KEY_USAGES.filter((_, bit) => (((bytes[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1) === 1)
}

function readPurposes(reader: DerReader): readonly string[] {
  const purposes: string[] = []
  while (!reader.atEnd) purposes.push(reader.readObjectIdentifier())
  return purposes
}

/** Only the key identifier counts; issuer and serial number of the issuer are hints nobody needs to follow. */
function readAuthorityKeyIdentifier(reader: DerReader): KnownExtensions {
  const identifier = reader.readOptional(contextPrimitiveTag(0))
  while (!reader.atEnd) reader.readAny()
  return identifier === undefined ? {} : { authorityKeyIdentifier: identifier.content }
}
