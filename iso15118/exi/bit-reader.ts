/**
 * The primitive values of a bit-packed EXI stream, most significant bit first (EXI 1.0 §7.1).
 *
 * Input comes from a car through an untrusted charge point: every read is bounded by the buffer and every
 * self-delimiting value by a limit. A reader that has thrown is of no further use.
 */
import { ExiError } from './errors.ts'

/** Octets of 7 bits whose value is an exact `number`: 49 bits. Leading zero groups are allowed up to this. */
const UNSIGNED_OCTETS_MAX = 7
/** An xs:integer serial number has 20 octets by RFC 5280; real and test certificates go beyond, forged ones further. */
export const BIG_UNSIGNED_OCTETS_MAX = 161
/** Above any text field of ISO 15118 (the longest seen are distinguished names and algorithm identifiers). */
export const STRING_CHARACTERS_MAX = 8 * 1024

export class BitReader {
  readonly #bytes: Uint8Array
  readonly #bitCount: number
  #bit: number

  /** Reads `bytes` from bit `start` on. */
  constructor(bytes: Uint8Array, start: number) {
    // A view of the plain kind: a Buffer would slice into Buffers that share its memory.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
    this.#bitCount = bytes.length * 8
    this.#bit = start
  }

  get bit(): number {
    return this.#bit
  }

  get bitsLeft(): number {
    return this.#bitCount - this.#bit
  }

  /** Reads an unsigned integer of `n` bits, 0 <= n <= 24. */
  readBits(n: number): number {
    const start = this.#bit
    const end = start + n
    if (end > this.#bitCount) throw truncated(n, start, this.#bitCount)
    this.#bit = end
    const at = start >>> 3
    // Four octets hold any 24 bits at any offset; those beyond the end are zeros that the shift drops.
    const window =
      ((this.#bytes[at] ?? 0) << 24) |
      ((this.#bytes[at + 1] ?? 0) << 16) |
      ((this.#bytes[at + 2] ?? 0) << 8) |
      (this.#bytes[at + 3] ?? 0)
    return n === 0 ? 0 : (window << (start & 7)) >>> (32 - n)
  }

  /** Reads an Unsigned Integer (EXI 1.0 §7.1.6): groups of 7 bits, least significant group first. */
  readUnsigned(): number {
    let value = 0
    let weight = 1
    for (let i = 0; i < UNSIGNED_OCTETS_MAX; i++) {
      const octet = this.readBits(8)
      value += (octet & 0x7f) * weight
      if (octet < 0x80) return value
      weight *= 128
    }
    throw new ExiError(
      'ERR_EXI_TOO_LARGE',
      `unsigned integer over ${UNSIGNED_OCTETS_MAX} octets at bit ${this.#bit}`,
    )
  }

  /** Reads an Unsigned Integer of any size up to 1127 bits. */
  readBigUnsigned(): bigint {
    let value = 0n
    for (let octets = 0; octets < BIG_UNSIGNED_OCTETS_MAX; octets += UNSIGNED_OCTETS_MAX) {
      // As many octets as a number holds exactly are gathered first: arithmetic on bigints is many times slower.
      let part = 0
      let weight = 1
      for (let i = 0; i < UNSIGNED_OCTETS_MAX; i++) {
        const octet = this.readBits(8)
        part += (octet & 0x7f) * weight
        if (octet < 0x80) return value | (BigInt(part) << BigInt(7 * octets))
        weight *= 128
      }
      value |= BigInt(part) << BigInt(7 * octets)
    }
    throw new ExiError(
      'ERR_EXI_TOO_LARGE',
      `integer over ${BIG_UNSIGNED_OCTETS_MAX} octets at bit ${this.#bit}`,
    )
  }

  /** Reads a Binary value (EXI 1.0 §7.1.1): a length, then that many octets. */
  readBinary(): Uint8Array {
    const length = this.readUnsigned()
    if (length * 8 > this.bitsLeft) throw truncated(length * 8, this.#bit, this.#bitCount)
    const at = this.#bit >>> 3
    const aligned = (this.#bit & 7) === 0
    const value = aligned ? this.#bytes.slice(at, at + length) : new Uint8Array(length)
    if (!aligned) this.#copy(value, length)
    this.#bit += length * 8
    return value
  }

  /** Reads `length` characters, each an Unsigned Integer code point (EXI 1.0 §7.1.10). */
  readCharacters(length: number): string {
    if (length > STRING_CHARACTERS_MAX) {
      throw new ExiError(
        'ERR_EXI_TOO_LARGE',
        `string of ${length} characters, limit ${STRING_CHARACTERS_MAX}`,
      )
    }
    if (length * 8 > this.bitsLeft) throw truncated(length * 8, this.#bit, this.#bitCount)
    return this.#asciiText(length) ?? this.#text(length)
  }

  /** Most texts are ASCII, of one octet each: those are copied at once. Anything else is left to be read again. */
  #asciiText(length: number): string | undefined {
    const text = length <= SCRATCH.length ? SCRATCH : Buffer.allocUnsafe(length)
    const seen = this.#copy(text, length)
    if (seen >= 0x80) return undefined
    this.#bit += length * 8
    return text.toString('latin1', 0, length)
  }

  #text(length: number): string {
    let text = ''
    for (let i = 0; i < length; i++) {
      const octet = this.readBits(8)
      text += octet < 0x80 ? String.fromCharCode(octet) : this.#character(octet)
    }
    return text
  }

  /** Copies octets from wherever the reader is to a whole-octet place, and gives all of them or-ed together. */
  #copy(target: Uint8Array, length: number): number {
    const bytes = this.#bytes
    const shift = this.#bit & 7
    const back = 8 - shift
    let at = this.#bit >>> 3
    let octet = bytes[at] ?? 0
    let seen = 0
    for (let i = 0; i < length; i++) {
      const next = bytes[++at] ?? 0
      const whole = ((octet << shift) | (next >>> back)) & 0xff
      target[i] = whole
      seen |= whole
      octet = next
    }
    return seen
  }

  /** The rest of a code point whose first octet says that more follow. */
  #character(first: number): string {
    const codePoint = (first & 0x7f) + this.readUnsigned() * 128
    // XML has no surrogates as characters; String.fromCodePoint would pass them on as ill-formed text.
    if (codePoint > 0x10_ff_ff || (codePoint >= 0xd8_00 && codePoint <= 0xdf_ff)) {
      throw new ExiError('ERR_EXI_DEVIATION', `no character has the code ${codePoint}, at bit ${this.#bit}`)
    }
    return String.fromCodePoint(codePoint)
  }
}

/** Where a text is gathered before it becomes a string; used and left within one call. */
const SCRATCH = Buffer.alloc(256)

function truncated(bits: number, at: number, bitCount: number): ExiError {
  return new ExiError('ERR_EXI_TRUNCATED', `need ${bits} bits at bit ${at}, have ${bitCount - at}`)
}
