import { createHash, type Hash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'

import type { Database } from '../storage/database.ts'
import { FORMAT, lineOf, rowLine } from './archive-lines.ts'
import { atOneMoment, rowsOf, schemaOf, wholeTables } from './whole-tables.ts'

interface ArchiveProgress {
  readonly table: string
  /** Of all tables so far. */
  readonly rows: number
}

export interface ArchiveOptions {
  readonly file: string
  readonly onProgress?: ((progress: ArchiveProgress) => void) | undefined
}

/**
 * Writes every row as of one moment into a file for its owner alone, which has the name when it is whole and on the
 * disk. What has the name already is replaced. It holds no private key, but who drives which car on whose contract.
 *
 * @returns the number of rows of each table
 */
export async function exportArchive(
  database: Database,
  { file, onProgress }: ArchiveOptions,
): Promise<Readonly<Record<string, number>>> {
  const draft = `${file}.part`
  await rm(draft, { force: true })
  try {
    const rows = await atOneMoment(database, async (moment) => {
      const counts: Record<string, number> = {}
      const text = Readable.from(archiveText(moment, { counts, onProgress }), { objectMode: false })
      await pipeline(text, createGzip(), createWriteStream(draft, { flags: 'wx', mode: 0o600, flush: true }))
      return counts
    })
    await rename(draft, file)
    return rows
  } finally {
    await rm(draft, { force: true })
  }
}

interface Telling {
  readonly counts: Record<string, number>
  readonly onProgress: ArchiveOptions['onProgress']
}

async function* archiveText(moment: Database, { counts, onProgress }: Telling): AsyncGenerator<string> {
  const hash = createHash('sha256')
  const tables = await wholeTables(moment)
  const described = tables.map(({ table, columns }) => ({ table, columns: [...columns] }))
  yield hashed(hash, lineOf({ format: FORMAT, schema: await schemaOf(moment), tables: described }))
  let total = 0
  for (const table of tables) {
    yield hashed(hash, lineOf({ table: table.table }))
    let count = 0
    for await (const rows of rowsOf(moment, table)) {
      yield hashed(hash, rows.map((row) => rowLine(row, table.columns)).join(''))
      count += rows.length
      onProgress?.({ table: table.table, rows: total + count })
    }
    counts[table.table] = count
    total += count
  }
  yield lineOf({ rows: counts, sha256: hash.digest('hex') })
}

function hashed(hash: Hash, text: string): string {
  hash.update(text)
  return text
}
