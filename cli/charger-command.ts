import { type Command, InvalidArgumentError, Option } from 'commander'

import { FAULTS, type FaultName, installContract, isFaultName, type Step } from '#charger-emulator'
import { readPkiDirectory, readVehicle } from '#pki'

import { ENDPOINTS_FILE, type InstallOptions, installSetup } from './charger-setup.ts'
import { RunFailure } from './failure.ts'
import { type CommandIo } from './io.ts'
import { runChargerLoad } from './load/charger-load.ts'
import { loadReportText, progressWriter } from './load/load-text.ts'
import { stepLine } from './step-text.ts'

/** Adds `evouch charger install`, `load` and `faults`. */
export function addChargerCommand(parent: Command, io: CommandIo): void {
  const group = parent.command('charger').description('Emulated vehicles and charge points of OCPP 2.0.1.')
  addInstall(group, io)
  addLoad(group, io)
  group
    .command('faults')
    .description('List the ways to misbehave on purpose, and who must refuse each.')
    .action(() => io.writeOutput(faultLines()))
}

function addInstall(group: Command, io: CommandIo): void {
  group
    .command('install')
    .description('Have one vehicle ask for its contract, and check the answer as a vehicle does.')
    .option('--gateway <url>', 'OCPP endpoint without the identity, such as wss://localhost:7400/ocpp')
    .option('--vehicle <dir>', 'vehicle, as "evouch pki create" writes it')
    .option('--identity <id>', 'identity of the charge point')
    .option('--password-file <file>', 'its password for Basic authentication')
    .option('--ca <file>', 'PEM: CAs to trust for a wss URL')
    .option('--pki <dir>', 'PKI the vehicle comes from; some faults need it')
    .option('--config <file>', 'YAML that gives all of these, see config/charger-emulator.yaml')
    .option(
      '--endpoints <file>',
      `what a demo wrote, gives all of these (default: ${ENDPOINTS_FILE}, if there)`,
    )
    .addOption(new Option('--fault <name>', 'misbehave on purpose').argParser(faultName))
    .addHelpText('after', `\nFaults (the command then ends in the refusal, exit code 1):\n${faultLines()}`)
    .action(async ({ fault, ...options }: InstallOptions & { readonly fault?: FaultName }) => {
      const { gateway, vehicleDirectory, pkiDirectory } = await installSetup(options)
      const contract = await installContract({
        gateway,
        credentials: await readVehicle(vehicleDirectory),
        fault,
        ...(pkiDirectory !== undefined && { readPki: () => readPkiDirectory(pkiDirectory) }),
        onStep: (step: Step) => io.writeOutput(stepLine(step)),
      })
      if (fault !== undefined)
        throw new RunFailure('ERR_CLI_FAULT_ACCEPTED', `nobody refused ${fault}: ${FAULTS[fault].refusedBy}`)
      io.writeOutput(`contract ${contract.emaid} is installed and can be used\n`)
    })
}

function addLoad(group: Command, io: CommandIo): void {
  group
    .command('load')
    .description('Install contracts in many vehicles, as fast as gateway and pools answer.')
    .option('--endpoints <file>', 'what a demo wrote', ENDPOINTS_FILE)
    .option('--vehicles <n>', 'vehicles to make and provision first', count(1, 100_000), 100)
    .option('--installations <n>', 'how many to run in all', count(1, 1_000_000_000), 1_000)
    .option('--charge-points <n>', 'installations at the same time', count(1, 16), 4)
    .option('--seed <n>', 'the same seed draws the same vehicles in the same order', count(0, 0x7fff_ffff), 1)
    .action(async (options: LoadOptions) => {
      const progress = progressWriter(io)
      const outcome = await runChargerLoad({ ...options, ...progress })
      progress.end()
      io.writeOutput(loadReportText(outcome))
      const { failed, done } = outcome.report
      if (failed > 0) throw new RunFailure('ERR_CLI_LOAD_FAILED', `${failed} of ${done} installations failed`)
    })
}

interface LoadOptions {
  readonly endpoints: string
  readonly vehicles: number
  readonly installations: number
  readonly chargePoints: number
  readonly seed: number
}

function faultLines(): string {
  return Object.entries(FAULTS)
    .map(
      ([name, { description, refusedBy }]) =>
        `  ${name.padEnd(20)} ${description}\n${' '.repeat(23)}→ ${refusedBy}\n`,
    )
    .join('')
}

function faultName(text: string): FaultName {
  if (isFaultName(text)) return text
  throw new InvalidArgumentError(`must be one of ${Object.keys(FAULTS).join(', ')}.`)
}

function count(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= min && value <= max) return value
    throw new InvalidArgumentError(`must be a whole number from ${min} to ${max}.`)
  }
}
