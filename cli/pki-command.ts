import { join } from 'node:path'

import { type Command } from 'commander'

import { systemClock, systemRandom } from '#base'
import { createThrowawayPki, issueVehicle, PkiError, writePkiDirectory, writeVehicle } from '#pki'

import { addCeremonyCommand } from './ceremony/ceremony-command.ts'
import { CliError, type Outcome } from './failure.ts'
import { type CommandIo } from './io.ts'
import { addPkiExplainCommand } from './pki-explain-command.ts'

/** 17 characters as ISO 15118-2 has it, with a WMI nobody was given. */
const PCID = 'EVOTEST0000000001'

/** Adds `evouch pki`. */
export function addPkiCommand(parent: Command, io: CommandIo, outcome: Outcome): void {
  const pki = parent
    .command('pki')
    .description('Certificates: for tests and demonstrations, and the key ceremony of a real PKI.')
  addCeremonyCommand(pki, io)
  addPkiExplainCommand(pki, io, outcome)
  pki
    .command('create')
    .description(
      'Make a complete throwaway ISO 15118-2 PKI with one vehicle: roots, sub CAs, leafs and keys.',
    )
    .requiredOption('--out <dir>', 'the directory to make; must not exist or be empty')
    .option('--pcid <pcid>', 'the vehicle: 17 or 18 letters and digits', PCID)
    .action(async ({ out, pcid }: { out: string; pcid: string }) => {
      const vehicle = await createPki(out, pcid)
      io.writeOutput(
        `${out}: roots, sub CAs and leafs of V2G, OEM, MO, CPS and CPO, and TLS certificates\n` +
          `${join(out, 'trust')}: the roots alone, for --roots\n` +
          `${vehicle}: vehicle ${pcid}, for --vehicle\n`,
      )
    })
}

async function createPki(directory: string, pcid: string): Promise<string> {
  try {
    const ports = { clock: systemClock, random: systemRandom }
    const pki = await createThrowawayPki(ports)
    // Made before anything is written, so that a PCID that is none leaves no directory behind.
    const vehicle = await issueVehicle(pki, { pcid, ...ports })
    await writePkiDirectory(directory, pki)
    return await writeVehicle(directory, vehicle)
  } catch (error) {
    if (error instanceof PkiError && error.code === 'ERR_PKI_ISSUE')
      throw new CliError('ERR_CLI_USAGE', error.message, { cause: error })
    throw error
  }
}
