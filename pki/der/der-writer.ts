/** Writes DER (X.690): each function gives one whole element. */
import { timeText } from '../certificate/certificate-time.ts'
import { contextTag, TAG } from './der-reader.ts'

/** Any element: tag, minimal length, the contents one after the other. */
export function writeElement(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const length = contents.reduce((sum, content) => sum + content.length, 0)
  const header = lengthOctets(length)
  const element = new Uint8Array(1 + header.length + length)
  element[0] = tag
  element.set(header, 1)
  let offset = 1 + header.length
  for (const content of contents) {
    element.set(content, offset)
    offset += content.length
  }
  return element
}

export function writeSequence(...elements: readonly Uint8Array[]): Uint8Array {
  return writeElement(TAG.sequence, ...elements)
}

/** SET OF one element, as relative names are in practice; more would have to be sorted. */
export function writeSetOfOne(element: Uint8Array): Uint8Array {
  return writeElement(TAG.set, element)
}

/** `[n] EXPLICIT`. */
export function writeExplicit(n: number, element: Uint8Array): Uint8Array {
  return writeElement(contextTag(n), element)
}

/** A non-negative INTEGER from big-endian bytes of any padding. */
export function writeUnsignedInteger(bigEndian: Uint8Array): Uint8Array {
  const first = bigEndian.findIndex((octet) => octet !== 0)
  const magnitude = first === -1 ? Uint8Array.of(0) : bigEndian.subarray(first)
  const sign = (magnitude[0] ?? 0) >= 0x80 ? [Uint8Array.of(0)] : []
  return writeElement(TAG.integer, ...sign, magnitude)
}

export const DER_TRUE: Uint8Array = writeElement(TAG.boolean, Uint8Array.of(0xff))

export function writeOctetString(bytes: Uint8Array): Uint8Array {
  return writeElement(TAG.octetString, bytes)
}

export function writeBitString(bytes: Uint8Array, unusedBits = 0): Uint8Array {
  return writeElement(TAG.bitString, Uint8Array.of(unusedBits), bytes)
}

/** A string type whose encoding is that of its characters in UTF-8: UTF8String, PrintableString, IA5String. */
export function writeText(tag: number, text: string): Uint8Array {
  return writeElement(tag, new TextEncoder().encode(text))
}

/** A `Time` of RFC 5280 section 4.1.2.5, cut to whole seconds. */
export function writeTime(timeMs: number): Uint8Array {
  const { tag, text } = timeText(timeMs)
  return writeText(tag, text)
}

/** From the dotted form. */
export function writeObjectIdentifier(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...arcs] = dotted.split('.').map(Number)
  return writeElement(TAG.objectIdentifier, Uint8Array.from([40 * first + second, ...arcs].flatMap(base128)))
}

function base128(arc: number): number[] {
  const octets = [arc % 128]
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128))
    octets.unshift((rest % 128) + 128)
  return octets
}

function lengthOctets(length: number): number[] {
  if (length < 0x80) return [length]
  const octets: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256)
  return [0x80 + octets.length, ...octets]
}
