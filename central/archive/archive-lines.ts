/**
 * An archive is gzip over lines of JSON: a {@link Header}, then per table its {@link TableLine} and one line per row,
 * an array of cells in the order of its columns, and a {@link Trailer}.
 */
import { Type, type Static } from 'typebox'
import { Compile } from 'typebox/compile'

import { base64FromBytes, bytesFromBase64 } from '#base'

import { ArchiveError } from './archive-error.ts'

export const FORMAT = 'evouch-central-archive/1'

/** The largest row is a contract bundle of some tens of kilobytes, twice in base64 and as XML. */
export const LINE_BYTES_MAX = 4 * 1024 * 1024

const closed = { additionalProperties: false } as const
const Columns = Type.Array(Type.String())

/** Schema: the last migration of the database. */
const Header = Type.Object(
  {
    format: Type.Literal(FORMAT),
    schema: Type.String(),
    tables: Type.Array(Type.Object({ table: Type.String(), columns: Columns }, closed)),
  },
  closed,
)
export type Header = Static<typeof Header>

const TableLine = Type.Object({ table: Type.String() }, closed)
export type TableLine = Static<typeof TableLine>

/** SHA-256 over all lines before this one with their line breaks, lower-case hex. */
const Trailer = Type.Object(
  { rows: Type.Record(Type.String(), Type.Integer({ minimum: 0 })), sha256: Type.String() },
  closed,
)
export type Trailer = Static<typeof Trailer>

const Cell = Type.Union([
  Type.Null(),
  Type.String(),
  Type.Integer(),
  Type.Object({ base64: Type.String() }, closed),
])

const headers = Compile(Header)
const lines = Compile(Type.Union([TableLine, Type.Array(Cell), Trailer]))

/** What a column holds, on both engines. */
export type Value = null | string | number | Uint8Array

export function lineOf(value: Header | TableLine | Trailer): string {
  return `${JSON.stringify(value)}\n`
}

/** @throws {TypeError} for what no column of ours holds */
export function rowLine(row: Readonly<Record<string, unknown>>, columns: readonly string[]): string {
  return `${JSON.stringify(columns.map((column) => cellOf(row[column])))}\n`
}

function cellOf(value: unknown): Static<typeof Cell> {
  if (value === null || typeof value === 'string') return value
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value
  if (value instanceof Uint8Array) return { base64: base64FromBytes(value) }
  throw new TypeError(`an archive has no ${typeof value}`)
}

/** @throws {ArchiveError} ERR_ARCHIVE_DAMAGED */
export function parseHeader(text: string): Header {
  const value = parseJson(text)
  if (!headers.Check(value)) throw damaged('does not begin as one')
  return value
}

/**
 * Anything after the header; a row with its bytes.
 *
 * @throws {ArchiveError} ERR_ARCHIVE_DAMAGED
 */
export function parseLine(text: string): TableLine | Trailer | readonly Value[] {
  const value = parseJson(text)
  if (!lines.Check(value)) throw damaged('has a line that means nothing')
  return Array.isArray(value) ? value.map(valueOf) : value
}

function valueOf(cell: Static<typeof Cell>): Value {
  if (cell === null || typeof cell !== 'object') return cell
  try {
    return bytesFromBase64(cell.base64, LINE_BYTES_MAX)
  } catch (cause) {
    throw damaged('has bytes that are not base64', { cause })
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw damaged('has a line that is not JSON', { cause })
  }
}

/** @param what completes "the archive …" */
export function damaged(what: string, options?: ErrorOptions): ArchiveError {
  return new ArchiveError('ERR_ARCHIVE_DAMAGED', `the archive ${what}`, options)
}
