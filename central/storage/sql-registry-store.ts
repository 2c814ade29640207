import { ROLES } from '#opcp'

import { PERMISSIONS, type RegisteredClient } from '../registry/client.ts'
import { identifiersOf, KINDS, type Identifier, type Identifiers } from '../registry/identifiers.ts'
import { PARTICIPANT_STATES, type Participant } from '../registry/participant.ts'
import type { Assignment, RegistryStore } from '../registry/registry-store.ts'
import type { Database } from './database.ts'
import type { ClientRow, ParticipantIdentifierRow, ParticipantRow } from './tables.ts'

/** A client's last use is told within this. */
const USE_GRAIN_MS = 60_000

export class SqlRegistryStore implements RegistryStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async findParticipant(participantId: string): Promise<Participant | undefined> {
    const row = await this.#database
      .selectFrom('participant')
      .selectAll()
      .where('participant_id', '=', participantId)
      .executeTakeFirst()
    if (row === undefined) return undefined
    const identifiers = await this.#database
      .selectFrom('participant_identifier')
      .selectAll()
      .where('participant_id', '=', participantId)
      .where('released_at_ms', 'is', null)
      .orderBy('value')
      .execute()
    return participantOf(row, identifiers)
  }

  async listParticipants(): Promise<readonly Participant[]> {
    const rows = await this.#database
      .selectFrom('participant')
      .selectAll()
      .orderBy('participant_id')
      .execute()
    const identifiers = await this.#database
      .selectFrom('participant_identifier')
      .selectAll()
      .where('released_at_ms', 'is', null)
      .orderBy('value')
      .execute()
    const byOwner = Map.groupBy(identifiers, (row) => row.participant_id)
    return rows.map((row) => participantOf(row, byOwner.get(row.participant_id) ?? []))
  }

  async addParticipant(participant: Participant): Promise<'added' | 'taken'> {
    const added = await this.#database
      .insertInto('participant')
      .values(participantRow(participant))
      .onConflict((conflict) => conflict.column('participant_id').doNothing())
      .returning('participant_id')
      .executeTakeFirst()
    return added === undefined ? 'taken' : 'added'
  }

  async changeParticipant(participant: Participant): Promise<'changed' | 'moved'> {
    const changed = await this.#database
      .updateTable('participant')
      .set(participantRow(participant))
      .where('participant_id', '=', participant.participantId)
      .where('version', '=', participant.version - 1)
      .returning('participant_id')
      .executeTakeFirst()
    return changed === undefined ? 'moved' : 'changed'
  }

  async assign(
    { kind, value }: Identifier,
    {
      participantId,
      releasedBeforeMs,
    }: { readonly participantId: string; readonly releasedBeforeMs: number },
  ): Promise<Assignment> {
    await this.#database
      .insertInto('participant_identifier')
      .values({ kind, value, participant_id: participantId, released_at_ms: null })
      .onConflict((conflict) =>
        conflict
          .columns(['kind', 'value'])
          .doUpdateSet({ participant_id: participantId, released_at_ms: null })
          .where((where) =>
            where.or([
              where('participant_identifier.participant_id', '=', participantId),
              where('participant_identifier.released_at_ms', '<', releasedBeforeMs),
            ]),
          ),
      )
      .execute()
    const held = await this.#database
      .selectFrom('participant_identifier')
      .selectAll()
      .where('kind', '=', kind)
      .where('value', '=', value)
      .executeTakeFirstOrThrow()
    return { kind, value, participantId: held.participant_id, releasedAtMs: held.released_at_ms ?? undefined }
  }

  async release(
    identifiers: readonly Identifier[],
    { participantId, releasedAtMs }: { readonly participantId: string; readonly releasedAtMs: number },
  ): Promise<void> {
    for (const { kind, value } of identifiers)
      await this.#database
        .updateTable('participant_identifier')
        .set({ released_at_ms: releasedAtMs })
        .where('kind', '=', kind)
        .where('value', '=', value)
        .where('participant_id', '=', participantId)
        .where('released_at_ms', 'is', null)
        .execute()
  }

  async forget({ kind, value }: Identifier): Promise<void> {
    await this.#database
      .deleteFrom('participant_identifier')
      .where('kind', '=', kind)
      .where('value', '=', value)
      .execute()
  }

  async findClient(clientId: string): Promise<RegisteredClient | undefined> {
    const row = await this.#database
      .selectFrom('client')
      .selectAll()
      .where('client_id', '=', clientId)
      .executeTakeFirst()
    return row && clientOf(row)
  }

  async listClients(participantId?: string): Promise<readonly RegisteredClient[]> {
    const rows = await this.#database
      .selectFrom('client')
      .selectAll()
      .$if(participantId !== undefined, (query) => query.where('participant_id', '=', participantId ?? ''))
      .orderBy('client_id')
      .execute()
    return rows.map(clientOf)
  }

  async addClient(client: RegisteredClient): Promise<'added' | 'taken'> {
    const added = await this.#database
      .insertInto('client')
      .values(clientRow(client))
      .onConflict((conflict) => conflict.column('client_id').doNothing())
      .returning('client_id')
      .executeTakeFirst()
    return added === undefined ? 'taken' : 'added'
  }

  async changeClient(client: RegisteredClient): Promise<'changed' | 'moved'> {
    const { last_used_at_ms: _, ...row } = clientRow(client)
    const changed = await this.#database
      .updateTable('client')
      .set(row)
      .where('client_id', '=', client.clientId)
      .where('version', '=', client.version - 1)
      .returning('client_id')
      .executeTakeFirst()
    return changed === undefined ? 'moved' : 'changed'
  }

  async removeClient(clientId: string): Promise<void> {
    await this.#database.deleteFrom('client').where('client_id', '=', clientId).execute()
  }

  async noteUse(clientId: string, usedAtMs: number): Promise<void> {
    await this.#database
      .updateTable('client')
      .set({ last_used_at_ms: usedAtMs })
      .where('client_id', '=', clientId)
      .where((where) =>
        where.or([
          where('last_used_at_ms', 'is', null),
          where('last_used_at_ms', '<=', usedAtMs - USE_GRAIN_MS),
        ]),
      )
      .execute()
  }
}

