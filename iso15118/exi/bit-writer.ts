/** Writes the primitive values of a bit-packed EXI stream (EXI 1.0 §7.1) into a buffer that grows. */
import assert from 'node:assert/strict'

/** Holds a CertificateInstallationReq; a response grows it twice. */
const BYTES_START = 2048

/** The buffer of the last message, for the next: making and clearing one costs as much as writing a request. */
let spare: Uint8Array<ArrayBuffer> | undefined

/** Seven groups of 7 bits. */
const PART_MASK = 2n ** 49n - 1n

export class BitWriter {
  #bytes: Uint8Array<ArrayBuffer>
  #bit = 0

  constructor() {
    this.#bytes = spare ?? new Uint8Array(BYTES_START)
    spare = undefined
  }

  /** Everything written, the last octet filled with zero bits. The writer is done with then. */
  toBytes(): Uint8Array {
    const written = this.#bytes.slice(0, (this.#bit + 7) >>> 3)
    spare = this.#bytes
    this.#bytes = new Uint8Array(0)
    return written
  }

  /** Writes an unsigned integer of `n` bits, 0 <= n <= 24. */
  writeBits(value: number, n: number): void {
    assert(n <= 24 && value >>> n === 0)
    if (n === 0) return
    const at = this.#bit >>> 3
    this.#reserve(at + 4)
    const bytes = this.#bytes
    const window = (this.#carry() << 24) | (value << (32 - n - (this.#bit & 7)))
    bytes[at] = window >>> 24
    bytes[at + 1] = window >>> 16
    bytes[at + 2] = window >>> 8
    bytes[at + 3] = window
    this.#bit += n
  }

  /** Writes an Unsigned Integer (EXI 1.0 §7.1.6) of at most 53 bits, in as few octets as it takes. */
  writeUnsigned(value: number): void {
    let rest = value
    while (rest >= 0x80) {
      this.writeBits((rest % 0x80) | 0x80, 8)
      rest = Math.floor(rest / 0x80)
    }
    this.writeBits(rest, 8)
  }

  writeBigUnsigned(value: bigint): void {
    let rest = value
    // Parts of 7 octets are exact as numbers: arithmetic on bigints is many times slower.
    for (; rest > PART_MASK; rest >>= 49n) {
      let part = Number(rest & PART_MASK)
      for (let i = 0; i < 7; i++) {
        this.writeBits((part % 0x80) | 0x80, 8)
        part = Math.floor(part / 0x80)
      }
    }
    this.writeUnsigned(Number(rest))
  }

  /** Writes a Binary value (EXI 1.0 §7.1.1): its length, then its octets. */
  writeBinary(value: Uint8Array): void {
    this.writeUnsigned(value.length)
    let at = this.#bit >>> 3
    this.#reserve(at + value.length + 1)
    const bytes = this.#bytes
    const shift = this.#bit & 7
    let carry = this.#carry()
    this.#bit += value.length * 8
    if (shift === 0) {
      bytes.set(value, at)
      return
    }
    const back = 8 - shift
    for (let i = 0; i < value.length; i++) {
      const octet = value[i] ?? 0
      bytes[at++] = carry | (octet >>> shift)
      carry = (octet << back) & 0xff
    }
    bytes[at] = carry
  }

  /** Writes each character as its code point (EXI 1.0 §7.1.10); the length is the caller's. */
  writeCharacters(text: string): void {
    const ascii = this.#writeAscii(text)
    for (let i = ascii; i < text.length; i++) {
      const codePoint = text.codePointAt(i) ?? 0
      this.writeUnsigned(codePoint)
      // The second half of a surrogate pair is part of the code point just written.
      if (codePoint > 0xff_ff) i++
    }
  }

  /** Writes the characters before the first that is not ASCII, an octet each; gives how many. */
  #writeAscii(text: string): number {
    let at = this.#bit >>> 3
    this.#reserve(at + text.length + 1)
    const bytes = this.#bytes
    const shift = this.#bit & 7
    const back = 8 - shift
    let carry = this.#carry()
    let count = 0
    for (; count < text.length; count++) {
      const octet = text.charCodeAt(count)
      if (octet >= 0x80) break
      bytes[at++] = carry | (octet >>> shift)
      carry = (octet << back) & 0xff
    }
    bytes[at] = carry
    this.#bit += count * 8
    return count
  }

  /** The bits already written into the octet that is not full. What lies behind them is from an earlier message. */
  #carry(): number {
    return (this.#bytes[this.#bit >>> 3] ?? 0) & (0xff_00 >>> (this.#bit & 7)) & 0xff
  }

  #reserve(size: number): void {
    if (size <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(size, this.#bytes.length * 2))
    grown.set(this.#bytes)
    this.#bytes = grown
  }
}
