import type { Command } from 'commander'

import { CentralConfig, examinePool, migratePool } from '#central'
import { loadConfig } from '#service'

import { EXIT, type Outcome } from './failure.ts'
import type { CommandIo } from './io.ts'

/** Adds `evouch central migrate`. */
export function addMigrateCommand(parent: Command, io: CommandIo, outcome: Outcome): void {
  parent
    .command('migrate')
    .description('Bring the database to the schema of this version, as central does when it starts.')
    .requiredOption('--database-of <config>', 'YAML of the central whose database it is')
    .option('--check', 'change nothing; exit code 1 when something is due')
    .action(async ({ databaseOf, check }: { readonly databaseOf: string; readonly check?: true }) => {
      const { database } = await loadConfig(databaseOf, CentralConfig)
      if (check === undefined) return tell(io, await migratePool(database))
      const { applied, due } = await examinePool(database)
      for (const name of applied) io.writeOutput(`applied ${name}\n`)
      for (const name of due) io.writeOutput(`due ${name}\n`)
      if (due.length > 0) outcome.exitCode = EXIT.failure
    })
}

function tell(io: CommandIo, applied: readonly string[]): void {
  for (const name of applied) io.writeOutput(`applied ${name}\n`)
  if (applied.length === 0) io.writeOutput('nothing was due\n')
}
