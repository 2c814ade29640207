import { asyncProperty, array, assert, constantFrom, nat, oneof, record } from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { systemRandom } from '#base'
import { ISO2_NAMESPACE } from '#opcp'

import type { Storage, Stores } from '../storage-port.ts'
import type { StoredEndpoint } from '../webhooks/endpoint-store.ts'
import { contractEvent, type WebhookEvent } from '../webhooks/events.ts'
import type { Attempt, Delivery } from '../webhooks/outbox-store.ts'
import { ENGINES, openTestStorage, type TestStorage } from './storage.fixture.ts'

const NOW_MS = 1_800_000_000_000
const ATTEMPT: Attempt = { status: 500, error: undefined, startedAtMs: NOW_MS, latencyMs: 3 }
const DEAD = { state: 'DEAD', nextAtMs: NOW_MS } as const
const DELIVERED = { state: 'DELIVERED', nextAtMs: NOW_MS } as const

function endpoint(over: Partial<StoredEndpoint> = {}): StoredEndpoint {
  return {
    id: 'e1',
    owner: { participantId: 'oem', name: 'Maker', roles: ['OEM'], wmis: ['EVO', 'EVX'], providerIds: [] },
    url: 'https://receiver.example/',
    enabledEvents: ['oem.contract.created', 'root.cert.added'],
    description: undefined,
    metadata: { own: { a: 1 } },
    wmiFilter: [],
    status: 'ENABLED',
    secrets: { current: Uint8Array.of(1, 2), previous: undefined },
    createdAtMs: 1,
    version: 1,
    ...over,
  }
}

const MO = { participantId: 'mo', name: '', roles: ['MO_EXTERNAL_PKI'], wmis: [], providerIds: ['DEEVO'] }

function event(
  over: { pcid?: string; type?: 'oem.contract.created' | 'mo.prov.cert.deleted' } = {},
): WebhookEvent {
  const { pcid = 'EVOABC00000000001', type = 'oem.contract.created' } = over
  const emaid = { asIssued: 'DEEVOC00000001', key: 'DEEVOC00000001' }
  const ports = { clock: () => NOW_MS, random: systemRandom }
  return contractEvent(type, { emaid, pcid, namespace: ISO2_NAMESPACE }, ports)
}

function rootEventOf(audience: WebhookEvent['audience']): WebhookEvent {
  return { ...event(), type: 'root.cert.added', audience, subject: undefined }
}

