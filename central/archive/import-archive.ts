import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { isDeepStrictEqual } from 'node:util'
import { createGunzip } from 'node:zlib'

import { sql } from 'kysely'

import { codeOf } from '#base'

import type { Database } from '../storage/database.ts'
import { ArchiveError } from './archive-error.ts'
import {
  damaged,
  LINE_BYTES_MAX,
  parseHeader,
  parseLine,
  type Header,
  type Trailer,
} from './archive-lines.ts'
import type { ArchiveOptions } from './export-archive.ts'
import { RowWriter, schemaOf, wholeTables, type WholeTable } from './whole-tables.ts'

const LINE_BREAK = 0x0a

/**
 * Adds every row of an archive to a database of the same schema, in one transaction, which ends well only when counts
 * and hash are as the archive says. With `beside`, the database may hold rows; one that is there already refuses all.
 *
 * @returns the number of rows of each table
 * @throws {ArchiveError}
 */
export async function importArchive(
  database: Database,
  { file, beside = false, onProgress }: ArchiveOptions & { readonly beside?: boolean },
): Promise<Readonly<Record<string, number>>> {
  return await database.transaction().execute(async (transaction) => {
    const tables = await wholeTables(transaction)
    if (!beside) await requireEmpty(transaction, tables)
    const reading = new ArchiveReading(transaction, { tables, onProgress })
    try {
      await pipeline(createReadStream(file), createGunzip(), async (text: AsyncIterable<Buffer>) => {
        for await (const line of linesOf(text)) await reading.take(line)
      })
    } catch (error) {
      throw codeOf(error)?.startsWith('Z_') === true ? damaged('is not whole gzip', { cause: error }) : error
    }
    return reading.end()
  })
}

async function requireEmpty(database: Database, tables: readonly WholeTable[]): Promise<void> {
  for (const { table } of tables) {
    const { rows } = await sql`SELECT 1 FROM ${sql.table(table)} LIMIT 1`.execute(database)
    if (rows.length > 0)
      throw new ArchiveError('ERR_ARCHIVE_NOT_EMPTY', `the database holds rows already, such as in ${table}`)
  }
}

/** With their line breaks. */
async function* linesOf(text: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest: Buffer[] = []
  let restBytes = 0
  for await (const chunk of text) {
    let start = 0
    for (let end = chunk.indexOf(LINE_BREAK); end !== -1; end = chunk.indexOf(LINE_BREAK, start)) {
      yield Buffer.concat([...rest, chunk.subarray(start, end + 1)])
      rest = []
      restBytes = 0
      start = end + 1
    }
    rest.push(chunk.subarray(start))
    restBytes += chunk.length - start
    if (restBytes > LINE_BYTES_MAX) throw damaged(`has a line of more than ${LINE_BYTES_MAX} bytes`)
  }
  if (restBytes > 0) throw damaged('is cut short')
}

/** Takes an archive line by line. */
class ArchiveReading {
  readonly #database: Database
  readonly #tables: readonly WholeTable[]
  readonly #onProgress: ArchiveOptions['onProgress']
  readonly #hash = createHash('sha256')
  readonly #counts: Record<string, number> = {}
  #begun = false
  #table: WholeTable | undefined
  #writer: RowWriter | undefined
  #rows = 0
  #trailer: Trailer | undefined

  constructor(
    database: Database,
    {
      tables,
      onProgress,
    }: { readonly tables: readonly WholeTable[]; readonly onProgress: ArchiveOptions['onProgress'] },
  ) {
    this.#database = database
    this.#tables = tables
    this.#onProgress = onProgress
  }

  async take(bytes: Buffer): Promise<void> {
    if (this.#trailer !== undefined) throw damaged('goes on after its end')
    const text = bytes.toString()
    if (!this.#begun) {
      await this.#requireSameSchema(parseHeader(text))
      this.#begun = true
    } else {
      const line = parseLine(text)
      if ('sha256' in line) return await this.#verify(line)
      if ('table' in line) await this.#begin(line.table)
      else await this.#add(line)
    }
    this.#hash.update(bytes)
  }

  end(): Readonly<Record<string, number>> {
    if (this.#trailer === undefined) throw damaged('is cut short')
    return this.#counts
  }

  async #requireSameSchema({ schema, tables }: Header): Promise<void> {
    const own = await schemaOf(this.#database)
    const described = this.#tables.map(({ table, columns }) => ({ table, columns }))
    if (schema === own && isDeepStrictEqual(tables, described)) return
    throw new ArchiveError(
      'ERR_ARCHIVE_SCHEMA',
      `the archive has the schema ${schema}, this program ${own}: import it with the version that wrote it, then migrate`,
    )
  }

  async #begin(name: string): Promise<void> {
    await this.#writer?.end()
    this.#table = this.#tables.find(({ table }) => table === name)
    if (this.#table === undefined || name in this.#counts) throw damaged(`has the table ${name} out of place`)
    this.#writer = new RowWriter(this.#database, this.#table)
    this.#counts[name] = 0
  }

  async #add(row: readonly unknown[]): Promise<void> {
    const table = this.#table
    if (table === undefined || row.length !== table.columns.length)
      throw damaged('has a row that fits no table')
    await this.#writer?.add(row)
    this.#counts[table.table] = (this.#counts[table.table] ?? 0) + 1
    this.#rows += 1
    if (this.#rows % 1000 === 0) this.#onProgress?.({ table: table.table, rows: this.#rows })
  }

  async #verify(trailer: Trailer): Promise<void> {
    await this.#writer?.end()
    if (trailer.sha256 !== this.#hash.digest('hex')) throw damaged('was changed: its SHA-256 is another')
    if (!isDeepStrictEqual(trailer.rows, this.#counts)) throw damaged('has other rows than it counted')
    this.#trailer = trailer
  }
}
