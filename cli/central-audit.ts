import { open, type FileHandle } from 'node:fs/promises'

import type { Command } from 'commander'

import { codeOf } from '#base'
import { verifyChain } from '#central'

import { CliError, EXIT, type Outcome } from './failure.ts'
import type { CommandIo } from './io.ts'

/** Adds `evouch central audit`. */
export function addAuditCommand(parent: Command, io: CommandIo, outcome: Outcome): void {
  parent
    .command('audit')
    .description('Examine the audit records of the pools.')
    .command('verify')
    .description(
      'Verify, without the pools, that an export of the audit records is whole: JSON lines from the first record on, as /admin/v1/audit gives them.',
    )
    .argument('<file>', 'the export')
    .option('--last <hash>', 'what the last record must have as its hash: finds records missing at the end')
    .action(async (file: string, { last }: { readonly last?: string }) => {
      await using handle = await openExport(file)
      const { seq, hash } = await verifyChain(handle.readLines())
      if (last !== undefined && last.toLowerCase() !== hash) {
        io.writeOutput(
          `${seq} records follow each other, but the last of the chain is another one: ${hash}\n`,
        )
        outcome.exitCode = EXIT.failure
        return
      }
      io.writeOutput(`${seq} records, nothing changed, removed or moved; the last has ${hash}\n`)
    })
}

async function openExport(file: string): Promise<FileHandle> {
  try {
    return await open(file)
  } catch (cause) {
    throw new CliError('ERR_CLI_INPUT_FILE', `cannot read ${file}: ${codeOf(cause) ?? 'unknown'}`, { cause })
  }
}
