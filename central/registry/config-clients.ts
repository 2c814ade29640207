/** Enters the clients that a config file names into the registry. */
import type { Role } from '#opcp'

import { CentralError } from '../start-error.ts'
import type { Storage } from '../storage-port.ts'
import type { Permission, RegisteredClient } from './client.ts'
import { withParticipants, type ParticipantClient } from './config-participants.ts'
import {
  canonicalIdentifiers,
  difference,
  identifierList,
  identifierText,
  NO_IDENTIFIERS,
  union,
  type Identifiers,
} from './identifiers.ts'
import type { Participant } from './participant.ts'
import { quarantineStart } from './participants.ts'
import type { RegistryStore } from './registry-store.ts'

/** A client as a config file has it, without its secret. */
export interface ConfigClient extends Identifiers {
  readonly clientId: string
  /** Absent: that of the clients it shares an identifier with, else one of the client's id. */
  readonly participant?: string | undefined
  readonly person?: string | undefined
  readonly name: string
  readonly roles: readonly Role[]
  readonly permissions: readonly Permission[]
}

/** Of several processes that start together with one file, all but one have to look again. */
const ATTEMPTS_MAX = 5

class Moved extends Error {}

/**
 * Makes the registry say what the file says: participants and clients of it are added and changed, and identifiers go
 * from one of its participants to another at once. Clients it no longer names are gone, participants suspended. A client
 * that the administrators have revoked stays so.
 *
 * @throws {CentralError} ERR_CENTRAL_CLIENT when the file contradicts itself or the registry of the administrators
 */
export async function enterConfigClients(
  entries: readonly ConfigClient[],
  { storage, nowMs }: { readonly storage: Storage; readonly nowMs: number },
): Promise<void> {
  const clients = withParticipants(entries)
  const participants = participantsOf(clients, nowMs)
  for (let attempt = 1; ; attempt++) {
    try {
      await storage.transaction(async ({ registry }) => {
        await enterParticipants(participants, { registry, nowMs })
        await enterClients(clients, { registry, nowMs })
      })
      return
    } catch (error) {
      if (!(error instanceof Moved) || attempt === ATTEMPTS_MAX) throw error
    }
  }
}

function participantsOf(clients: readonly ParticipantClient[], nowMs: number): readonly Participant[] {
  const groups = Map.groupBy(clients, ({ participant }) => participant)
  return [...groups].map(([participantId, group]) => ({
    participantId,
    name: group.find(({ name }) => name !== '')?.name ?? participantId,
    noticeAddress: undefined,
    roles: [...new Set(group.flatMap(({ roles }) => roles))],
    parentId: undefined,
    state: 'ACTIVE',
    source: 'config',
    version: 1,
    createdAtMs: nowMs,
    ...group.map(canonicalIdentifiers).reduce(union, NO_IDENTIFIERS),
  }))
}

interface Scene {
  readonly registry: RegistryStore
  readonly nowMs: number
}

async function enterParticipants(wanted: readonly Participant[], scene: Scene): Promise<void> {
  const { registry, nowMs } = scene
  const before = new Map((await registry.listParticipants()).map((each) => [each.participantId, each]))
  for (const participant of wanted) {
    const held = before.get(participant.participantId)
    if (held?.source === 'admin')
      throw clientError(
        `the participant ${held.participantId} is kept by the administrators, not in the file`,
      )
    await enterParticipant(participant, { held, registry })
    const lost = identifierList(difference(held ?? NO_IDENTIFIERS, participant))
    await registry.release(lost, { participantId: participant.participantId, releasedAtMs: nowMs })
  }
  const named = new Set(wanted.map(({ participantId }) => participantId))
  for (const held of before.values())
    if (held.source === 'config' && held.state === 'ACTIVE' && !named.has(held.participantId))
      await change({ ...held, state: 'SUSPENDED', version: held.version + 1 }, registry)
  for (const participant of wanted) await assignAll(participant, { before, ...scene })
}

async function enterParticipant(
  participant: Participant,
  { held, registry }: { readonly held: Participant | undefined; readonly registry: RegistryStore },
): Promise<void> {
  if (held === undefined) {
    if ((await registry.addParticipant(participant)) === 'taken') throw new Moved()
    return
  }
  const { name, roles, state } = participant
  const same = held.name === name && held.state === state && held.roles.join() === roles.join()
  if (!same) await change({ ...held, name, roles, state, version: held.version + 1 }, registry)
}

async function change(participant: Participant, registry: RegistryStore): Promise<void> {
  if ((await registry.changeParticipant(participant)) === 'moved') throw new Moved()
}

async function assignAll(
  participant: Participant,
  { registry, nowMs, before }: Scene & { readonly before: ReadonlyMap<string, Participant> },
): Promise<void> {
  const { participantId } = participant
  const to = { participantId, releasedBeforeMs: quarantineStart(nowMs) }
  for (const identifier of identifierList(participant)) {
    let held = await registry.assign(identifier, to)
    // The file is the operator's word: between its own participants there is no quarantine.
    if (held.participantId !== participantId && before.get(held.participantId)?.source === 'config') {
      await registry.forget(identifier)
      held = await registry.assign(identifier, to)
    }
    if (held.participantId !== participantId)
      throw clientError(
        `the ${identifierText(identifier)} of the participant ${participantId} is that of the participant ${held.participantId}: clients of one company name the same participant`,
      )
  }
}

async function enterClients(
  clients: readonly ParticipantClient[],
  { registry, nowMs }: Scene,
): Promise<void> {
  const before = new Map((await registry.listClients()).map((each) => [each.clientId, each]))
  for (const client of clients) {
    const held = before.get(client.clientId)
    if (held?.source === 'admin')
      throw clientError(`the client ${held.clientId} is kept by the administrators, not in the file`)
    const entry = registeredClient(client, nowMs)
    if (held === undefined) {
      if ((await registry.addClient(entry)) === 'taken') throw new Moved()
    } else if (termsText(held) !== termsText(entry)) {
      const { state, generation, createdAtMs, version } = held
      const after = { ...entry, state, generation, createdAtMs, version: version + 1 }
      if ((await registry.changeClient(after)) === 'moved') throw new Moved()
    }
  }
  const named = new Set(clients.map(({ clientId }) => clientId))
  for (const { clientId, source, state } of before.values())
    if (source === 'config' && state === 'ACTIVE' && !named.has(clientId))
      await registry.removeClient(clientId)
}

function registeredClient(client: ParticipantClient, nowMs: number): RegisteredClient {
  return {
    clientId: client.clientId,
    participantId: client.participant,
    name: client.name,
    person: client.person,
    roles: client.roles,
    permissions: client.permissions,
    limitedTo: canonicalIdentifiers(client),
    state: 'ACTIVE',
    secret: undefined,
    generation: 0,
    notBeforeMs: undefined,
    notAfterMs: undefined,
    lastUsedAtMs: undefined,
    source: 'config',
    version: 1,
    createdAtMs: nowMs,
  }
}

function termsText(client: RegisteredClient): string {
  const { participantId, name, person, roles, permissions, limitedTo } = client
  const { wmis, providerIds, operatorIds } = limitedTo
  return JSON.stringify([participantId, name, person, roles, permissions, wmis, providerIds, operatorIds])
}

const clientError = (what: string): CentralError => new CentralError('ERR_CENTRAL_CLIENT', what)
