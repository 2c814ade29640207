import { systemRandom, type Clock, type RandomBytes } from '#base'
import type { Role } from '#opcp'

import { SYSTEM } from '../audit/audit-record.ts'
import type { Actor } from '../http/caller.ts'
import { PoolError } from '../pool-error.ts'
import type { Storage, UnitOfWork } from '../storage-port.ts'
import {
  canonicalIdentifiers,
  difference,
  identifierList,
  identifierText,
  type Identifiers,
} from './identifiers.ts'
import { requireTransition, type Participant, type ParticipantState } from './participant.ts'
import { recordChange } from './record-change.ts'
import type { Assignment, RegistryStore } from './registry-store.ts'

/** An EMAID or PCID outlives the contract or owner: nobody else gets its first characters before these have passed. */
const QUARANTINE_MONTHS = 24

/** What administrators decide about a participant; lists replace those of before. */
export interface ParticipantTerms extends Identifiers {
  readonly name: string
  readonly noticeAddress: string | undefined
  readonly roles: readonly Role[]
  readonly parentId: string | undefined
  readonly state: ParticipantState
}

/** Who takes part in the pools, as the administrators decide. */
export class Participants {
  readonly #storage: Storage
  readonly #clock: Clock
  readonly #random: RandomBytes

  constructor({
    storage,
    clock,
    random = systemRandom,
  }: {
    storage: Storage
    clock: Clock
    random?: RandomBytes
  }) {
    this.#storage = storage
    this.#clock = clock
    this.#random = random
  }

  list(): Promise<readonly Participant[]> {
    return this.#storage.stores.registry.listParticipants()
  }

