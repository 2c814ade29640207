import { base64FromBytes, bytesFromBase64, bytesFromHex, BytesError, hexFromBytes } from '#base'

import type { SimpleType } from '../schema/schema.ts'
import { BIG_UNSIGNED_OCTETS_MAX, type BitReader, STRING_CHARACTERS_MAX } from './bit-reader.ts'
import type { BitWriter } from './bit-writer.ts'
import { ExiError } from './errors.ts'
import type { ExiName } from './name.ts'
import type { StringTable } from './string-table.ts'

/** A range of more values than this is written as an Unsigned Integer or Integer, not as an n-bit field (EXI 1.0 §7.1.5). */
const BOUNDED_RANGE_MAX = 4096
/** Bytes of one binary value in XML text; EXI is bounded by its own length. */
const BINARY_BYTES_MAX = 64 * 1024
/** Digits of an integer in XML text: as many as {@link BIG_UNSIGNED_MAX} has, and a sign. */
const INTEGER_DIGITS_MAX = 341
/** The largest integer that is read. */
const BIG_UNSIGNED_MAX = 2n ** BigInt(7 * BIG_UNSIGNED_OCTETS_MAX) - 1n

/** The value of an attribute or of text: what the schema's simple type makes of it in TypeScript. */
export type ExiValue = string | number | bigint | boolean | Uint8Array

/** How the values of one simple type are read from and written to EXI, and from and to XML text. */
export interface Datatype {
  read(reader: BitReader, name: ExiName, strings: StringTable | undefined): ExiValue
  /** @throws {ExiError} ERR_EXI_VALUE when `value` is not of this type, ERR_EXI_TOO_LARGE when no reader would take it */
  write(writer: BitWriter, value: unknown): void
  /** @throws {ExiError} ERR_EXI_VALUE when the text is not of this type */
  parse(text: string): ExiValue
  format(value: ExiValue): string
}

/** The datatype representation of a simple type (EXI 1.0 §7). */
export function datatypeOf(type: SimpleType): Datatype {
  switch (type.kind) {
    case 'string':
      return stringDatatype
    case 'boolean':
      return booleanDatatype
    case 'base64':
      return binaryDatatype(base64FromBytes, (text) =>
        bytesFromBase64(text.replaceAll(/\s/g, ''), BINARY_BYTES_MAX),
      )
    case 'hex':
      return binaryDatatype(
        (bytes) => hexFromBytes(bytes).toUpperCase(),
        (text) => bytesFromHex(text.trim()),
      )
    case 'number':
      return numberDatatype(type.min, type.max)
    case 'bigint':
      return bigintDatatype(
        type.min === undefined ? undefined : BigInt(type.min),
        type.max === undefined ? undefined : BigInt(type.max),
      )
    case 'enumeration':
      return enumerationDatatype(type.values)
  }
}

/** Text, also of everything the schema gives no type (EXI 1.0 §7.1.10, §7.3.3): length plus two, then characters. */
export const stringDatatype: Datatype = {
  read(reader, name, strings) {
    const length = reader.readUnsigned()
    if (length < 2) {
      if (strings === undefined) throw new StringTableHit()
      return length === 0 ? strings.readLocal(reader, name) : strings.readGlobal(reader)
    }
    const text = reader.readCharacters(length - 2)
    strings?.add(name, text)
    return text
  },
  write(writer, value) {
    if (typeof value !== 'string') throw wrongType('text', value)
    if (!value.isWellFormed())
      throw new ExiError('ERR_EXI_VALUE', 'text with half a surrogate pair has no code points')
    const length = codePointCount(value)
    if (length > STRING_CHARACTERS_MAX)
      throw new ExiError('ERR_EXI_TOO_LARGE', `text of ${length} characters, limit ${STRING_CHARACTERS_MAX}`)
    writer.writeUnsigned(length + 2)
    writer.writeCharacters(value)
  },
  parse: (text) => text,
  format: String,
}

/** The encoder of this stream used a table of values, which ISO 15118 forbids: the reader must start again with tables. */
export class StringTableHit extends Error {
  override name = 'StringTableHit'
}

const booleanDatatype: Datatype = {
  read: (reader) => reader.readBits(1) === 1,
  write(writer, value) {
    if (typeof value !== 'boolean') throw wrongType('boolean', value)
    writer.writeBits(value ? 1 : 0, 1)
  },
  parse(text) {
    const word = text.trim()
    if (word === 'true' || word === '1') return true
    if (word === 'false' || word === '0') return false
    throw unreadable('boolean')
  },
  format: String,
}

function binaryDatatype(
  format: (bytes: Uint8Array) => string,
  parse: (text: string) => Uint8Array,
): Datatype {
  return {
    read: (reader) => reader.readBinary(),
    write(writer, value) {
      if (!(value instanceof Uint8Array)) throw wrongType('Uint8Array', value)
      writer.writeBinary(value)
    },
    parse(text) {
      try {
        return parse(text)
      } catch (error) {
        if (error instanceof BytesError) throw new ExiError('ERR_EXI_VALUE', error.message, { cause: error })
        throw error
      }
    },
    format: (value) => (value instanceof Uint8Array ? format(value) : ''),
  }
}

