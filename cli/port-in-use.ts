import { codeOf, messageOf } from '#base'

import { CliError } from './failure.ts'

/** Turns the system's "address in use" into words that say what to change; for `.catch`. */
export function portInUse(remedy: string): (error: unknown) => never {
  return (error) => {
    const cause = error instanceof Error ? error.cause : undefined
    if (codeOf(error) !== 'EADDRINUSE' && codeOf(cause) !== 'EADDRINUSE') throw error
    const what = `${messageOf(error)}: end the program that has the port, or change ${remedy}`
    throw new CliError('ERR_CLI_PORT_IN_USE', what, { cause: error })
  }
}
