import type { Command } from 'commander'

import { ADMIN_OPERATIONS } from '#central'

import { askCentral, withCentral, type CentralOptions } from './central-connection.ts'
import { listOf, textOrNone } from './given-options.ts'
import type { CommandIo } from './io.ts'
import { jsonText, membersText, tableText } from './table.ts'

const { getParticipants, getParticipant, addParticipant, changeParticipant } = ADMIN_OPERATIONS

interface ParticipantOptions extends CentralOptions {
  readonly name?: string
  readonly noticeAddress?: string
  readonly roles?: string
  readonly wmis?: string
  readonly providerIds?: string
  readonly operatorIds?: string
  readonly parent?: string
}

/** Each has a command. */
const STATES = [
  ['activate', 'ACTIVE', 'Let a participant act that is pending or suspended.'],
  ['suspend', 'SUSPENDED', 'Keep a participant from acting for now; it keeps its identifiers.'],
  ['close', 'CLOSED', 'End a participant for ever; it gives its identifiers back.'],
] as const

/** Adds `evouch central participants`. */
export function addParticipantCommands(parent: Command, io: CommandIo): void {
  const group = parent
    .command('participants')
    .description('Administer the companies that take part in the pools of a running central.')
    .addHelpText(
      'after',
      '\nExample:\n  evouch central participants add acme --name "Acme Motors" --roles OEM --wmis ACM' +
        ' \\\n    --central https://localhost:7401 --client-id evouch-admin --client-secret-file secrets/admin --ca tls-ca.pem',
    )
  withCentral(group.command('list').description('List all participants.')).action(
    async (options: CentralOptions) => listParticipants(options, io),
  )
  const show = group.command('show').description('Show one participant.').argument('<id>')
  withCentral(show).action(async (id: string, options: CentralOptions) => {
    const question = { operation: getParticipant, answer: getParticipant.answers[200], parameter: id }
    tell(io, options, await askCentral(options, question))
  })
  const add = group.command('add').description('Add a participant with its identifiers.').argument('<id>')
  withMembers(add).action(async (id: string, options: ParticipantOptions) => {
    const body = { participantId: id, ...membersOf(options) }
    const question = { operation: addParticipant, answer: addParticipant.answers[201], body }
    tell(io, options, await askCentral(options, question))
  })
  const change = group
    .command('change')
    .description(
      'Change a participant: what is given takes the place of what was; an empty text takes it away.',
    )
    .argument('<id>')
  withMembers(change).action((id: string, options: ParticipantOptions) =>
    changeTo(io, options, { id, changes: membersOf(options) }),
  )
  for (const [name, state, description] of STATES)
    withCentral(group.command(name).description(description).argument('<id>')).action(
      (id: string, options: CentralOptions) => changeTo(io, options, { id, changes: { state } }),
    )
}

function withMembers(command: Command): Command {
  return withCentral(command)
    .option('--name <text>')
    .option('--roles <list>', 'separated by commas, such as OEM,CPO')
    .option('--wmis <list>', 'world manufacturer identifiers')
    .option('--provider-ids <list>', 'such as DEEVO')
    .option('--operator-ids <list>', 'such as DEEVO')
    .option('--notice-address <text>', 'where notices go, such as an e-mail address')
    .option('--parent <id>', 'the participant that it is a brand of')
}

/** As they go out: `undefined` is left out of JSON. */
function membersOf(options: ParticipantOptions): object {
  return {
    name: options.name,
    noticeAddress: textOrNone(options.noticeAddress),
    roles: listOf(options.roles),
    wmis: listOf(options.wmis),
    providerIds: listOf(options.providerIds),
    operatorIds: listOf(options.operatorIds),
    parentId: textOrNone(options.parent),
  }
}

async function listParticipants(options: CentralOptions, io: CommandIo): Promise<void> {
  const question = { operation: getParticipants, answer: getParticipants.answers[200] }
  const { participants } = await askCentral(options, question)
  if (options.json === true) return io.writeOutput(jsonText(participants))
  const rows = participants.map((participant) => ({
    ID: participant.participantId,
    NAME: participant.name,
    ROLES: participant.roles,
    STATE: participant.state,
    WMIS: participant.wmis,
    PROVIDERS: participant.providerIds,
    OPERATORS: participant.operatorIds,
    SOURCE: participant.source,
  }))
  io.writeOutput(tableText(rows))
}

async function changeTo(
  io: CommandIo,
  options: CentralOptions,
  { id, changes }: { readonly id: string; readonly changes: object },
): Promise<void> {
  const answer = changeParticipant.answers[200]
  const question = { operation: changeParticipant, answer, parameter: id, body: changes }
  tell(io, options, await askCentral(options, question))
}

type Participant = Awaited<ReturnType<typeof askCentral<(typeof getParticipant.answers)[200]>>>

function tell(io: CommandIo, { json }: CentralOptions, { participant }: Participant): void {
  io.writeOutput(json === true ? jsonText(participant) : membersText(participant))
}