function numberDatatype(min: number, max: number): Datatype {
  const check = (value: unknown): number => {
    if (typeof value !== 'number') throw wrongType('number', value)
    if (!Number.isInteger(value) || value < min || value > max) throw outOfRange(value, min, max)
    return value
  }
  const text = {
    parse(lexical: string): number {
      const word = lexical.trim()
      if (!/^[+-]?\d{1,20}$/.test(word)) throw unreadable('integer')
      return check(Number(word))
    },
    format: String,
  }
  if (max - min < BOUNDED_RANGE_MAX) {
    const bits = bitsFor(max - min + 1)
    return {
      read: (reader) => inRange(reader.readBits(bits) + min, min, max),
      write: (writer, value) => writer.writeBits(check(value) - min, bits),
      ...text,
    }
  }
  if (min >= 0) {
    return {
      read: (reader) => inRange(reader.readUnsigned(), min, max),
      write: (writer, value) => writer.writeUnsigned(check(value)),
      ...text,
    }
  }
  return {
    read(reader) {
      // Integer (EXI 1.0 §7.1.5): a sign, then the magnitude, less one when negative.
      const negative = reader.readBits(1) === 1
      const magnitude = reader.readUnsigned()
      return inRange(negative ? -magnitude - 1 : magnitude, min, max)
    },
    write(writer, value) {
      const number = check(value)
      writer.writeBits(number < 0 ? 1 : 0, 1)
      writer.writeUnsigned(number < 0 ? -number - 1 : number)
    },
    ...text,
  }
}

function bigintDatatype(min: bigint | undefined, max: bigint | undefined): Datatype {
  const check = (value: unknown): bigint => {
    if (typeof value !== 'bigint') throw wrongType('bigint', value)
    if ((min !== undefined && value < min) || (max !== undefined && value > max)) {
      throw outOfRange(value, min ?? '-∞', max ?? '∞')
    }
    return value
  }
  const signed = min === undefined || min < 0n
  return {
    read(reader) {
      const negative = signed && reader.readBits(1) === 1
      const magnitude = reader.readBigUnsigned()
      return inRange(negative ? -magnitude - 1n : magnitude, min, max)
    },
    write(writer, value) {
      const number = check(value)
      const magnitude = number < 0n ? -number - 1n : number
      if (magnitude > BIG_UNSIGNED_MAX)
        throw new ExiError('ERR_EXI_TOO_LARGE', `integer over ${BIG_UNSIGNED_OCTETS_MAX} octets`)
      if (signed) writer.writeBits(number < 0n ? 1 : 0, 1)
      writer.writeBigUnsigned(magnitude)
    },
    parse(text) {
      const word = text.trim()
      if (word.length > INTEGER_DIGITS_MAX || !/^[+-]?\d+$/.test(word)) throw unreadable('integer')
      return check(BigInt(word.replace('+', '')))
    },
    format: String,
  }
}

/** EXI 1.0 §7.2: the place of the value in the schema's list, in as many bits as the list needs. */
function enumerationDatatype(values: readonly string[]): Datatype {
  const bits = bitsFor(values.length)
  const index = new Map(values.map((value, i) => [value, i]))
  const indexOf = (value: unknown): number => {
    const at = typeof value === 'string' ? index.get(value) : undefined
    if (at !== undefined) return at
    const some = values.slice(0, 8).join(', ')
    throw new ExiError('ERR_EXI_VALUE', `not one of ${some}${values.length > 8 ? ', …' : ''}`)
  }
  return {
    read(reader) {
      const at = reader.readBits(bits)
      const value = values[at]
      if (value === undefined)
        throw new ExiError('ERR_EXI_DEVIATION', `enumeration has ${values.length} values, not number ${at}`)
      return value
    },
    write: (writer, value) => writer.writeBits(indexOf(value), bits),
    parse: (text) => values[indexOf(text.trim())] ?? '',
    format: String,
  }
}

/** Bits that tell `count` things apart. */
export function bitsFor(count: number): number {
  return count <= 1 ? 0 : 32 - Math.clz32(count - 1)
}

function codePointCount(text: string): number {
  let count = text.length
  for (let i = 0; i < text.length; i++) {
    // The second half of a pair does not count; text here is well-formed.
    if ((text.charCodeAt(i) & 0xfc_00) === 0xdc_00) count--
  }
  return count
}

function inRange<T extends number | bigint>(value: T, min: T | undefined, max: T | undefined): T {
  if ((min === undefined || value >= min) && (max === undefined || value <= max)) return value
  throw new ExiError('ERR_EXI_DEVIATION', `${value} is outside ${min}..${max}`)
}

function outOfRange(value: number | bigint, min: unknown, max: unknown): ExiError {
  return new ExiError('ERR_EXI_VALUE', `${value} is outside ${String(min)}..${String(max)}`)
}

function wrongType(wanted: string, value: unknown): ExiError {
  return new ExiError('ERR_EXI_VALUE', `wants ${wanted}, got ${value === null ? 'null' : typeof value}`)
}

function unreadable(wanted: string): ExiError {
  return new ExiError('ERR_EXI_VALUE', `text is not of type ${wanted}`)
}
