import { sql, type Selectable } from 'kysely'

import type { WebhookEvent } from '../webhooks/events.ts'
import type { Attempt, DeadLetter, Delivery, OutboxStore } from '../webhooks/outbox-store.ts'
import type { DeliveryState } from '../webhooks/retry-schedule.ts'
import type { Database } from './database.ts'
import type { WebhookEventRow } from './tables.ts'

export class SqlOutboxStore implements OutboxStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async publish(event: WebhookEvent): Promise<void> {
    const endpoints = await this.#subscribed(event)
    if (endpoints.length === 0) return
    const { eventId, type, subject, body, occurredAtMs } = event
    await this.#database
      .insertInto('webhook_event')
      .values(
        endpoints.map((id) => ({
          event_id: eventId,
          endpoint_id: id,
          event_type: type,
          emaid_key: subject?.emaidKey ?? null,
          pcid_key: subject?.pcidKey ?? null,
          body,
          state: 'PENDING',
          attempts: 0,
          attempts_before: 0,
          occurred_at_ms: occurredAtMs,
          queued_at_ms: occurredAtMs,
          next_at_ms: occurredAtMs,
          ended_at_ms: null,
        })),
      )
      .onConflict((conflict) => conflict.columns(['event_id', 'endpoint_id']).doNothing())
      .execute()
  }

  async #subscribed({ type, audience }: WebhookEvent): Promise<readonly string[]> {
    let query = this.#database
      .selectFrom('webhook_subscription as subscription')
      .innerJoin('webhook_endpoint as endpoint', 'endpoint.id', 'subscription.endpoint_id')
      .select('endpoint.id')
      .where('subscription.event_type', '=', type)
      .where('endpoint.status', 'in', ['ENABLED', 'SUSPENDED'])
      .orderBy('endpoint.id')
    switch (audience.kind) {
      case 'oem':
        query = query.where('subscription.subject', '=', audience.wmi)
        break
      case 'mo':
        query = query
          .where('subscription.subject', '=', audience.providerId)
          .where('subscription.wmi', 'in', ['', audience.wmi])
        break
      case 'members':
        if (audience.participantIds.length === 0) return []
        query = query
          .where('subscription.subject', '=', '')
          .where('endpoint.participant_id', 'in', [...audience.participantIds])
        break
      case 'everyone':
        query = query.where('subscription.subject', '=', '')
    }
    return (await query.execute()).map(({ id }) => id)
  }

  async due({
    nowMs,
    limit,
  }: {
    readonly nowMs: number
    readonly limit: number
  }): Promise<readonly Delivery[]> {
    const rows = await this.#heads(nowMs).orderBy('event.next_at_ms').limit(limit).execute()
    return rows.map(deliveryOf)
  }

  async nextOf(endpointId: string, nowMs: number): Promise<Delivery | undefined> {
    const row = await this.#heads(nowMs).where('endpoint.id', '=', endpointId).executeTakeFirst()
    return row === undefined ? undefined : deliveryOf(row)
  }

  /** One step into an index per endpoint, however long the queues are. */
  #heads(nowMs: number) {
    return this.#database
      .selectFrom('webhook_endpoint as endpoint')
      .innerJoin('webhook_event as event', (join) =>
        join.on('event.position', '=', (eb) =>
          eb
            .selectFrom('webhook_event as queued')
            .select(({ fn }) => fn.min('queued.position').as('position'))
            .whereRef('queued.endpoint_id', '=', 'endpoint.id')
            .where('queued.ended_at_ms', 'is', null),
        ),
      )
      .selectAll('event')
      .where('endpoint.status', 'in', ['ENABLED', 'DELETED'])
      .where('event.next_at_ms', '<=', nowMs)
  }

  async record(
    delivery: Delivery,
    attempt: Attempt,
    { state, nextAtMs }: { readonly state: DeliveryState; readonly nextAtMs: number },
  ): Promise<'recorded' | 'moved'> {
    const { eventId, endpointId, attempts } = delivery
    const goesOn = state === 'PENDING' || state === 'RETRYING'
    const changed = await this.#database
      .updateTable('webhook_event')
      .set({
        state,
        attempts: attempts + 1,
        next_at_ms: nextAtMs,
        ended_at_ms: goesOn ? null : nextAtMs,
      })
      .where('event_id', '=', eventId)
      .where('endpoint_id', '=', endpointId)
      .where('attempts', '=', attempts)
      .where('ended_at_ms', 'is', null)
      .returning('position')
      .executeTakeFirst()
    if (changed === undefined) return 'moved'
    await this.#database
      .insertInto('webhook_attempt')
      .values({
        event_id: eventId,
        endpoint_id: endpointId,
        number: attempts + 1,
        status: attempt.status ?? null,
        error: attempt.error ?? null,
        started_at_ms: attempt.startedAtMs,
        latency_ms: attempt.latencyMs,
      })
      .execute()
    return 'recorded'
  }

  async deadLetters(endpointId: string, limit: number): Promise<readonly DeadLetter[]> {
    const rows = await this.#database
      .selectFrom('webhook_event as event')
      .leftJoin('webhook_attempt as attempt', (join) =>
        join
          .onRef('attempt.event_id', '=', 'event.event_id')
          .onRef('attempt.endpoint_id', '=', 'event.endpoint_id')
          .onRef('attempt.number', '=', 'event.attempts'),
      )
      .select([
        'event.event_id',
        'event.event_type',
        'event.occurred_at_ms',
        'event.attempts',
        'attempt.status',
        'attempt.error',
        'attempt.started_at_ms',
        'attempt.latency_ms',
      ])
      .where('event.endpoint_id', '=', endpointId)
      .where('event.state', 'in', DEAD_STATES)
      .where('event.body', 'is not', null)
      .orderBy('event.position')
      .limit(limit)
      .execute()
    return rows.map((row) => ({
      eventId: row.event_id,
      eventType: row.event_type,
      occurredAtMs: row.occurred_at_ms,
      attempts: row.attempts,
      lastAttempt:
        row.started_at_ms === null
          ? undefined
          : {
              status: row.status ?? undefined,
              error: row.error ?? undefined,
              startedAtMs: row.started_at_ms,
              latencyMs: row.latency_ms ?? 0,
            },
    }))
  }

  async redeliver(
    endpointId: string,
    {
      eventIds,
      nowMs,
      limit,
    }: {
      readonly eventIds: readonly string[] | undefined
      readonly nowMs: number
      readonly limit: number
    },
  ): Promise<number> {
    const dead = this.#database
      .selectFrom('webhook_event')
      .select('position')
      .where('endpoint_id', '=', endpointId)
      .where('state', 'in', DEAD_STATES)
      .where('body', 'is not', null)
      .orderBy('position')
      .limit(limit)
    const chosen = await (
      eventIds === undefined ? dead : dead.where('event_id', 'in', [...eventIds])
    ).execute()
    if (chosen.length === 0) return 0
    // A row keeps its place in the queue for as long as it exists; who has deleted it is the one to add it again.
    const taken = await this.#database
      .deleteFrom('webhook_event')
      .where(
        'position',
        'in',
        chosen.map(({ position }) => position),
      )
      .where('state', 'in', DEAD_STATES)
      .returningAll()
      .execute()
    if (taken.length === 0) return 0
    await this.#database
      .insertInto('webhook_event')
      .values(
        taken
          .toSorted((a, b) => a.position - b.position)
          .map((row) => ({
            event_id: row.event_id,
            endpoint_id: row.endpoint_id,
            event_type: row.event_type,
            emaid_key: row.emaid_key,
            pcid_key: row.pcid_key,
            body: row.body,
            state: 'PENDING',
            attempts: row.attempts,
            attempts_before: row.attempts,
            occurred_at_ms: row.occurred_at_ms,
            queued_at_ms: nowMs,
            next_at_ms: nowMs,
            ended_at_ms: null,
          })),
      )
      .execute()
    return taken.length
  }

  async count(): Promise<Readonly<Record<DeliveryState, number>>> {
    const rows = await this.#database
      .selectFrom('webhook_event')
      .select(['state', ({ fn }) => fn.countAll<number>().as('events')])
      .groupBy('state')
      .execute()
    const of = (wanted: DeliveryState): number => rows.find(({ state }) => state === wanted)?.events ?? 0
    return {
      PENDING: of('PENDING'),
      RETRYING: of('RETRYING'),
      DELIVERED: of('DELIVERED'),
      REJECTED: of('REJECTED'),
      DEAD: of('DEAD'),
    }
  }

  async prune({
    nowMs,
    bodiesBeforeMs,
    attemptsBeforeMs,
    eventsBeforeMs,
  }: Parameters<OutboxStore['prune']>[0]): Promise<void> {
    await this.#database
      .updateTable('webhook_event')
      .set({ state: 'DEAD', ended_at_ms: nowMs, ...FORGOTTEN })
      .where('ended_at_ms', 'is', null)
      .where('queued_at_ms', '<', bodiesBeforeMs)
      .execute()
    await this.#database
      .updateTable('webhook_event')
      .set(FORGOTTEN)
      .where('ended_at_ms', '<', bodiesBeforeMs)
      .where('body', 'is not', null)
      .execute()
    await this.#database.deleteFrom('webhook_attempt').where('started_at_ms', '<', attemptsBeforeMs).execute()
    await this.#database.deleteFrom('webhook_event').where('ended_at_ms', '<', eventsBeforeMs).execute()
  }

  async erase(
    subject: { readonly pcidKey: string } | { readonly emaidKey: string },
    nowMs: number,
  ): Promise<void> {
    const all = this.#database.updateTable('webhook_event')
    const set = {
      state: sql<string>`CASE WHEN ended_at_ms IS NULL THEN 'DEAD' ELSE state END`,
      ended_at_ms: sql<number>`COALESCE(ended_at_ms, ${sql.lit(nowMs)})`,
      ...FORGOTTEN,
    }
    await (
      'pcidKey' in subject
        ? all.set(set).where('pcid_key', '=', subject.pcidKey)
        : all.set(set).where('emaid_key', '=', subject.emaidKey)
    ).execute()
  }
}

const DEAD_STATES: DeliveryState[] = ['REJECTED', 'DEAD']
const FORGOTTEN = { body: null, emaid_key: null, pcid_key: null } as const

function deliveryOf(row: Selectable<WebhookEventRow>): Delivery {
  if (row.body === null) throw new TypeError('what is in a queue has a body')
  return {
    eventId: row.event_id,
    endpointId: row.endpoint_id,
    eventType: row.event_type,
    body: row.body,
    queuedAtMs: row.queued_at_ms,
    attempts: row.attempts,
    attemptsBefore: row.attempts_before,
  }
}
