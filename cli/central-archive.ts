import type { Command } from 'commander'

import { CentralConfig, exportPool, importPool } from '#central'
import { loadConfig } from '#service'

import type { CommandIo } from './io.ts'

/** Adds `evouch central export` and `evouch central import`. */
export function addArchiveCommands(parent: Command, io: CommandIo): void {
  parent
    .command('export')
    .description(
      'Write the whole pool, as of one moment, into one file that either engine can take. The pool may be in use.',
    )
    .argument('<file>', 'is replaced; holds no private key, but who drives which car on whose contract')
    .requiredOption('--database-of <config>', 'YAML of the central whose database it is')
    .action(async (file: string, { databaseOf }: { readonly databaseOf: string }) => {
      const { database } = await loadConfig(databaseOf, CentralConfig)
      tell(io, 'written', await exportPool(database, { file, onProgress: progressOn(io) }))
    })
  parent
    .command('import')
    .description('Read what export wrote, all or nothing, into a database that is empty.')
    .argument('<file>')
    .requiredOption('--database-of <config>', 'YAML of the central whose database it is')
    .option('--force', 'the database may hold other rows; one that it has already refuses all')
    .action(
      async (file: string, { databaseOf, force }: { readonly databaseOf: string; readonly force?: true }) => {
        const { database } = await loadConfig(databaseOf, CentralConfig)
        const options = { file, beside: force === true, onProgress: progressOn(io) }
        tell(io, 'read', await importPool(database, options))
      },
    )
}

function progressOn(io: CommandIo): ((progress: { table: string; rows: number }) => void) | undefined {
  if (!io.errorIsTerminal) return undefined
  return ({ table, rows }) => io.writeError(`\r\u001b[K${rows} rows, now ${table}`)
}

function tell(io: CommandIo, done: string, rows: Readonly<Record<string, number>>): void {
  if (io.errorIsTerminal) io.writeError('\r\u001b[K')
  for (const [table, count] of Object.entries(rows)) if (count > 0) io.writeOutput(`${table}: ${count}\n`)
  const all = Object.values(rows).reduce((sum, count) => sum + count, 0)
  io.writeOutput(`${all} rows ${done}\n`)
}
