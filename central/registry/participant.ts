import type { Role } from '#opcp'

import { PoolError } from '../pool-error.ts'
import { union, type Identifiers } from './identifiers.ts'
import type { RegistryStore } from './registry-store.ts'

/**
 * PENDING: entered, may not do anything yet. SUSPENDED: may not for now, keeps what it owns. CLOSED: has given its
 * identifiers back, for ever.
 */
export const PARTICIPANT_STATES = ['PENDING', 'ACTIVE', 'SUSPENDED', 'CLOSED'] as const
export type ParticipantState = (typeof PARTICIPANT_STATES)[number]

/** Who decides about an entry: the config file, or the administrators. */
export type Source = 'config' | 'admin'

/** A company that takes part in the pools: an OEM, MO, CPO or CPS operator, or one of its brands. */
export interface Participant extends Identifiers {
  readonly participantId: string
  readonly name: string
  /** Where notices go, such as an e-mail address. */
  readonly noticeAddress: string | undefined
  readonly roles: readonly Role[]
  /** Of a brand: the participant whose identifiers it may use beside its own, and in whose roles it acts. */
  readonly parentId: string | undefined
  readonly state: ParticipantState
  readonly source: Source
  /** Counts the changes. */
  readonly version: number
  readonly createdAtMs: number
}

const NEXT_STATES: Readonly<Record<ParticipantState, readonly ParticipantState[]>> = {
  PENDING: ['ACTIVE', 'CLOSED'],
  ACTIVE: ['SUSPENDED', 'CLOSED'],
  SUSPENDED: ['ACTIVE', 'CLOSED'],
  CLOSED: [],
}

/** @throws {PoolError} ERR_REGISTRY_STATE */
export function requireTransition({ participantId, state }: Participant, next: ParticipantState): void {
  if (state !== next && !NEXT_STATES[state].includes(next))
    throw new PoolError(
      'ERR_REGISTRY_STATE',
      `The participant ${participantId} is ${state} and cannot become ${next}.`,
    )
}

/** A participant with the one it is a brand of. */
export interface Family {
  readonly participant: Participant
  readonly parent: Participant | undefined
}

export async function familyOf(participant: Participant, store: RegistryStore): Promise<Family> {
  const { parentId } = participant
  const parent = parentId === undefined ? undefined : await store.findParticipant(parentId)
  return { participant, parent }
}

/** All that the participant may use: its own and its parent's. */
export function identifiersOfFamily({ participant, parent }: Family): Identifiers {
  return parent === undefined ? participant : union(participant, parent)
}

/** A brand may not act while its parent may not. */
export function isActive({ participant, parent }: Family): boolean {
  return participant.state === 'ACTIVE' && (parent === undefined || parent.state === 'ACTIVE')
}