  /** @throws {PoolError} ERR_REGISTRY_NOT_FOUND */
  get(participantId: string): Promise<Participant> {
    return participantIn(this.#storage.stores.registry, participantId)
  }

  /** @throws {PoolError} ERR_REGISTRY_TAKEN, ERR_REGISTRY_REFUSED, ERR_REGISTRY_STATE */
  add(participantId: string, terms: ParticipantTerms, by: Actor = SYSTEM): Promise<Participant> {
    const nowMs = this.#clock()
    return this.#storage.transaction(async (unit) => {
      const { registry } = unit
      const participant: Participant = {
        ...terms,
        ...canonicalIdentifiers(terms),
        participantId,
        source: 'admin',
        version: 1,
        createdAtMs: nowMs,
      }
      if (terms.state !== 'PENDING') requireTransition({ ...participant, state: 'PENDING' }, terms.state)
      await requireTerms(participant, registry)
      if ((await registry.addParticipant(participant)) === 'taken')
        throw new PoolError('ERR_REGISTRY_TAKEN', `There is a participant ${participantId}.`)
      await assignAll(participant, { registry, nowMs })
      await this.#record(unit, { action: 'participant.add', by, after: participant })
      return participant
    })
  }

  /**
   * Takes other terms. What a participant loses, and all that one has which is closed, is in quarantine for 24 months.
   *
   * @throws {PoolError} ERR_REGISTRY_NOT_FOUND, ERR_REGISTRY_TAKEN, ERR_REGISTRY_REFUSED, ERR_REGISTRY_STATE,
   * ERR_REGISTRY_CHANGED
   */
  change(
    participantId: string,
    changes: Partial<ParticipantTerms>,
    by: Actor = SYSTEM,
  ): Promise<Participant> {
    const nowMs = this.#clock()
    return this.#storage.transaction(async (unit) => {
      const { registry } = unit
      const before = await participantIn(registry, participantId)
      requireAdministered(before)
      const terms = { ...before, ...changes }
      requireTransition(before, terms.state)
      const kept = terms.state === 'CLOSED' ? { wmis: [], providerIds: [], operatorIds: [] } : terms
      const after: Participant = {
        ...terms,
        ...canonicalIdentifiers(kept),
        source: 'admin',
        version: before.version + 1,
      }
      await requireTerms(after, registry)
      if (after.state === 'CLOSED') await close(after, registry)
      if ((await registry.changeParticipant(after)) === 'moved') throw changedMeanwhile(participantId)
      const lost = identifierList(difference(before, after))
      await registry.release(lost, { participantId, releasedAtMs: nowMs })
      await assignAll(after, { registry, nowMs })
      await this.#record(unit, { action: 'participant.change', by, before, after })
      return after
    })
  }

  #record(
    unit: UnitOfWork,
    change: {
      readonly action: string
      readonly by: Actor
      readonly before?: Participant
      readonly after: Participant
    },
  ): Promise<void> {
    const object = { type: 'participant', id: change.after.participantId } as const
    return recordChange(unit, { ...change, object }, { clock: this.#clock, random: this.#random })
  }
}

/** @throws {PoolError} ERR_REGISTRY_NOT_FOUND */
export async function participantIn(registry: RegistryStore, participantId: string): Promise<Participant> {
  const participant = await registry.findParticipant(participantId)
  if (participant !== undefined) return participant
  throw new PoolError('ERR_REGISTRY_NOT_FOUND', `There is no participant ${participantId}.`)
}

export function changedMeanwhile(id: string): PoolError {
  return new PoolError('ERR_REGISTRY_CHANGED', `${id} was changed by somebody else at the same time.`)
}

/** @throws {PoolError} ERR_REGISTRY_REFUSED */
export function requireNoAdministrator(roles: readonly Role[]): void {
  // Else an administrator could make himself the second pair of eyes.
  if (roles.includes('ADMIN'))
    throw new PoolError('ERR_REGISTRY_REFUSED', 'Administrators are named in the config file alone.')
}

/** What the file decides is changed there; what it no longer names is suspended, and anybody's to take over. */
function requireAdministered({ participantId, source, state }: Participant): void {
  if (source === 'config' && state !== 'SUSPENDED')
    throw new PoolError('ERR_REGISTRY_STATE', `The participant ${participantId} is kept in the config file.`)
}

async function requireTerms(participant: Participant, registry: RegistryStore): Promise<void> {
  requireNoAdministrator(participant.roles)
  const { participantId, parentId, roles } = participant
  if (parentId === undefined) return
  const parent = await registry.findParticipant(parentId)
  if (parent === undefined || parent.parentId !== undefined || parentId === participantId)
    throw new PoolError('ERR_REGISTRY_REFUSED', `${parentId} is no participant that can have brands.`)
  const excess = roles.find((role) => !parent.roles.includes(role))
  if (excess !== undefined)
    throw new PoolError('ERR_REGISTRY_REFUSED', `The participant ${parentId} has no role ${excess}.`)
}

/** Its clients end with it. */
async function close({ participantId }: Participant, registry: RegistryStore): Promise<void> {
  const brand = (await registry.listParticipants()).find(
    ({ parentId, state }) => parentId === participantId && state !== 'CLOSED',
  )
  if (brand !== undefined)
    throw new PoolError(
      'ERR_REGISTRY_STATE',
      `The participant ${participantId} has the brand ${brand.participantId}.`,
    )
  for (const client of await registry.listClients(participantId))
    if (client.state !== 'REVOKED')
      await registry.changeClient({ ...client, state: 'REVOKED', version: client.version + 1 })
}

async function assignAll(
  participant: Participant,
  { registry, nowMs }: { readonly registry: RegistryStore; readonly nowMs: number },
): Promise<void> {
  const { participantId } = participant
  for (const identifier of identifierList(participant)) {
    const held = await registry.assign(identifier, {
      participantId,
      releasedBeforeMs: quarantineStart(nowMs),
    })
    if (held.participantId !== participantId) throw takenBy(held)
  }
}

/** What was released before has been in quarantine long enough. */
export function quarantineStart(nowMs: number): number {
  const date = new Date(nowMs)
  return date.setUTCMonth(date.getUTCMonth() - QUARANTINE_MONTHS)
}

function takenBy(held: Assignment): PoolError {
  const what = identifierText(held)
  if (held.releasedAtMs === undefined)
    return new PoolError(
      'ERR_REGISTRY_TAKEN',
      `The ${what} belongs to the participant ${held.participantId}.`,
    )
  const day = new Date(held.releasedAtMs).toISOString().slice(0, 10)
  return new PoolError(
    'ERR_REGISTRY_TAKEN',
    `The ${what} was given back on ${day} and is in quarantine for ${QUARANTINE_MONTHS} months.`,
  )
}
