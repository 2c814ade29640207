import { sql } from 'kysely'

import type { EndpointStore, StoredEndpoint } from '../webhooks/endpoint-store.ts'
import { ENDPOINT_STATUSES, subscriptionsOf } from '../webhooks/endpoint.ts'
import type { Database } from './database.ts'
import type { WebhookEndpointRow } from './tables.ts'

export class SqlEndpointStore implements EndpointStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async add(endpoint: StoredEndpoint): Promise<void> {
    await this.#database
      .insertInto('webhook_endpoint')
      .values({ ...rowOf(endpoint), dead_letters: 0 })
      .execute()
    await this.#subscribe(endpoint)
  }

  async change(endpoint: StoredEndpoint): Promise<'changed' | 'moved'> {
    const row = rowOf(endpoint)
    const changed = await this.#database
      .updateTable('webhook_endpoint')
      // Enabled again, it has all its chances again.
      .set({ ...row, ...(endpoint.status === 'ENABLED' && { dead_letters: 0 }) })
      .where('id', '=', endpoint.id)
      .where('version', '=', endpoint.version - 1)
      .where('status', '<>', 'DELETED')
      .returning('id')
      .executeTakeFirst()
    if (changed === undefined) return 'moved'
    await this.#database.deleteFrom('webhook_subscription').where('endpoint_id', '=', endpoint.id).execute()
    await this.#subscribe(endpoint)
    return 'changed'
  }

  async find(id: string): Promise<StoredEndpoint | undefined> {
    const row = await this.#database
      .selectFrom('webhook_endpoint')
      .selectAll()
      .where('id', '=', id)
      .where('status', '<>', 'DELETED')
      .executeTakeFirst()
    return row === undefined ? undefined : endpointOf(row)
  }

  async list(participantId?: string): Promise<readonly StoredEndpoint[]> {
    const all = this.#database
      .selectFrom('webhook_endpoint')
      .selectAll()
      .where('status', '<>', 'DELETED')
      .orderBy('created_at_ms')
      .orderBy('id')
    const rows = await (participantId === undefined
      ? all.execute()
      : all.where('participant_id', '=', participantId).execute())
    return rows.map(endpointOf)
  }

  async delete(id: string): Promise<void> {
    await this.#database
      .updateTable('webhook_endpoint')
      .set(({ eb }) => ({
        status: 'DELETED',
        secret: null,
        previous_secret: null,
        previous_secret_until_ms: null,
        version: eb('version', '+', 1),
      }))
      .where('id', '=', id)
      .execute()
    await this.#database.deleteFrom('webhook_subscription').where('endpoint_id', '=', id).execute()
    await this.#database
      .updateTable('webhook_event')
      .set({ next_at_ms: 0 })
      .where('endpoint_id', '=', id)
      .where('ended_at_ms', 'is', null)
      .execute()
  }

  async countDeadLetter(id: string, suspendAt: number): Promise<'suspended' | 'counted'> {
    const row = await this.#database
      .updateTable('webhook_endpoint')
      .set(({ eb }) => ({
        dead_letters: eb('dead_letters', '+', 1),
        status: sql<string>`CASE WHEN status = 'ENABLED' AND dead_letters + 1 >= ${suspendAt} THEN 'SUSPENDED' ELSE status END`,
      }))
      .where('id', '=', id)
      .returning('status')
      .executeTakeFirst()
    return row?.status === 'SUSPENDED' ? 'suspended' : 'counted'
  }

  async forgetDeadLetters(id: string): Promise<void> {
    await this.#database
      .updateTable('webhook_endpoint')
      .set({ dead_letters: 0 })
      .where('id', '=', id)
      .where('dead_letters', '>', 0)
      .execute()
  }

  async #subscribe(endpoint: StoredEndpoint): Promise<void> {
    const subscriptions = subscriptionsOf(endpoint)
    if (subscriptions.length === 0) return
    await this.#database
      .insertInto('webhook_subscription')
      .values(
        subscriptions.map(({ type, subject, wmi }) => ({
          event_type: type,
          subject,
          wmi,
          endpoint_id: endpoint.id,
        })),
      )
      .execute()
  }
}

function rowOf(endpoint: StoredEndpoint): Omit<WebhookEndpointRow, 'dead_letters'> {
  const { owner, secrets } = endpoint
  return {
    id: endpoint.id,
    participant_id: owner.participantId,
    owner_name: owner.name,
    roles: owner.roles.join(' '),
    wmis: owner.wmis.join(' '),
    provider_ids: owner.providerIds.join(' '),
    url: endpoint.url,
    enabled_events: endpoint.enabledEvents.join(' '),
    description: endpoint.description ?? null,
    metadata: JSON.stringify(endpoint.metadata),
    wmi_filter: endpoint.wmiFilter.join(' '),
    status: endpoint.status,
    secret: secrets.current,
    previous_secret: secrets.previous?.secret ?? null,
    previous_secret_until_ms: secrets.previous?.untilMs ?? null,
    created_at_ms: endpoint.createdAtMs,
    version: endpoint.version,
  }
}

function endpointOf(row: WebhookEndpointRow): StoredEndpoint {
  const { secret, previous_secret: previousSecret, previous_secret_until_ms: untilMs } = row
  const status = ENDPOINT_STATUSES.find((known) => known === row.status)
  if (status === undefined || secret === null) throw new TypeError('a row of an endpoint that is there')
  const metadata: Record<string, unknown> = JSON.parse(row.metadata)
  return {
    id: row.id,
    owner: {
      participantId: row.participant_id,
      name: row.owner_name,
      roles: wordsOf(row.roles),
      wmis: wordsOf(row.wmis),
      providerIds: wordsOf(row.provider_ids),
    },
    url: row.url,
    enabledEvents: wordsOf(row.enabled_events),
    description: row.description ?? undefined,
    metadata,
    wmiFilter: wordsOf(row.wmi_filter),
    status,
    secrets: {
      current: secret,
      previous: previousSecret === null || untilMs === null ? undefined : { secret: previousSecret, untilMs },
    },
    createdAtMs: row.created_at_ms,
    version: row.version,
  }
}

function wordsOf(text: string): readonly string[] {
  return text === '' ? [] : text.split(' ')
}
