import { isUtf8 } from 'node:buffer'

import { equalBytes, hexFromBytes } from '#base'

import { type DerElement, DerReader, TAG } from '../der/der-reader.ts'
import { ATTRIBUTE_NAME } from '../der/object-identifiers.ts'

/** One attribute of a name: its type in short form (`CN`, `O`, `DC`…; dotted when it has none) and its text. */
export interface NameAttribute {
  readonly type: string
  readonly value: string
  /** Whether `value` is the attribute's own text rather than the hexadecimal form (`#…`) of something else. */
  readonly isText: boolean
}

/**
 * An X.501 name as a certificate holds it. The bytes are kept, because a name that was encoded again no longer
 * chains for verifiers that compare bytes.
 */
export class DistinguishedName {
  /** The Name, DER. */
  readonly der: Uint8Array
  /** In the order of the encoding: the country usually first, the common name last. */
  readonly attributes: readonly NameAttribute[]
  readonly #relativeNames: readonly (readonly NameAttribute[])[]
  #comparisonKeys: readonly string[] | undefined

  /** @throws {PkiError} ERR_PKI_DER, ERR_PKI_TRAILING_BYTES */
  constructor(der: Uint8Array) {
    this.der = der
    const relativeNames: (readonly NameAttribute[])[] = []
    const outer = new DerReader(der)
    const names = outer.enter(TAG.sequence)
    outer.end()
    while (!names.atEnd) relativeNames.push(readRelativeName(names.enter(TAG.set)))
    this.#relativeNames = relativeNames
    this.attributes = relativeNames.flat()
  }

  /** Every value of one attribute type (`CN`, `DC`…), in order. */
  values(type: string): readonly string[] {
    return this.attributes.filter((attribute) => attribute.type === type).map((attribute) => attribute.value)
  }

  /**
   * For people and for members like `distinguishedName`: `CN=…, DC=…, O=…, C=…`, the reverse of the encoding.
   * Not for comparing: use {@link equals}.
   */
  get text(): string {
    return this.attributes
      .toReversed()
      .map(({ type, value, isText }) => `${type}=${isText ? escaped(value) : value}`)
      .join(', ')
  }

  /**
   * Whether both are the same name by RFC 5280 section 7.1: the same attributes in the same order, texts compared
   * without regard to string type, case, and runs of spaces.
   */
  equals(other: DistinguishedName): boolean {
    if (equalBytes(this.der, other.der)) return true
    return this.#keys.length === other.#keys.length && this.isWithin(other)
  }

  /** Whether this name begins with the whole of `ancestor`, as name constraints have it (RFC 5280 section 4.2.1.10). */
  isWithin(ancestor: DistinguishedName): boolean {
    return ancestor.#keys.every((key, index) => key === this.#keys[index])
  }

  toString(): string {
    return this.text
  }

  get #keys(): readonly string[] {
    this.#comparisonKeys ??= this.#relativeNames.map((name) => JSON.stringify(relativeNameKey(name)))
    return this.#comparisonKeys
  }
}

function readRelativeName(reader: DerReader): readonly NameAttribute[] {
  const attributes: NameAttribute[] = []
  do attributes.push(readAttribute(reader.enter(TAG.sequence)))
  while (!reader.atEnd)
  return attributes
}

function readAttribute(reader: DerReader): NameAttribute {
  const oid = reader.readObjectIdentifier()
  const element = reader.readAny()
  reader.end()
  const text = textOf(element)
  const value = text ?? `#${hexFromBytes(element.encoded)}`
  return { type: ATTRIBUTE_NAME.get(oid) ?? oid, value, isText: text !== undefined }
}

/** The text of a directory string; `undefined` for types that are not text. */
function textOf({ tag, content }: DerElement): string | undefined {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength)
  switch (tag) {
    case TAG.utf8String:
      // What is not UTF-8 would become the same replacement character in every name.
      return isUtf8(bytes) ? bytes.toString('utf8') : undefined
    case TAG.printableString:
    case TAG.ia5String:
    case TAG.teletexString:
      return bytes.toString('latin1')
    case TAG.bmpString:
      return content.length % 2 === 0 ? Buffer.from(content).swap16().toString('utf16le') : undefined
    default:
      return undefined
  }
}

/** String preparation of RFC 5280 section 7.1, as far as names in certificates show differences. */
function prepared(text: string): string {
  return text.normalize('NFKC').toLowerCase().trim().replace(/\s+/g, ' ')
}

/** The attributes of one relative name are a set: their order does not count. */
function relativeNameKey(attributes: readonly NameAttribute[]): readonly string[] {
  return attributes
    .map(({ type, value, isText }) => (isText ? `${type}=${prepared(value)}` : `${type}:${value}`))
    .toSorted()
}

/** RFC 4514 section 2.4: what would be read as the syntax of the name is escaped. */
function escaped(value: string): string {
  return value.replace(/[\\",+<>;]|^[# ]| $/g, (character) => `\\${character}`)
}
