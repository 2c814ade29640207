import { destination as fileDestination, type DestinationStream, pino, type Logger as PinoLogger } from 'pino'
import { type Static, Type } from 'typebox'

/** A structured logger: `logger.info({ pcid }, 'contract installed')`. Fields first, then a sentence. */
export type Logger = PinoLogger

/** Where lines go: anything with `write(line)`. */
export type LogDestination = DestinationStream

/** The levels a config file may name. */
export const LogLevel = Type.Enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
export type LogLevel = Static<typeof LogLevel>

/** Members that hold secrets somewhere in the stack, under the names the standards give them. */
const SECRET_MEMBERS = [
  'authorization',
  'password',
  'secret',
  'clientSecret',
  'client_secret',
  'accessToken',
  'access_token',
  'token',
  'privateKey',
  'privateKeyPem',
  'contractKey',
]

/**
 * A logger of JSON lines with time, level and `name`. Members named like a secret are replaced at the top level and one
 * and two levels down; that is a net under the rule that no secret is logged, not a licence to log one.
 * Lines go to standard output unless `destination` says otherwise.
 */
export function createLogger({
  name,
  level,
  destination,
}: {
  readonly name: string
  readonly level: LogLevel
  readonly destination?: LogDestination | undefined
}): Logger {
  const options = {
    name,
    level,
    // Machine name and process id are the supervisor's business and differ between identical runs.
    base: { name },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: {
      paths: SECRET_MEMBERS.flatMap((member) => [member, `*.${member}`, `*.*.${member}`]),
      censor: '[secret]',
    },
  }
  return destination === undefined ? pino(options) : pino(options, destination)
}

/** Appends to a file, created with mode 0600, each line written before the call returns. */
export function logFile(path: string): LogDestination {
  return fileDestination({ dest: path, mkdir: true, mode: 0o600, sync: true })
}
