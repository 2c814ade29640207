import { debuglog } from 'node:util'

import { CommanderError } from 'commander'

import { CodedError, messageOf } from '#base'
import { ConfigError } from '#service'

import { printable } from './printable.ts'

/** Exit codes of the command. */
export const EXIT = {
  /** Everything asked for was done, and everything that could be checked holds. */
  success: 0,
  /** It was tried and failed, or something checked does not hold. */
  failure: 1,
  /** Nothing could be tried: the arguments, the input or the config cannot be used. */
  unusable: 2,
} as const

/** The exit code of a command that ran to its end; one that reports a negative result sets `failure`. */
export interface Outcome {
  exitCode: number
}

export type CliErrorCode =
  | 'ERR_CLI_USAGE'
  | 'ERR_CLI_INPUT_FILE'
  | 'ERR_CLI_INPUT_FORM'
  | 'ERR_CLI_INPUT_TOO_LARGE'
  | 'ERR_CLI_DATA_DIRECTORY'
  | 'ERR_CLI_ENDPOINTS'
  | 'ERR_CLI_PORT_IN_USE'

/** The command line, or a file it names, cannot be used. */
export class CliError extends CodedError<CliErrorCode> {
  override name = 'CliError'
}

/** A command ran to its end and found what must not be. */
export class RunFailure extends CodedError<'ERR_CLI_FAULT_ACCEPTED' | 'ERR_CLI_LOAD_FAILED'> {
  override name = 'RunFailure'
}

/** The input was found but is not what it should be; carries the code of whatever refused it. */
export class UnusableInput extends CodedError {
  override name = 'UnusableInput'
}

/** Marks what a parser refused as the fault of the input. An error without a code is ours and passes through. */
export function unusableInput(error: unknown): unknown {
  return error instanceof CodedError ? new UnusableInput(error.code, error.message, { cause: error }) : error
}

/** What ended the command: the one line for standard error (absent when nothing is left to say) and the exit code. */
export interface Failure {
  readonly line?: string
  readonly exitCode: number
}

const trace = debuglog('evouch')

/** Turns anything thrown into one line `CODE: message`. The stack is shown with `NODE_DEBUG=evouch`. */
export function failureOf(error: unknown): Failure {
  trace('%O', error)
  if (error instanceof CommanderError) return usageFailure(error)
  const code = error instanceof CodedError || isSystemError(error) ? error.code : 'ERR_INTERNAL'
  const unusable = error instanceof CliError || error instanceof ConfigError || error instanceof UnusableInput
  return { line: `${code}: ${oneLine(messageOf(error))}`, exitCode: unusable ? EXIT.unusable : EXIT.failure }
}

/** Commander reports help and version as errors too; of those only a group called without its command is a mistake. */
function usageFailure(error: CommanderError): Failure {
  if (error.exitCode === 0) return { exitCode: EXIT.success }
  if (error.code === 'commander.help') return { exitCode: EXIT.unusable }
  return { line: `ERR_CLI_USAGE: ${oneLine(error.message.replace(/^error: /, ''))}`, exitCode: EXIT.unusable }
}

function isSystemError(error: unknown): error is Error & { code: string } {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
}

function oneLine(text: string): string {
  return printable(text.replace(/\s*\n\s*/g, ' '))
}