function participantRow(participant: Participant): ParticipantRow {
  return {
    participant_id: participant.participantId,
    name: participant.name,
    notice_address: participant.noticeAddress ?? null,
    roles: textOf(participant.roles),
    parent_id: participant.parentId ?? null,
    state: participant.state,
    source: participant.source,
    version: participant.version,
    created_at_ms: participant.createdAtMs,
  }
}

function participantOf(row: ParticipantRow, identifiers: readonly ParticipantIdentifierRow[]): Participant {
  return {
    participantId: row.participant_id,
    name: row.name,
    noticeAddress: row.notice_address ?? undefined,
    roles: wordsOf(row.roles, ROLES),
    parentId: row.parent_id ?? undefined,
    state: wordOf(row.state, PARTICIPANT_STATES),
    source: wordOf(row.source, SOURCES),
    version: row.version,
    createdAtMs: row.created_at_ms,
    ...identifiersOf(identifiers.map(({ kind, value }) => ({ kind: wordOf(kind, KINDS), value }))),
  }
}

function clientRow(client: RegisteredClient): ClientRow {
  const { limitedTo, secret } = client
  return {
    client_id: client.clientId,
    participant_id: client.participantId,
    name: client.name,
    person: client.person ?? null,
    roles: textOf(client.roles),
    permissions: textOf(client.permissions),
    wmis: limitedTo.wmis === undefined ? null : textOf(limitedTo.wmis),
    provider_ids: limitedTo.providerIds === undefined ? null : textOf(limitedTo.providerIds),
    operator_ids: limitedTo.operatorIds === undefined ? null : textOf(limitedTo.operatorIds),
    state: client.state,
    secret_hash: secret?.current ?? null,
    previous_secret_hash: secret?.previous?.hash ?? null,
    previous_secret_until_ms: secret?.previous?.untilMs ?? null,
    generation: client.generation,
    not_before_ms: client.notBeforeMs ?? null,
    not_after_ms: client.notAfterMs ?? null,
    last_used_at_ms: client.lastUsedAtMs ?? null,
    source: client.source,
    version: client.version,
    created_at_ms: client.createdAtMs,
  }
}

function clientOf(row: ClientRow): RegisteredClient {
  const { previous_secret_hash: previousHash, previous_secret_until_ms: previousUntilMs } = row
  const previous =
    previousHash === null || previousUntilMs === null
      ? undefined
      : { hash: previousHash, untilMs: previousUntilMs }
  return {
    clientId: row.client_id,
    participantId: row.participant_id,
    name: row.name,
    person: row.person ?? undefined,
    roles: wordsOf(row.roles, ROLES),
    permissions: wordsOf(row.permissions, PERMISSIONS),
    limitedTo: limitsOf(row),
    state: row.state === 'ACTIVE' ? 'ACTIVE' : 'REVOKED',
    secret: row.secret_hash === null ? undefined : { current: row.secret_hash, previous },
    generation: row.generation,
    notBeforeMs: row.not_before_ms ?? undefined,
    notAfterMs: row.not_after_ms ?? undefined,
    lastUsedAtMs: row.last_used_at_ms ?? undefined,
    source: wordOf(row.source, SOURCES),
    version: row.version,
    createdAtMs: row.created_at_ms,
  }
}

function limitsOf(row: ClientRow): Partial<Identifiers> {
  return {
    ...(row.wmis !== null && { wmis: partsOf(row.wmis) }),
    ...(row.provider_ids !== null && { providerIds: partsOf(row.provider_ids) }),
    ...(row.operator_ids !== null && { operatorIds: partsOf(row.operator_ids) }),
  }
}

const SOURCES = ['config', 'admin'] as const

/** Lists of words without spaces, in one column. */
function textOf(words: readonly string[]): string {
  return words.join(' ')
}

function partsOf(text: string): readonly string[] {
  return text.split(' ').filter((word) => word !== '')
}

function wordsOf<Word extends string>(text: string, known: readonly Word[]): readonly Word[] {
  return partsOf(text).map((word) => wordOf(word, known))
}

function wordOf<Word extends string>(text: string, known: readonly Word[]): Word {
  const word = known.find((each) => each === text)
  if (word === undefined) throw new TypeError(`unknown word ${text} in the registry`)
  return word
}
