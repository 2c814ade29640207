import { type Command } from 'commander'

import { systemRandom } from '#base'

import { type CommandIo } from '../io.ts'
import { version } from '../version.ts'
import { CeremonyError } from './ceremony-error.ts'
import { hasRecord, requireRecordable, writeRecord } from './ceremony-record.ts'
import { readCeremonyScript } from './ceremony-script.ts'
import { checkCeremony, holdCeremony, type CeremonyOrder } from './hold-ceremony.ts'

interface Options {
  readonly out: string
  readonly operator: readonly string[]
  readonly at: string
  readonly check?: true
}

/** Adds `ceremony` to `evouch pki`. */
export function addCeremonyCommand(pki: Command, io: CommandIo): void {
  pki
    .command('ceremony')
    .description(
      'Make the roots and sub CAs of a script, with a written record. Asks nothing and needs no network; ' +
        'run again, it makes what is missing and overwrites nothing.',
    )
    .argument('<script>', 'YAML, see config/ceremony.yaml and docs/ceremony.md')
    .requiredOption('--out <dir>', 'certificates, encrypted keys and records')
    .requiredOption('--operator <name...>', 'who holds the ceremony, for the record')
    .requiredOption('--at <time>', 'when it is held, for the record: 2026-01-31T12:00:00Z')
    .option('--check', 'rehearse with throwaway keys, open what is there, and write nothing')
    .action(async (file: string, { out, operator, at, check }: Options) => {
      const script = await readCeremonyScript(file)
      const facts = { script, heldAt: at, operators: operator, tool: `evouch ${version()}` }
      const order = { script, directory: out, random: systemRandom }
      requireRecordable(facts)
      if (check === true) {
        for (const { name, keyPlace, key, certificate, remarks } of await checkCeremony(order)) {
          io.writeOutput(`${name}: certificate ${certificate}; key ${key} (${keyPlace})\n`)
          for (const remark of remarks) io.writeOutput(`  advised against: ${remark}\n`)
        }
        return
      }
      if (await hasRecord(out, at)) await requireNothingToMake(order, at)
      const items = await holdCeremony(order)
      for (const { plan, certificate, certificateOutcome } of items)
        io.writeOutput(`${plan.name}: ${certificateOutcome}, SHA-256 ${certificate.fingerprintSha256Hex}\n`)
      const record = await writeRecord(out, { facts, items })
      io.writeOutput(record === undefined ? 'all of it is recorded already\n' : `record: ${record}.md\n`)
    })
}

/** @throws {CeremonyError} ERR_CEREMONY_CONFLICT: one time, one record */
async function requireNothingToMake(order: CeremonyOrder, heldAt: string): Promise<void> {
  const found = await checkCeremony(order)
  if (found.some(({ certificate }) => certificate === 'to be made'))
    throw new CeremonyError('ERR_CEREMONY_CONFLICT', `there is a record of ${heldAt} already`)
}
