import { createHmac, generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

import { compactVerify } from 'jose'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

import { systemRandom } from '#base'
import { guardedHttp } from '#net'
import { ISO2_NAMESPACE, type ContractEventType } from '#opcp'
import { createLogger } from '#service'

import { pkiForTests } from '../central.fixture.ts'
import { ENGINES, openTestStorage, type TestStorage } from '../storage/storage.fixture.ts'
import { DeliveryWorker, type WorkerOptions } from './delivery-worker.ts'
import { rotated } from './endpoint-secrets.ts'
import type { StoredEndpoint } from './endpoint-store.ts'
import { contractEvent, type WebhookEvent } from './events.ts'
import { LOOPBACK, startReceiver, type Receiver } from './receiver.fixture.ts'
import type { DeliveryState } from './retry-schedule.ts'
import { SecretSealer } from './secret-sealer.ts'

const HOUR_MS = 3_600_000
const START_MS = Date.UTC(2026, 1, 3)
const SECRET = 'whsec_of-the-test'
const { publicKey, privateKey } = generateKeyPairSync('ed25519')

async function trusting(): Promise<{ allowedNetworks: string[]; certificateAuthorities: string }> {
  const { certificate } = (await pkiForTests())['tls/ca']
  return { allowedNetworks: LOOPBACK, certificateAuthorities: certificate.toPem() }
}

describe.each(ENGINES)('deliveries on %s', (engine) => {
  let cleanUp: AsyncDisposableStack
  let opened: TestStorage
  let receiver: Receiver
  let sealer: SecretSealer
  let options: WorkerOptions
  let nowMs: number
  let log: string[]
  let stop: () => Promise<void>

  beforeEach(async () => {
    cleanUp = new AsyncDisposableStack()
    const pki = await pkiForTests()
    opened = cleanUp.use(await openTestStorage(engine))
    receiver = cleanUp.use(await startReceiver(pki))
    const directory = await mkdtemp(join(tmpdir(), 'evouch-webhooks-'))
    cleanUp.defer(() => rm(directory, { recursive: true }))
    sealer = await SecretSealer.open(join(directory, 'keys'), systemRandom)
    nowMs = START_MS
    log = []
    options = {
      storage: opened.storage,
      sealer,
      key: { kid: 'k', privateKey },
      clock: () => nowMs,
      random: systemRandom,
      logger: createLogger({
        name: 'test',
        level: 'info',
        destination: { write: (line) => void log.push(line) },
      }),
      http: guardedHttp({ ...(await trusting()), timeoutMs: 300 }),
      concurrencyMax: 4,
      suspendAfter: 3,
      pollIntervalMs: 5,
    }
    stop = async () => {}
  })
  afterEach(async () => {
    await stop()
    await cleanUp.disposeAsync()
  })

  function start(over: Partial<WorkerOptions> = {}): void {
    const ending = new AbortController()
    const running = new DeliveryWorker({ ...options, ...over }).run(ending.signal)
    stop = async () => {
      ending.abort()
      await running
    }
  }

  async function subscribe(over: Partial<StoredEndpoint> = {}): Promise<StoredEndpoint> {
    const id = over.id ?? 'oem'
    const added: StoredEndpoint = {
      id,
      owner: {
        participantId: id,
        name: id,
        roles: ['OEM', 'MO_EXTERNAL_PKI'],
        wmis: ['EVO'],
        providerIds: ['DEEVO'],
      },
      url: receiver.url,
      enabledEvents: ['oem.contract.created', 'oem.contract.updated', 'mo.prov.cert.updated'],
      description: undefined,
      metadata: {},
      wmiFilter: [],
      status: 'ENABLED',
      secrets: { current: sealer.seal(SECRET, id), previous: undefined },
      createdAtMs: 1,
      version: 1,
      ...over,
    }
    await opened.storage.stores.endpoints.add(added)
    return added
  }

  /** The MO of the contract, listening to what becomes of it. */
  async function subscribeMo(): Promise<Receiver> {
    const mo = cleanUp.use(await startReceiver(await pkiForTests()))
    await subscribe({
      id: 'mo',
      url: mo.url,
      enabledEvents: [
        'mo.contract.created.sent.to.oem',
        'mo.contract.rejected.by.oem',
        'mo.contract.queued.to.oem',
      ],
    })
    return mo
  }

  async function publish(
    type: ContractEventType = 'mo.prov.cert.updated',
    pcid = 'EVOABC00000000001',
  ): Promise<WebhookEvent> {
    const emaid = { asIssued: 'DEEVOC00000001', key: 'DEEVOC00000001' }
    const event = contractEvent(
      type,
      { emaid, pcid, namespace: ISO2_NAMESPACE, contractCertificate: Uint8Array.of(0x30, 0) },
      options,
    )
    await opened.storage.transaction((unit) => unit.outbox.publish(event))
    return event
  }

  async function becomes(counts: Partial<Record<DeliveryState, number>>): Promise<void> {
    await vi.waitFor(async () => expect(await opened.storage.stores.outbox.count()).toMatchObject(counts), {
      timeout: 5_000,
      interval: 10,
    })
  }

  test('carry the bytes that were published, signed in each of the ways', async () => {
    await subscribe()
    const event = await publish()
    start()
    const [got] = await receiver.gets(1)
    const body = got?.body ?? Buffer.alloc(0)
    expect(new Uint8Array(body)).toEqual(event.body)
    const hex = createHmac('sha256', SECRET).update(body).digest('hex')
    expect(got?.headers).toMatchObject({
      'content-type': 'application/json',
      'payload-signature': hex,
      'x-hubject-signature': `sha256=${hex}`,
      'x-operator-signature': `sha256=${hex}`,
      'x-operator-event-id': event.eventId,
      'x-operator-timestamp': '2026-02-03T00:00:00Z',
      'x-operator-delivery': '1',
    })
    const jws = String(got?.headers['x-operator-jws']).replace('..', `.${body.toString('base64url')}.`)
    await expect(compactVerify(jws, publicKey)).resolves.toBeDefined()
    await becomes({ DELIVERED: 1 })
  })

  test('say nothing of bodies, addresses and secrets in the log', async () => {
    await subscribe()
    await publish()
    start()
    await becomes({ DELIVERED: 1 })
    await vi.waitFor(() => expect(log.join('')).toContain('event sent'))
    for (const hidden of [SECRET, 'token=abc', 'DEEVOC00000001', 'EVOABC00000000001'])
      expect(log.join('')).not.toContain(hidden)
  })

  test('are repeated after one, two and three hours with the same id, bytes and signature', async () => {
    receiver.behave(500, 'reset', 'hang', 204)
    await subscribe()
    await publish()
    start()
    for (let attempt = 1; attempt <= 4; attempt++) {
      await becomes(attempt === 4 ? { DELIVERED: 1 } : { RETRYING: 1 })
      await vi.waitFor(async () => expect(await attemptsNoted()).toBe(attempt), { timeout: 5_000 })
      nowMs += HOUR_MS - 1
      await setTimeout(30)
      expect(receiver.received).toHaveLength(attempt)
      nowMs += 1
    }
    const once = new Set(
      receiver.received.map(({ headers, body }) =>
        [
          body,
          headers['payload-signature'],
          headers['x-operator-jws'],
          headers['x-operator-event-id'],
        ].join(),
      ),
    )
    expect(once.size).toBe(1)
    expect(receiver.received.map(({ headers }) => headers['x-operator-delivery'])).toEqual([
      '1',
      '2',
      '3',
      '4',
    ])
  })

  /** Those of the OEM's endpoint. */
  async function attemptsNoted(): Promise<number> {
    const rows = await opened.storage.database
      .selectFrom('webhook_attempt')
      .select('number')
      .where('endpoint_id', '=', 'oem')
      .execute()
    return rows.length
  }

  test('are dead letters after the fourth attempt, and can be sent again under the same id', async () => {
    receiver.behave(503)
    await subscribe()
    const event = await publish()
    start()
    for (let attempt = 1; attempt <= 4; attempt++) {
      await receiver.gets(attempt)
      await vi.waitFor(async () => expect(await attemptsNoted()).toBe(attempt))
      nowMs += HOUR_MS
    }
    await becomes({ DEAD: 1 })
    const { outbox } = opened.storage.stores
    await expect(outbox.deadLetters('oem', 9)).resolves.toMatchObject([
      { eventId: event.eventId, attempts: 4, lastAttempt: { status: 503 } },
    ])
    receiver.behave(503, 200)
    await outbox.redeliver('oem', { eventIds: [event.eventId], nowMs, limit: 1 })
    await becomes({ RETRYING: 1 })
    nowMs += HOUR_MS
    await becomes({ DELIVERED: 1 })
    expect(receiver.received.at(-1)).toMatchObject({
      event: { eventId: event.eventId },
      headers: { 'x-operator-delivery': '6' },
    })
  })

  test('do not follow a redirect', async () => {
    const elsewhere = cleanUp.use(await startReceiver(await pkiForTests()))
    receiver.behave((response) => {
      response.writeHead(307, { location: elsewhere.url }).end()
    })
    await subscribe()
    await publish()
    start()
    await becomes({ DEAD: 1 })
    expect(elsewhere.received).toEqual([])
  })

  test.each([
    { status: 400, state: 'REJECTED' },
    { status: 404, state: 'DEAD' },
  ] as const)('answered with $status end at once', async ({ status, state }) => {
    receiver.behave(status)
    await subscribe()
    await publish()
    start()
    await becomes({ [state]: 1 })
    expect(receiver.received).toHaveLength(1)
  })

  test.each([
    { what: 'that is not public', url: 'https://10.0.0.1/', error: 'ERR_NET_ADDRESS' },
    { what: 'where nobody listens', url: 'https://127.0.0.1:1/', error: 'ERR_NET_UNREACHABLE' },
  ])('to an address $what are tried again later: $error', async ({ url, error }) => {
    await subscribe({ url })
    await publish()
    start()
    await becomes({ RETRYING: 1 })
    const rows = await opened.storage.database.selectFrom('webhook_attempt').select(['error']).execute()
    expect(rows).toEqual([{ error }])
  })

  test('to a receiver with a certificate of somebody else are tried again later', async () => {
    await subscribe()
    await publish()
    start({ http: guardedHttp({ allowedNetworks: LOOPBACK, timeoutMs: 300 }) })
    await becomes({ RETRYING: 1 })
    expect(receiver.received).toEqual([])
  })

  test('to one endpoint keep their order, while one is tried again too', async () => {
    receiver.behave(500, 200)
    await subscribe()
    const events = [await publish(), await publish(), await publish()]
    start()
    await becomes({ RETRYING: 1, PENDING: 2 })
    nowMs += HOUR_MS
    await becomes({ DELIVERED: 3 })
    const [first, ...others] = events.map(({ eventId }) => eventId)
    expect(receiver.received.map(({ event }) => event.eventId)).toEqual([first, first, ...others])
  })

  test('are not held up by an endpoint that is slow', async () => {
    const slow = cleanUp.use(await startReceiver(await pkiForTests()))
    slow.behave('hang')
    await subscribe({ id: 'slow', url: slow.url })
    await subscribe()
    for (let i = 0; i < 30; i++) await publish()
    start({ http: guardedHttp({ ...(await trusting()), timeoutMs: 30_000 }) })
    await receiver.gets(30)
    expect(slow.received).toHaveLength(1)
  })

  test('go to many endpoints, never to more at a time than allowed', async () => {
    let open = 0
    let most = 0
    for (let i = 0; i < 9; i++) await subscribe({ id: `e${i}` })
    await publish()
    start({
      concurrencyMax: 3,
      http: async () => {
        most = Math.max(most, ++open)
        await setTimeout(20)
        open--
        return { status: 200, body: new Uint8Array() }
      },
    })
    await becomes({ DELIVERED: 9 })
    expect(most).toBe(3)
  })

  test('that are broken off by the end of the program are made again', async () => {
    receiver.behave('hang', 200)
    await subscribe()
    await publish()
    start({ http: guardedHttp({ ...(await trusting()), timeoutMs: 30_000 }) })
    await receiver.gets(1)
    await stop()
    await expect(attemptsNoted()).resolves.toBe(0)
    start()
    await becomes({ DELIVERED: 1 })
    expect(new Set(receiver.received.map(({ event }) => event.eventId)).size).toBe(1)
  })

  test('to a deleted endpoint end as dead without being sent', async () => {
    await subscribe()
    await publish()
    await opened.storage.stores.endpoints.delete('oem')
    start()
    await becomes({ DEAD: 1 })
    expect(receiver.received).toEqual([])
  })

  test('that fail in a row suspend the endpoint; what comes then waits until it is enabled', async () => {
    receiver.behave(404, 404, 404, 200)
    const added = await subscribe()
    for (let i = 0; i < 4; i++) await publish()
    start()
    await becomes({ DEAD: 3, PENDING: 1 })
    const { endpoints } = opened.storage.stores
    await expect(endpoints.find('oem')).resolves.toMatchObject({ status: 'SUSPENDED' })
    await publish()
    await endpoints.change({ ...added, version: 2 })
    await becomes({ DEAD: 3, DELIVERED: 2 })
  })

  test('during a rotation are signed with the old secret, and with the new one after it', async () => {
    receiver.behave(500, 200)
    const added = await subscribe()
    const next = sealer.seal('new', 'oem')
    const secrets = rotated(added.secrets, { next, overlapMs: HOUR_MS, nowMs: START_MS })
    await opened.storage.stores.endpoints.change({ ...added, secrets, version: 2 })
    await publish()
    start()
    await becomes({ RETRYING: 1 })
    nowMs += HOUR_MS
    await becomes({ DELIVERED: 1 })
    await publish()
    await becomes({ DELIVERED: 2 })
    const signedWith = receiver.received.map(({ headers, body }) =>
      [SECRET, 'new'].find(
        (secret) => createHmac('sha256', secret).update(body).digest('hex') === headers['payload-signature'],
      ),
    )
    expect(signedWith).toEqual([SECRET, SECRET, 'new'])
    expect(receiver.received.map(({ headers }) => 'x-operator-signature-next' in headers)).toEqual([
      true,
      true,
      false,
    ])
  })

  describe('of a contract to its OEM', () => {
    test('are told to the MO when they arrive, with what the OEM was told', async () => {
      const mo = await subscribeMo()
      await subscribe()
      const sent = await publish('oem.contract.created')
      start()
      const [told] = await mo.gets(1)
      expect(told?.event).toMatchObject({
        eventType: 'mo.contract.created.sent.to.oem',
        xsdMsgDefNamespace: ISO2_NAMESPACE,
        payload: { emaid: 'DEEVOC00000001', pcid: 'EVOABC00000000001', contractCert: 'MAA=' },
      })
      expect(told?.event.eventId).not.toBe(sent.eventId)
    })

    test.each<{ answers: [number, ...number[]]; told: string[] }>([
      { answers: [409], told: ['mo.contract.rejected.by.oem'] },
      { answers: [500, 200], told: ['mo.contract.queued.to.oem', 'mo.contract.created.sent.to.oem'] },
      { answers: [404, 502, 400], told: ['mo.contract.queued.to.oem', 'mo.contract.rejected.by.oem'] },
      { answers: [500, 500, 500, 500], told: ['mo.contract.queued.to.oem', 'mo.contract.rejected.by.oem'] },
    ])('that are answered with $answers are told to the MO as $told', async ({ answers, told }) => {
      const mo = await subscribeMo()
      receiver.behave(...answers)
      await subscribe()
      await publish('oem.contract.created')
      start()
      for (let attempt = 1; attempt <= answers.length; attempt++) {
        await vi.waitFor(async () => expect(await attemptsNoted()).toBe(attempt))
        nowMs += HOUR_MS
      }
      await mo.gets(told.length)
      await becomes({ PENDING: 0, RETRYING: 0 })
      expect(mo.received.map(({ event }) => event.eventType)).toEqual(told)
    })
  })
})
