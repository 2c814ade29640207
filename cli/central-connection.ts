import { readFile } from 'node:fs/promises'

import { Option, type Command } from 'commander'
import type { Static, TSchema } from 'typebox'
import { Compile } from 'typebox/compile'

import { CodedError, messageOf } from '#base'
import { AuthorisedConnection, bodyOf, OpcpError, OpcpRefusal, refusalOf, type Operation } from '#opcp'
import { readSecret } from '#service'

import { CliError } from './failure.ts'

/** Which central, and as which of its clients. */
export interface CentralOptions {
  readonly central: string
  readonly clientId: string
  readonly clientSecretFile: string
  readonly ca?: string
  readonly json?: true
}

/** Adds what every command that asks a running central needs. */
export function withCentral(command: Command): Command {
  return command
    .addOption(
      new Option('--central <url>', 'where central listens').env('EVOUCH_CENTRAL_URL').makeOptionMandatory(),
    )
    .addOption(
      new Option('--client-id <id>', 'a client with the role ADMIN and the permission administration')
        .env('EVOUCH_CENTRAL_CLIENT_ID')
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--client-secret-file <file>', 'holds its secret')
        .env('EVOUCH_CENTRAL_CLIENT_SECRET_FILE')
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--ca <file>', 'PEM of the CA of the TLS certificate; default: those of Node').env(
        'EVOUCH_CENTRAL_CA',
      ),
    )
    .option('--json', 'print JSON')
}

interface Question<T extends TSchema> {
  readonly operation: Operation
  /** The schema of what it answers. */
  readonly answer: T
  /** Takes the place of the parameter of the path. */
  readonly parameter?: string
  readonly query?: Readonly<Record<string, string | undefined>>
  readonly body?: object
}

/**
 * Asks central once.
 *
 * @throws {CliError} ERR_CLI_USAGE, ERR_CLI_INPUT_FILE
 * @throws {CodedError} a code of {@link OpcpError}, with what to do about it
 */
export async function askCentral<T extends TSchema>(
  options: CentralOptions,
  { operation, answer: schema, parameter = '', query = {}, body }: Question<T>,
): Promise<Static<T>> {
  await using connection = await connect(options)
  const path = operation.path.replace(/:\w+/, () => encodeURIComponent(parameter))
  const members = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  )
  const search = members.length === 0 ? '' : `?${members.join('&')}`
  try {
    const answer = await connection.call({ method: operation.method, path: path + search, body })
    const what = `${operation.method} ${path}`
    if (answer.status < 200 || answer.status > 299) throw refusalOf(answer, what)
    return bodyOf(answer, Compile(schema))
  } catch (error) {
    throw error instanceof OpcpError ? withAdvice(error, options) : error
  }
}

async function connect({
  central,
  clientId,
  clientSecretFile,
  ca,
}: CentralOptions): Promise<AuthorisedConnection> {
  const baseUrl = central.replace(/\/$/, '')
  if (!URL.canParse(baseUrl) || !/^https?:$/.test(new URL(baseUrl).protocol))
    throw new CliError('ERR_CLI_USAGE', `--central must be a URL such as https://localhost:7401: ${central}`)
  return new AuthorisedConnection({
    baseUrl,
    tokenUrl: `${baseUrl}/oauth/token`,
    clientId,
    clientSecret: (await readSecret({ file: clientSecretFile })).reveal(),
    ...(ca !== undefined && { certificateAuthorities: await readPem(ca) }),
    connectionsMax: 1,
  })
}

async function readPem(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new CliError('ERR_CLI_INPUT_FILE', `--ca: ${messageOf(cause)}`, { cause })
  }
}

/** The same failure, with what the one at the keyboard can do about it. */
function withAdvice(error: OpcpError, options: CentralOptions): CodedError {
  const advice = adviceOn(error, options)
  if (advice === undefined) return error
  return new CodedError(error.code, `${error.message} (${advice})`, { cause: error })
}

function adviceOn(error: OpcpError, { central }: CentralOptions): string | undefined {
  if (error.code === 'ERR_OPCP_UNREACHABLE' || error.code === 'ERR_OPCP_TIMEOUT')
    return `is central running at ${central}, and does --ca name the CA of its certificate?`
  if (error.code === 'ERR_OPCP_TOKEN_REFUSED') return 'check --client-id and --client-secret-file'
  if (error instanceof OpcpRefusal && error.status === 403)
    return 'the client needs the role ADMIN, and in central.yaml the permission administration'
  return undefined
}
