import type { Command } from 'commander'

import { backUpPool, CentralConfig, exportPool, importPool } from '#central'
import { loadConfig } from '#service'

import type { CommandIo } from './io.ts'

/** Adds `evouch central export`, `import` and `backup`. */
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
  parent
    .command('backup')
    .description('Copy the SQLite file of a pool, as of one moment, into a file. The pool may be in use.')
    .argument('<file>', 'is replaced; to be kept as secret as the pool')
    .requiredOption('--database-of <config>', 'YAML of the central whose database it is')
    .action(async (file: string, { databaseOf }: { readonly databaseOf: string }) => {
      const { database } = await loadConfig(databaseOf, CentralConfig)
      await backUpPool(database, { file, onProgress: pagesOn(io) })
      if (io.errorIsTerminal) io.writeError('\r\u001b[K')
      io.writeOutput(`backup written to ${file}\n`)
    })
}

function pagesOn(io: CommandIo): ((progress: { done: number; all: number }) => void) | undefined {
  if (!io.errorIsTerminal) return undefined
  return ({ done, all }) => io.writeError(`\r\u001b[K${done} of ${all} pages`)
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
