import { InvalidArgumentError, type Command } from 'commander'

import { ADMIN_OPERATIONS } from '#central'

import { askCentral, withCentral, type CentralOptions } from './central-connection.ts'
import { listOf, textOrNone } from './given-options.ts'
import type { CommandIo } from './io.ts'
import { jsonText, membersText, tableText } from './table.ts'

const { getClients, getClient, addClient, changeClient, rotateClientSecret, revokeClient } = ADMIN_OPERATIONS

interface ClientOptions extends CentralOptions {
  readonly name?: string
  readonly person?: string
  readonly roles?: string
  readonly permissions?: string
  readonly wmis?: string
  readonly providerIds?: string
  readonly operatorIds?: string
  readonly notBefore?: string
  readonly notAfter?: string
}

/** Stands for all identifiers of the participant. */
const ALL = '*'

/** Adds `evouch central clients`. */
export function addClientCommands(parent: Command, io: CommandIo): void {
  const group = parent
    .command('clients')
    .description('Administer who may ask the pools of a running central for tokens.')
    .addHelpText(
      'after',
      '\nA secret is told once, when it is made.\n\nExample:\n  evouch central clients add --participant acme --roles OEM' +
        ' \\\n    --central https://localhost:7401 --client-id evouch-admin --client-secret-file secrets/admin --ca tls-ca.pem',
    )
  const list = group.command('list').description('List all clients, or those of one participant.')
  withCentral(list.option('--participant <id>')).action(
    (options: CentralOptions & { readonly participant?: string }) => listClients(options, io),
  )
  withCentral(group.command('show').description('Show one client.').argument('<id>')).action(
    async (id: string, options: CentralOptions) => {
      const question = { operation: getClient, answer: getClient.answers[200], parameter: id }
      tell(io, options, await askCentral(options, question))
    },
  )
  addChanges(group, io)
  withCentral(
    group.command('revoke').description('End a client and its tokens for ever.').argument('<id>'),
  ).action(async (id: string, options: CentralOptions) => {
    const question = { operation: revokeClient, answer: revokeClient.answers[200], parameter: id }
    tell(io, options, await askCentral(options, question))
  })
}

function addChanges(group: Command, io: CommandIo): void {
  const add = group
    .command('add')
    .description('Add a client of a participant and tell its secret, once.')
    .argument('[id]', 'default: central makes one')
    .requiredOption('--participant <id>')
  withMembers(add).action(
    async (id: string | undefined, options: ClientOptions & { readonly participant: string }) => {
      const body = { clientId: id, participantId: options.participant, ...membersOf(options) }
      const question = { operation: addClient, answer: addClient.answers[201], body }
      tell(io, options, await askCentral(options, question))
    },
  )
  const change = group
    .command('change')
    .description('Change a client: what is given takes the place of what was; an empty text takes it away.')
    .argument('<id>')
  withMembers(change).action(async (id: string, options: ClientOptions) => {
    const question = { operation: changeClient, answer: changeClient.answers[200], parameter: id }
    tell(io, options, await askCentral(options, { ...question, body: membersOf(options) }))
  })
  const rotate = group
    .command('rotate')
    .description('Make another secret for a client and tell it, once.')
    .argument('<id>')
    .option(
      '--overlap-seconds <number>',
      'how long the one of before still counts; 0: it ends now; default: a day',
      wholeNumber,
    )
  withCentral(rotate).action(
    async (id: string, options: CentralOptions & { readonly overlapSeconds?: number }) => {
      const { overlapSeconds } = options
      const question = {
        operation: rotateClientSecret,
        answer: rotateClientSecret.answers[200],
        parameter: id,
      }
      tell(io, options, await askCentral(options, { ...question, body: { overlapSeconds } }))
    },
  )
}

function withMembers(command: Command): Command {
  return withCentral(command)
    .option('--name <text>', 'claim client_name')
    .option('--person <text>', 'who holds the secret')
    .option('--roles <list>', 'separated by commas, such as OEM,CPO')
    .option('--permissions <list>', 'such as rcpservice,pcpservice; default: all pools')
    .option('--wmis <list>', `of those of its participant; ${ALL} for all, as without it`)
    .option('--provider-ids <list>', 'the same')
    .option('--operator-ids <list>', 'the same')
    .option('--not-before <time>', 'RFC 3339')
    .option('--not-after <time>', 'RFC 3339')
}

/** As they go out: `undefined` is left out of JSON. */
function membersOf(options: ClientOptions): object {
  return {
    name: options.name,
    person: textOrNone(options.person),
    roles: listOf(options.roles),
    permissions: listOf(options.permissions),
    wmis: identifiersOf(options.wmis),
    providerIds: identifiersOf(options.providerIds),
    operatorIds: identifiersOf(options.operatorIds),
    notBefore: textOrNone(options.notBefore),
    notAfter: textOrNone(options.notAfter),
  }
}

function identifiersOf(text: string | undefined): readonly string[] | null | undefined {
  return text === ALL ? null : listOf(text)
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.')
  return Number(text)
}

async function listClients(
  options: CentralOptions & { readonly participant?: string },
  io: CommandIo,
): Promise<void> {
  const query = { participantId: options.participant }
  const question = { operation: getClients, answer: getClients.answers[200], query }
  const { clients } = await askCentral(options, question)
  if (options.json === true) return io.writeOutput(jsonText(clients))
  const rows = clients.map((client) => ({
    ID: client.clientId,
    PARTICIPANT: client.participantId,
    ROLES: client.roles,
    STATE: client.state,
    'NOT AFTER': client.notAfter,
    'LAST USED': client.lastUsedAt,
    SOURCE: client.source,
  }))
  io.writeOutput(tableText(rows))
}

type Client = Awaited<ReturnType<typeof askCentral<(typeof getClient.answers)[200]>>>

/** The secret is beside the client in JSON too. */
function tell(
  io: CommandIo,
  { json }: CentralOptions,
  { client, clientSecret }: Client & { readonly clientSecret?: string },
): void {
  const told = { ...client, ...(clientSecret !== undefined && { clientSecret }) }
  io.writeOutput(json === true ? jsonText(told) : membersText(told))
  if (clientSecret !== undefined) io.writeError('The secret is told once: keep it now.\n')
}
