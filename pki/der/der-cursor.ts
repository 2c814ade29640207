import { PkiError } from '../errors.ts'
import { TAG } from './der-reader.ts'

/** Longest length field read, as `DerReader` has it. */
const LENGTH_BYTES_MAX = 4

/**
 * Steps over DER in place, as strict as `DerReader` but without an object for each element: for lists of hundred
 * thousands. Offsets count from the first byte given; `start` and `end` are those of the content read last.
 */
export class DerCursor {
  start = 0
  end = 0
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** The tag at `offset`, `undefined` from `limit` on. */
  tagAt(offset: number, limit: number): number | undefined {
    return offset < limit ? this.#bytes[offset] : undefined
  }

  /**
   * Reads the header of the element at `offset`, which must have this tag and end before `limit`.
   *
   * @throws {PkiError} ERR_PKI_DER
   */
  read(tag: number, offset: number, limit: number): void {
    if (this.tagAt(offset, limit) !== tag) throw derError('another tag than expected', offset)
    let at = offset + 1
    let length = this.#octet(at++, limit)
    if (length >= 0x80) {
      const count = length & 0x7f
      if (count === 0 || count > LENGTH_BYTES_MAX) throw derError('indefinite or oversized length', offset)
      length = 0
      for (let i = 0; i < count; i++) length = length * 256 + this.#octet(at++, limit)
      if (length < 0x80 || length < 256 ** (count - 1)) throw derError('length not minimal', offset)
    }
    if (length > limit - at) throw derError('length beyond the end of its parent', offset)
    this.start = at
    this.end = at + length
  }

  /**
   * An INTEGER: as short as it can be, at least one byte.
   *
   * @throws {PkiError} ERR_PKI_DER
   */
  readInteger(offset: number, limit: number): void {
    this.read(TAG.integer, offset, limit)
    const { start, end } = this
    const [first, second = 0] = [this.#bytes[start], this.#bytes[start + 1]]
    const padded = end - start > 1 && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80))
    if (end === start || padded) throw derError('INTEGER not minimal', offset)
  }

  #octet(offset: number, limit: number): number {
    const octet = offset < limit ? this.#bytes[offset] : undefined
    if (octet === undefined) throw derError('truncated', offset)
    return octet
  }
}

const derError = (what: string, offset: number): PkiError =>
  new PkiError('ERR_PKI_DER', `DER: ${what} at byte ${offset}`)
