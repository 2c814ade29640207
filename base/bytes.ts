/** Text forms of bytes, strict in what they read: what does not decode to exactly what was meant is an error. */
import { CodedError } from './coded-error.ts'

export type BytesErrorCode = 'ERR_BYTES_BASE64' | 'ERR_BYTES_HEX' | 'ERR_BYTES_TOO_LONG'

/** The text is not the encoding it should be. The message never repeats the text: it may hold a secret. */
export class BytesError extends CodedError<BytesErrorCode> {
  override name = 'BytesError'
}

// Whole groups are counted beside the expressions: a repeated group would use up the stack on a long text.
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/
const HEX = /^[0-9A-Fa-f]*$/

/**
 * Decodes RFC 4648 base64 with its padding and without line breaks.
 *
 * @throws {BytesError} ERR_BYTES_BASE64; ERR_BYTES_TOO_LONG when the result would exceed `bytesMax`, checked before decoding
 */
export function bytesFromBase64(text: string, bytesMax: number): Uint8Array {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  const size = (text.length / 4) * 3 - padding
  if (size > bytesMax)
    throw new BytesError('ERR_BYTES_TOO_LONG', `base64 of ${Math.floor(size)} bytes, limit ${bytesMax}`)
  if (text.length % 4 !== 0 || !BASE64.test(text))
    throw new BytesError('ERR_BYTES_BASE64', 'not base64 (RFC 4648, padded, no line breaks)')
  return viewOf(Buffer.from(text, 'base64'))
}

/** Encodes RFC 4648 base64 with padding, without line breaks. */
export function base64FromBytes(bytes: Uint8Array): string {
  return bufferOf(bytes).toString('base64')
}

/**
 * Decodes hexadecimal digits of either case, without separators.
 *
 * @throws {BytesError} ERR_BYTES_HEX
 */
export function bytesFromHex(text: string): Uint8Array {
  if (text.length % 2 !== 0 || !HEX.test(text))
    throw new BytesError('ERR_BYTES_HEX', 'not hexadecimal digits in pairs')
  return viewOf(Buffer.from(text, 'hex'))
}

/** Encodes lower-case hexadecimal digits. */
export function hexFromBytes(bytes: Uint8Array): string {
  return bufferOf(bytes).toString('hex')
}

/** Whether both hold the same bytes. Not constant in time: for public values only. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return bufferOf(a).equals(b)
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  return viewOf(Buffer.concat(parts))
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** A plain view, so that no caller comes to depend on Buffer's methods. */
function viewOf(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)
}
