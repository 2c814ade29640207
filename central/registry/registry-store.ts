import type { RegisteredClient } from './client.ts'
import type { Identifier } from './identifiers.ts'
import type { Participant } from './participant.ts'

/** An identifier that somebody has, or had until `releasedAtMs`. */
export interface Assignment extends Identifier {
  readonly participantId: string
  readonly releasedAtMs: number | undefined
}

/**
 * What the registry needs from storage. Identifiers are kept apart from the rows of participants, so that each has one
 * owner whoever writes at the same time; a participant is read with those it has.
 */
export interface RegistryStore {
  findParticipant(participantId: string): Promise<Participant | undefined>
  /** By their ids. */
  listParticipants(): Promise<readonly Participant[]>
  /** Without the identifiers; `taken` when there is one of that id. */
  addParticipant(participant: Participant): Promise<'added' | 'taken'>
  /** Without the identifiers. `moved` when the version is not the one before: somebody else was faster. */
  changeParticipant(participant: Participant): Promise<'changed' | 'moved'>
  /**
   * Gives an identifier to a participant, unless another one has it or has had it until `releasedBeforeMs` or later; says
   * who has it then.
   */
  assign(
    identifier: Identifier,
    to: { readonly participantId: string; readonly releasedBeforeMs: number },
  ): Promise<Assignment>
  /** Takes identifiers from a participant; those that are not its own stay where they are. */
  release(
    identifiers: readonly Identifier[],
    from: { readonly participantId: string; readonly releasedAtMs: number },
  ): Promise<void>
  /** Makes the identifier free at once, whoever has it. */
  forget(identifier: Identifier): Promise<void>

  findClient(clientId: string): Promise<RegisteredClient | undefined>
  /** By their ids; of one participant when it is named. */
  listClients(participantId?: string): Promise<readonly RegisteredClient[]>
  addClient(client: RegisteredClient): Promise<'added' | 'taken'>
  /** `moved` when the version is not the one before: somebody else was faster. */
  changeClient(client: RegisteredClient): Promise<'changed' | 'moved'>
  removeClient(clientId: string): Promise<void>
  /** Notes the time, unless a later one or one of less than a minute before is noted. */
  noteUse(clientId: string, usedAtMs: number): Promise<void>
}
