/**
 * Reads DER (X.690) strictly: definite minimal lengths that stay inside their parent, no byte left over.
 *
 * Input comes from cars and strangers. Nothing is allocated by a length that was not checked, and nothing recurses:
 * the caller descends only where its own format says so.
 */
import { PkiError } from '../errors.ts'

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  objectIdentifier: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const

/** The tag of `[n]`, constructed (an explicit tag, or an implicit one on a constructed type). */
export const contextTag = (n: number): number => 0xa0 + n
/** The tag of `[n] IMPLICIT` on a primitive type. */
export const contextPrimitiveTag = (n: number): number => 0x80 + n

/** One value with its header: `encoded` is the whole of it, `content` what the header wraps. Views, not copies. */
export interface DerElement {
  readonly tag: number
  readonly content: Uint8Array
  readonly encoded: Uint8Array
}

/** Longest length field read: four bytes span 4 GiB, more than any input limit lets in. */
const LENGTH_BYTES_MAX = 4
/** Longest object identifier read; the longest in use have about 20 bytes. */
const OBJECT_IDENTIFIER_BYTES_MAX = 64

export class DerReader {
  readonly #bytes: Uint8Array
  #offset = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get atEnd(): boolean {
    return this.#offset === this.#bytes.length
  }

  /** The tag of the next element, `undefined` at the end. */
  peekTag(): number | undefined {
    return this.#bytes[this.#offset]
  }

  /** Reads the next element, whatever its tag. */
  readAny(): DerElement {
    const start = this.#offset
    const tag = this.#octet()
    if ((tag & 0x1f) === 0x1f) throw this.#error('multi-byte tag')
    const length = this.#length()
    const contentStart = this.#offset
    if (length > this.#bytes.length - contentStart) throw this.#error('length beyond the end of its parent')
    this.#offset = contentStart + length
    return {
      tag,
      content: this.#bytes.subarray(contentStart, this.#offset),
      encoded: this.#bytes.subarray(start, this.#offset),
    }
  }

  /** Reads the next element, which must have this tag. */
  read(tag: number): DerElement {
    const found = this.peekTag()
    if (found !== tag) throw this.#error(`expected tag ${hex(tag)}, found ${hex(found)}`)
    return this.readAny()
  }

  /** Reads the next element when it has this tag. */
  readOptional(tag: number): DerElement | undefined {
    return this.peekTag() === tag ? this.readAny() : undefined
  }

  /** Descends into the next element, which must have this tag. */
  enter(tag: number): DerReader {
    return new DerReader(this.read(tag).content)
  }

  /** An object identifier in dotted form. */
  readObjectIdentifier(): string {
    return objectIdentifierText(this.read(TAG.objectIdentifier).content)
  }

  /** A BOOLEAN; what is neither 00 nor FF is refused. */
  readBoolean(): boolean {
    const { content } = this.read(TAG.boolean)
    if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff)) throw this.#error('not a BOOLEAN')
    return content[0] === 0xff
  }

  /** The content of an INTEGER: two's complement, as short as it can be, at least one byte. */
  readInteger(): Uint8Array {
    const { content } = this.read(TAG.integer)
    const [first, second = 0] = content
    const padded =
      content.length > 1 && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80))
    if (first === undefined || padded) throw this.#error('INTEGER not minimal')
    return content
  }

  /** A BIT STRING: its bytes and how many bits at the end of the last one do not count. */
  readBitString(): { bytes: Uint8Array; unusedBits: number } {
    return bitStringOf(this.read(TAG.bitString).content)
  }

  /** Ends the reading: bytes that nobody read are an error. */
  end(): void {
    if (!this.atEnd) {
      throw new PkiError(
        'ERR_PKI_TRAILING_BYTES',
        `${this.#bytes.length - this.#offset} bytes after the last element`,
      )
    }
  }

  #octet(): number {
    const octet = this.#bytes[this.#offset]
    if (octet === undefined) throw this.#error('truncated')
    this.#offset++
    return octet
  }

  #length(): number {
    const first = this.#octet()
    if (first < 0x80) return first
    const count = first & 0x7f
    if (count === 0 || count > LENGTH_BYTES_MAX) throw this.#error('indefinite or oversized length')
    let length = 0
    for (let i = 0; i < count; i++) length = length * 256 + this.#octet()
    if (length < 0x80 || length < 256 ** (count - 1)) throw this.#error('length not minimal')
    return length
  }

  #error(what: string): PkiError {
    return new PkiError('ERR_PKI_DER', `DER: ${what} at byte ${this.#offset}`)
  }
}

/** Reads the content of a BIT STRING, also one under an implicit tag. */
export function bitStringOf(content: Uint8Array): { bytes: Uint8Array; unusedBits: number } {
  const [unusedBits] = content
  if (unusedBits === undefined || unusedBits > 7 || (content.length === 1 && unusedBits > 0)) {
    throw new PkiError('ERR_PKI_DER', 'DER: not a BIT STRING')
  }
  // X.690 section 11.2.1. A key usage there would be one that others do not see.
  if (((content.at(-1) ?? 0) & ((1 << unusedBits) - 1)) !== 0)
    throw new PkiError('ERR_PKI_DER', 'DER: unused bits of a BIT STRING are not zero')
  return { bytes: content.subarray(1), unusedBits }
}

function objectIdentifierText(content: Uint8Array): string {
  const last = content.at(-1)
  if (last === undefined || last >= 0x80 || content.length > OBJECT_IDENTIFIER_BYTES_MAX) {
    throw new PkiError('ERR_PKI_DER', 'DER: object identifier empty, cut off or too long')
  }
  let text = ''
  let arc = 0
  for (const octet of content) {
    if (arc === 0 && octet === 0x80) throw new PkiError('ERR_PKI_DER', 'DER: object identifier not minimal')
    if (arc > Number.MAX_SAFE_INTEGER / 256)
      throw new PkiError('ERR_PKI_DER', 'DER: object identifier arc too large')
    arc = arc * 128 + (octet & 0x7f)
    if (octet >= 0x80) continue
    text += text === '' ? firstArcs(arc) : `.${arc}`
    arc = 0
  }
  return text
}

/** The first subidentifier joins two arcs: 40 * first + second, where first is 0, 1 or 2. */
function firstArcs(subidentifier: number): string {
  const first = Math.min(2, Math.floor(subidentifier / 40))
  return `${first}.${subidentifier - first * 40}`
}

const hex = (tag: number | undefined): string => (tag === undefined ? 'the end' : `0x${tag.toString(16)}`)
