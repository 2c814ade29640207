/**
 * ECDSA signatures in their two forms: DER, which OpenSSL and certificates use, and raw r‖s, which ISO 15118 uses.
 * Converting here is cheaper than asking OpenSSL for the raw form.
 */
import { DerReader, TAG } from '../der/der-reader.ts'
import { writeSequence, writeUnsignedInteger } from '../der/der-writer.ts'

/** r‖s, each half left-padded to half of `size`, from the DER that node:crypto gave. */
export function rawFromDer(der: Uint8Array, size: number): Uint8Array {
  const sequence = new DerReader(der).enter(TAG.sequence)
  const raw = new Uint8Array(size)
  for (const end of [size / 2, size]) {
    const content = sequence.readInteger()
    const magnitude = content[0] === 0 ? content.subarray(1) : content
    raw.set(magnitude, end - magnitude.length)
  }
  return raw
}

/** The DER of a raw signature of the right size. */
export function derFromRaw(raw: Uint8Array): Uint8Array {
  const half = raw.length / 2
  return writeSequence(writeUnsignedInteger(raw.subarray(0, half)), writeUnsignedInteger(raw.subarray(half)))
}
