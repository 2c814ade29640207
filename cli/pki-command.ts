import { type Command } from 'commander'

import { systemClock } from '#base'

import { type CommandIo } from './io.ts'
import { createPkiDirectory } from './pki-directory.ts'

/** Adds `evouch pki create`. */
export function addPkiCommand(parent: Command, io: CommandIo): void {
  const pki = parent.command('pki').description('Certificates for tests and demonstrations.')
  pki
    .command('create')
    .description(
      'Make a complete throwaway ISO 15118-2 PKI with one vehicle: roots, sub CAs, leafs and keys.',
    )
    .requiredOption('--out <dir>', 'the directory to make; must not exist or be empty')
    .option('--pcid <pcid>', 'PCID of the vehicle')
    .action(async ({ out, pcid }: { out: string; pcid?: string }) => {
      await createPkiDirectory({ directory: out, pcid, clock: systemClock })
      io.writeOutput(`${out}: V2G, OEM, MO, CPS and CPO certificates, TLS certificates and a vehicle\n`)
    })
}
