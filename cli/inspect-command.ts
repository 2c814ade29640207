import { type Command } from 'commander'

import { systemClock } from '#base'

import { EXIT, type Outcome } from './failure.ts'
import { readInput } from './input.ts'
import { inspectMessage } from './inspect/inspect.ts'
import { reportText } from './inspect/text.ts'
import { readTrustDirectory } from './inspect/trust-directory.ts'
import { type CommandIo } from './io.ts'
import { utcTimeOption } from './utc-time.ts'

interface InspectCommandOptions {
  readonly roots?: string
  readonly at?: number
  readonly json?: boolean
}

/** Adds `evouch inspect`. */
export function addInspectCommand(parent: Command, io: CommandIo, outcome: Outcome): void {
  parent
    .command('inspect')
    .description(
      'Tell everything about an ISO 15118-2 message: who speaks, what is signed and whether it holds.',
    )
    .argument('[source]', 'file, - for standard input, or the base64 or hex text itself', '-')
    .option(
      '--roots <dir>',
      'also judge the certificate chains, by the roots (*.pem, *.der) in this directory',
    )
    .option('--at <time>', 'judge chains at this time instead of now, as 2026-01-31T12:00:00Z', utcTimeOption)
    .option('--json', 'for machines; the members are explained in docs/inspect.md')
    .addHelpText(
      'after',
      '\nExit codes: 0 all that could be checked holds, 1 something does not, 2 unusable input.',
    )
    .action(async (source: string, { roots, at, json = false }: InspectCommandOptions) => {
      const trust = roots === undefined ? undefined : await readTrustDirectory(roots)
      const input = await readInput(source, { standardInput: io.standardInput })
      const report = inspectMessage(input, { atMs: at ?? systemClock(), trust })
      io.writeOutput(json ? `${JSON.stringify(report, null, 2)}\n` : reportText(report))
      outcome.exitCode = report.valid ? EXIT.success : EXIT.failure
    })
}
