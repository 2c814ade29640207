/** Writes the primitive values of a bit-packed EXI stream (EXI 1.0 §7.1) into a buffer that grows. */
import assert from 'node:assert/strict'

/** Holds a CertificateInstallationReq; a response grows it twice. */
const BYTES_START = 2048

export class BitWriter {
  #bytes = new Uint8Array(BYTES_START)
  #bit = 0

  /** Everything written, the last octet filled with zero bits. A copy: the writer may go on. */
  toBytes(): Uint8Array {
    return this.#bytes.slice(0, (this.#bit + 7) >>> 3)
  }

  /** Writes an unsigned integer of `n` bits, 0 <= n <= 24. */
  writeBits(value: number, n: number): void {
    assert(n <= 24 && value >>> n === 0)
    if (n === 0) return
    const at = this.#bit >>> 3
    this.#reserve(at + 4)
    const bytes = this.#bytes
    const window = ((bytes[at] ?? 0) << 24) | (value << (32 - n - (this.#bit & 7)))
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
    while (rest >= 0x80n) {
      this.writeBits(Number(rest & 0x7fn) | 0x80, 8)
      rest >>= 7n
    }
    this.writeBits(Number(rest), 8)
  }

  /** Writes a Binary value (EXI 1.0 §7.1.1): its length, then its octets. */
  writeBinary(value: Uint8Array): void {
    this.writeUnsigned(value.length)
    let at = this.#bit >>> 3
    this.#reserve(at + value.length + 1)
    const bytes = this.#bytes
    const shift = this.#bit & 7
    this.#bit += value.length * 8
    if (shift === 0) {
      bytes.set(value, at)
      return
    }
    const back = 8 - shift
    let carry = bytes[at] ?? 0
    for (let i = 0; i < value.length; i++) {
      const octet = value[i] ?? 0
      bytes[at++] = carry | (octet >>> shift)
      carry = (octet << back) & 0xff
    }
    bytes[at] = carry
  }

  /** Writes each character as its code point (EXI 1.0 §7.1.10); the length is the caller's. */
  writeCharacters(text: string): void {
    for (let i = 0; i < text.length; i++) {
      const codePoint = text.codePointAt(i) ?? 0
      if (codePoint < 0x80) this.writeBits(codePoint, 8)
      else this.writeUnsigned(codePoint)
      // The second half of a surrogate pair is part of the code point just written.
      if (codePoint > 0xff_ff) i++
    }
  }

  #reserve(size: number): void {
    if (size <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(size, this.#bytes.length * 2))
    grown.set(this.#bytes)
    this.#bytes = grown
  }
}