describe.each(ENGINES)('webhooks on %s', (engine) => {
  let opened: TestStorage
  let storage: Storage
  let stores: Stores
  beforeEach(async () => {
    opened = await openTestStorage(engine)
    storage = opened.storage
    stores = storage.stores
  })
  afterEach(() => opened[Symbol.asyncDispose]())

  const dueNow = (nowMs = NOW_MS): Promise<readonly Delivery[]> => stores.outbox.due({ nowMs, limit: 100 })
  const heads = async (nowMs = NOW_MS): Promise<readonly string[]> =>
    (await dueNow(nowMs)).map(({ endpointId }) => endpointId)
  async function next(id = 'e1'): Promise<Delivery> {
    const delivery = await stores.outbox.nextOf(id, NOW_MS)
    if (delivery === undefined) throw new TypeError('something is due')
    return delivery
  }
  async function publishTo(wanted: WebhookEvent): Promise<readonly string[]> {
    await stores.outbox.publish(wanted)
    return await heads()
  }

  describe('an endpoint', () => {
    test('comes back as it was added', async () => {
      const secrets = {
        current: Uint8Array.of(1),
        previous: { secret: Uint8Array.of(2), untilMs: NOW_MS },
      }
      const added = endpoint({ secrets, wmiFilter: ['EVO'], description: 'd' })
      await stores.endpoints.add(added)
      await expect(stores.endpoints.find('e1')).resolves.toEqual(added)
      await expect(stores.endpoints.list('oem')).resolves.toEqual([added])
      await expect(stores.endpoints.list('mo')).resolves.toEqual([])
    })

    test('is changed from the version that was read, and from no other', async () => {
      await stores.endpoints.add(endpoint())
      const change = (version: number): Promise<'changed' | 'moved'> =>
        storage.transaction((unit) =>
          unit.endpoints.change(endpoint({ version, url: `https://${version}/` })),
        )
      await expect(change(2)).resolves.toBe('changed')
      await expect(change(2)).resolves.toBe('moved')
      await expect(stores.endpoints.find('e1')).resolves.toMatchObject({ url: 'https://2/' })
    })

    test('that is deleted is not found, and has no secret any more', async () => {
      await stores.endpoints.add(endpoint())
      await stores.endpoints.delete('e1')
      await expect(stores.endpoints.find('e1')).resolves.toBeUndefined()
      await expect(stores.endpoints.list()).resolves.toEqual([])
      const rows = await opened.storage.database.selectFrom('webhook_endpoint').select('secret').execute()
      expect(rows).toEqual([{ secret: null }])
    })

    test('is suspended by dead letters in a row, and begins anew when it is enabled', async () => {
      await stores.endpoints.add(endpoint())
      const count = (): Promise<string> => stores.endpoints.countDeadLetter('e1', 2)
      await expect(count()).resolves.toBe('counted')
      await stores.endpoints.forgetDeadLetters('e1')
      await expect(count()).resolves.toBe('counted')
      await expect(count()).resolves.toBe('suspended')
      await expect(stores.endpoints.find('e1')).resolves.toMatchObject({ status: 'SUSPENDED' })
      await stores.endpoints.change(endpoint({ version: 2 }))
      await expect(count()).resolves.toBe('counted')
    })
  })

  describe('an event', () => {
    test('goes to the owner of the WMI that subscribed to its type, and to no one else', async () => {
      await stores.endpoints.add(endpoint())
      await stores.endpoints.add(endpoint({ id: 'e2', enabledEvents: ['oem.contract.deleted'] }))
      await stores.endpoints.add(endpoint({ id: 'e3', owner: { ...endpoint().owner, wmis: ['HUB'] } }))
      await stores.endpoints.add(endpoint({ id: 'e4', owner: MO, enabledEvents: ['mo.prov.cert.deleted'] }))
      await expect(publishTo(event())).resolves.toEqual(['e1'])
    })

    test('reaches an OEM for the vehicles it asked for alone', async () => {
      await stores.endpoints.add(endpoint({ wmiFilter: ['EVX'] }))
      await expect(publishTo(event())).resolves.toEqual([])
      await expect(publishTo(event({ pcid: 'EVXABC00000000001' }))).resolves.toEqual(['e1'])
    })

    test('reaches an MO by its provider id, and for the vehicles it asked for alone', async () => {
      const enabledEvents = ['mo.prov.cert.deleted']
      await stores.endpoints.add(endpoint({ id: 'e1', owner: MO, enabledEvents }))
      await stores.endpoints.add(endpoint({ id: 'e2', owner: MO, enabledEvents, wmiFilter: ['HUB', 'EVX'] }))
      await stores.endpoints.add(
        endpoint({ id: 'e3', owner: { ...MO, providerIds: ['DEXXX'] }, enabledEvents }),
      )
      const type = 'mo.prov.cert.deleted'
      await expect(publishTo(event({ type }))).resolves.toEqual(['e1'])
      await stores.outbox.publish(event({ type, pcid: 'hubABC00000000001' }))
      await expect(heads()).resolves.toEqual(expect.arrayContaining(['e1', 'e2']))
    })

    test('about a root reaches everyone, or the members of its environment', async () => {
      const enabledEvents = ['root.cert.added']
      await stores.endpoints.add(endpoint({ enabledEvents }))
      await stores.endpoints.add(endpoint({ id: 'e2', owner: MO, enabledEvents }))
      await stores.outbox.publish(rootEventOf({ kind: 'members', participantIds: [] }))
      await expect(publishTo(rootEventOf({ kind: 'members', participantIds: ['mo', 'x'] }))).resolves.toEqual(
        ['e2'],
      )
      await expect(publishTo(rootEventOf({ kind: 'everyone' }))).resolves.toHaveLength(2)
    })

    test('published twice is queued once', async () => {
      await stores.endpoints.add(endpoint())
      const once = event()
      for (let i = 0; i < 2; i++) await stores.outbox.publish(once)
      await expect(stores.outbox.count()).resolves.toMatchObject({ PENDING: 1 })
    })

    test('whose change is undone was never published', async () => {
      await stores.endpoints.add(endpoint())
      const undone = storage.transaction(async (unit) => {
        await unit.outbox.publish(event())
        throw new Error('changed its mind')
      })
      await expect(undone).rejects.toThrow('changed its mind')
      await expect(stores.outbox.count()).resolves.toMatchObject({ PENDING: 0 })
    })

    test('follows the one before it, and waits while that is tried again', async () => {
      await stores.endpoints.add(endpoint())
      const [first, second] = [event(), event()]
      for (const each of [first, second]) await stores.outbox.publish(each)
      const head = await next()
      expect(head).toMatchObject({ eventId: first.eventId, body: first.body, attempts: 0 })
      const later = NOW_MS + 1000
      await stores.outbox.record(head, ATTEMPT, { state: 'RETRYING', nextAtMs: later })
      await expect(dueNow()).resolves.toEqual([])
      const [again] = await dueNow(later)
      expect(again).toMatchObject({ eventId: first.eventId, body: first.body, attempts: 1 })
      await stores.outbox.record(again ?? head, ATTEMPT, DEAD)
      await expect(next()).resolves.toMatchObject({ eventId: second.eventId })
    })

    test('has one attempt noted when two processes make it', async () => {
      await stores.endpoints.add(endpoint())
      await stores.outbox.publish(event())
      const head = await next()
      await expect(stores.outbox.record(head, ATTEMPT, DELIVERED)).resolves.toBe('recorded')
      await expect(stores.outbox.record(head, ATTEMPT, DELIVERED)).resolves.toBe('moved')
    })

    test.each([
      { status: 'DISABLED', queued: 0 },
      { status: 'SUSPENDED', queued: 1 },
    ] as const)('waits while its endpoint is $status', async ({ status, queued }) => {
      await stores.endpoints.add(endpoint())
      await stores.outbox.publish(event())
      await stores.endpoints.change(endpoint({ version: 2, status }))
      await expect(publishTo(event())).resolves.toEqual([])
      await stores.endpoints.change(endpoint({ version: 3 }))
      await expect(stores.outbox.count()).resolves.toMatchObject({ PENDING: 1 + queued })
      await expect(heads()).resolves.toEqual(['e1'])
    })

    test('of a deleted endpoint is due at once, so that it ends', async () => {
      await stores.endpoints.add(endpoint())
      await stores.outbox.publish(event())
      await stores.outbox.record(await next(), ATTEMPT, { state: 'RETRYING', nextAtMs: NOW_MS * 2 })
      await stores.endpoints.delete('e1')
      await expect(heads()).resolves.toEqual(['e1'])
    })
  })

  describe('a dead letter', () => {
    beforeEach(async () => {
      await stores.endpoints.add(endpoint())
      for (let i = 0; i < 3; i++) {
        await stores.outbox.publish(event())
        await stores.outbox.record(await next(), ATTEMPT, DEAD)
      }
    })

    test('is listed with its last attempt', async () => {
      const letters = await stores.outbox.deadLetters('e1', 2)
      expect(letters).toHaveLength(2)
      expect(letters[0]).toMatchObject({
        eventType: 'oem.contract.created',
        occurredAtMs: NOW_MS,
        attempts: 1,
        lastAttempt: ATTEMPT,
      })
    })

    test('is queued again at the end under its id, for as many attempts as at first', async () => {
      const [letter] = await stores.outbox.deadLetters('e1', 1)
      const eventIds = [letter?.eventId ?? '']
      await stores.outbox.publish(event())
      const waiting = await next()
      const redeliver = (): Promise<number> =>
        stores.outbox.redeliver('e1', { eventIds, nowMs: NOW_MS, limit: 10 })
      await expect(redeliver()).resolves.toBe(1)
      await expect(redeliver()).resolves.toBe(0)
      await expect(next()).resolves.toEqual(waiting)
      await stores.outbox.record(waiting, ATTEMPT, DELIVERED)
      await expect(next()).resolves.toMatchObject({ eventId: eventIds[0], attempts: 1, attemptsBefore: 1 })
    })

    test('is queued again once when two ask for it', async () => {
      const both = [1, 2].map(() =>
        storage.transaction((unit) =>
          unit.outbox.redeliver('e1', { eventIds: undefined, nowMs: NOW_MS, limit: 10 }),
        ),
      )
      const counts = await Promise.all(both)
      expect(counts.reduce((sum, count) => sum + count)).toBe(3)
      await expect(stores.outbox.count()).resolves.toMatchObject({ PENDING: 3, DEAD: 0 })
    })

    test('of another endpoint is not touched', async () => {
      await expect(
        stores.outbox.redeliver('e2', { eventIds: undefined, nowMs: NOW_MS, limit: 10 }),
      ).resolves.toBe(0)
    })

    test('without its body cannot be sent again', async () => {
      await stores.outbox.erase({ pcidKey: 'EVOABC00000000001' }, NOW_MS)
      await expect(stores.outbox.deadLetters('e1', 10)).resolves.toEqual([])
      await expect(
        stores.outbox.redeliver('e1', { eventIds: undefined, nowMs: NOW_MS, limit: 10 }),
      ).resolves.toBe(0)
    })
  })

  test('what is erased leaves neither body nor identifiers, and what waited of it is dead', async () => {
    await stores.endpoints.add(endpoint())
    await stores.outbox.publish(event())
    await stores.outbox.publish(event({ pcid: 'EVXABC00000000001' }))
    await stores.outbox.erase({ pcidKey: 'EVOABC00000000001' }, NOW_MS)
    const { database } = opened.storage
    const rows = await database.selectFrom('webhook_event').selectAll().orderBy('position').execute()
    expect(rows.map(({ pcid_key: pcid, body, state }) => [pcid, body === null, state])).toEqual([
      [null, true, 'DEAD'],
      ['EVXABC00000000001', false, 'PENDING'],
    ])
    await stores.outbox.erase({ emaidKey: 'DEEVOC00000001' }, NOW_MS)
    await expect(stores.outbox.count()).resolves.toMatchObject({ PENDING: 0, DEAD: 2 })
  })

  test('retention takes bodies first, then attempts, then events', async () => {
    await stores.endpoints.add(endpoint())
    await stores.outbox.publish(event())
    await stores.outbox.record(await next(), ATTEMPT, DELIVERED)
    const { database } = opened.storage
    const kept = async (): Promise<readonly number[]> => [
      (await database.selectFrom('webhook_event').select('event_id').where('body', 'is not', null).execute())
        .length,
      (await database.selectFrom('webhook_attempt').select('event_id').execute()).length,
      (await database.selectFrom('webhook_event').select('event_id').execute()).length,
    ]
    const before = { nowMs: NOW_MS + 9, bodiesBeforeMs: 0, attemptsBeforeMs: 0, eventsBeforeMs: 0 }
    await stores.outbox.prune(before)
    await expect(kept()).resolves.toEqual([1, 1, 1])
    await stores.outbox.prune({ ...before, bodiesBeforeMs: NOW_MS + 1 })
    await expect(kept()).resolves.toEqual([0, 1, 1])
    await stores.outbox.prune({ ...before, attemptsBeforeMs: NOW_MS + 1 })
    await expect(kept()).resolves.toEqual([0, 0, 1])
    await stores.outbox.prune({ ...before, eventsBeforeMs: NOW_MS + 1 })
    await expect(kept()).resolves.toEqual([0, 0, 0])
  })

  test('whatever happens, no event without its change, none without a state, none under another id or body', async () => {
    const steps = array(
      oneof(
        record({ what: constantFrom('change' as const), endpoint: nat(1), kept: constantFrom(true, false) }),
        record({
          what: constantFrom('attempt' as const),
          state: constantFrom('RETRYING', 'DELIVERED', 'REJECTED', 'DEAD'),
        }),
        record({ what: constantFrom('redeliver' as const) }),
      ),
      { maxLength: 25 },
    )
    await assert(
      asyncProperty(steps, async (taken) => {
        await using fresh = await openTestStorage(engine)
        const { storage: target } = fresh
        const { outbox, endpoints, roots } = target.stores
        await endpoints.add(endpoint({ id: 'e0' }))
        await endpoints.add(endpoint({ id: 'e1' }))
        const published = new Map<string, Uint8Array>()
        for (const [index, step] of taken.entries()) {
          if (step.what === 'redeliver')
            await outbox.redeliver('e0', { eventIds: undefined, nowMs: NOW_MS, limit: 2 })
          else if (step.what === 'attempt') {
            for (const delivery of await outbox.due({ nowMs: NOW_MS, limit: 9 })) {
              expect(delivery.body).toEqual(published.get(delivery.eventId))
              await outbox.record(delivery, ATTEMPT, { state: step.state, nextAtMs: NOW_MS })
            }
          } else {
            const told = { ...event(), eventId: String(index) }
            const change = target.transaction(async (unit) => {
              await unit.roots.put({
                id: told.eventId,
                rootType: 'V2G',
                fingerprint: told.eventId,
                certificate: Uint8Array.of(0x30),
                addedAtMs: index,
              })
              await unit.outbox.publish(told)
              if (!step.kept) throw new Error('undone')
            })
            if (step.kept) {
              await change
              published.set(told.eventId, told.body)
            } else await expect(change).rejects.toThrow('undone')
          }
        }
        const changes = (await roots.list()).map(({ id }) => id).toSorted()
        expect(changes).toEqual([...published.keys()].toSorted())
        const rows = await fresh.storage.database.selectFrom('webhook_event').selectAll().execute()
        expect(rows.map(({ event_id: id, endpoint_id: to }) => `${id} ${to}`).toSorted()).toEqual(
          changes.flatMap((id) => [`${id} e0`, `${id} e1`]).toSorted(),
        )
        const sum = Object.values(await outbox.count()).reduce((total, count) => total + count, 0)
        expect(sum).toBe(rows.length)
      }),
      { numRuns: 15 },
    )
  })
})
