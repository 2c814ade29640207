import { Command } from 'commander'

import { addCentralCommand } from './central-command.ts'
import { addChargerCommand } from './charger-command.ts'
import { addConfigSchemaCommand } from './config-schema-command.ts'
import { addDemoCommand } from './demo-command.ts'
import { addExiCommand } from './exi-command.ts'
import { EXIT, failureOf, type Outcome } from './failure.ts'
import { addGatewayCommand } from './gateway-command.ts'
import { addInspectCommand } from './inspect-command.ts'
import { type CommandIo } from './io.ts'
import { addPkiCommand } from './pki-command.ts'
import { version } from './version.ts'

/**
 * Runs one `evouch` command and gives its exit code: 0 done, 1 failed, 2 unusable arguments or input. Never throws:
 * a failure is one line `CODE: message` on standard error.
 */
export async function runCommand(args: readonly string[], io: CommandIo): Promise<number> {
  const outcome: Outcome = { exitCode: EXIT.success }
  try {
    await evouch(io, outcome).parseAsync(args, { from: 'user' })
    return outcome.exitCode
  } catch (error) {
    const { line, exitCode } = failureOf(error)
    if (line !== undefined) io.writeError(`${line}\n`)
    return exitCode
  }
}

function evouch(io: CommandIo, outcome: Outcome): Command {
  const command = new Command('evouch')
    .description(
      'The open Plug & Charge stack: gateway, pools, emulated vehicles and charge points, and tools.',
    )
    .version(version())
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.writeOutput(text),
      writeErr: (text) => io.writeError(text),
      // Said once, with its code, where all failures are.
      outputError: () => {},
    })
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 failed or does not hold, 2 unusable arguments, input or config.',
    )
  addDemoCommand(command, io)
  addGatewayCommand(command)
  addCentralCommand(command, io, outcome)
  addChargerCommand(command, io)
  addPkiCommand(command, io, outcome)
  addExiCommand(command, io)
  addInspectCommand(command, io, outcome)
  addConfigSchemaCommand(command, io)
  return command
}
