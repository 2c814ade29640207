import { readFileSync } from 'node:fs'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { systemClock, systemRandom } from '#base'
import type { OpcpClient, Role } from '#opcp'
import { createLogger } from '#service'

import {
  generateBody,
  openClient,
  putRoots,
  putVehicle,
  startScene,
  type CentralScene,
} from '../central.fixture.ts'
import { JSON_TYPE, rawRequest, tokenOf, type RawAnswer } from '../raw-request.fixture.ts'
import { startCentral } from '../start-central.ts'
import { startProcess } from '../storage/process.fixture.ts'
import { LOOPBACK, startReceiver, type Receiver } from './receiver.fixture.ts'

const PATH = '/v1/webhook/endpoints'
const OEM_EVENTS = ['oem.contract.created', 'oem.contract.deleted']

let cleanUp: AsyncDisposableStack
let scene: CentralScene
let receiver: Receiver
beforeAll(async () => {
  cleanUp = new AsyncDisposableStack()
  const started = cleanUp.use(await startScene())
  await started.central[Symbol.asyncDispose]()
  receiver = cleanUp.use(await startReceiver(started.pki))
  const webhooks = {
    ...started.config.webhooks,
    addressesAllowed: LOOPBACK,
    certificateAuthoritiesFile: `${started.directory}/pki/tls/ca.pem`,
  }
  const config = { ...started.config, webhooks }
  const logger = createLogger({ name: 'central', level: 'silent' })
  const central = await startCentral(config, { logger, clock: systemClock, random: systemRandom })
  cleanUp.defer(() => central[Symbol.asyncDispose]())
  scene = { ...started, central, config }
})
afterAll(() => cleanUp.disposeAsync())

async function call(
  role: Role,
  method: string,
  path: string,
  { body, of = scene }: { body?: object; of?: CentralScene } = {},
): Promise<RawAnswer> {
  const authorization = `Bearer ${await tokenOf(of, role)}`
  return await rawRequest(of, method, path, {
    headers: { authorization, ...(body !== undefined && JSON_TYPE) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
}

const request = (over: object = {}): object => ({ url: receiver.url, enabledEvents: OEM_EVENTS, ...over })

async function create(over: object = {}): Promise<{ readonly id: string; readonly secret: unknown }> {
  const { status, body } = await call('OEM', 'POST', PATH, { body: request(over) })
  expect(status).toBe(201)
  return Object(body)
}

describe('an endpoint', () => {
  test('is added with a secret, which is shown by its id and not in the list', async () => {
    const added = await create({ description: 'd', metadata: { a: [1] } })
    expect(added).toMatchObject({
      apiVersion: 'v1',
      created: expect.any(Number),
      description: 'd',
      enabledEvents: OEM_EVENTS,
      events: OEM_EVENTS,
      metadata: { a: [1] },
      status: 'enabled',
      url: receiver.url,
      secret: expect.stringMatching(/^whsec_/),
      wmis: ['EVO'],
      userRole: 'OEM',
    })
    await expect(call('OEM', 'GET', `${PATH}/${added.id}`)).resolves.toMatchObject({
      status: 200,
      body: added,
    })
    const { secret: _, ...listed } = added
    const { body } = await call('OEM', 'GET', PATH)
    expect(body).toContainEqual(listed)
  })

  test('may name its events by the other name', async () => {
    const { status } = await call('OEM', 'POST', PATH, { body: { url: receiver.url, events: OEM_EVENTS } })
    expect(status).toBe(201)
  })

  test('keeps what a change does not name', async () => {
    const { id, secret } = await create({ description: 'd', metadata: { a: 1 } })
    const url = `${receiver.url}&b`
    const { status, body } = await call('OEM', 'PUT', `${PATH}/${id}`, { body: { url, status: 'disabled' } })
    expect({ status, body }).toMatchObject({
      status: 200,
      body: { id, url, description: 'd', metadata: { a: 1 }, enabledEvents: OEM_EVENTS, status: 'disabled' },
    })
    await expect(call('OEM', 'GET', `${PATH}/${id}`)).resolves.toMatchObject({ body: { secret } })
  })

  test('gets a new secret', async () => {
    const { id, secret } = await create()
    const { status, body } = await call('OEM', 'POST', `${PATH}/${id}/secret`, {
      body: { overlapSeconds: 0 },
    })
    expect(status).toBe(200)
    expect(Object(body).secret).toMatch(/^whsec_/)
    expect(Object(body).secret).not.toBe(secret)
    await expect(call('OEM', 'POST', `${PATH}/${id}/secret`)).resolves.toMatchObject({ status: 200 })
  })

  test('that is deleted is gone', async () => {
    const { id } = await create()
    await expect(call('OEM', 'DELETE', `${PATH}/${id}`)).resolves.toMatchObject({ status: 200, body: {} })
    await expect(call('OEM', 'GET', `${PATH}/${id}`)).resolves.toMatchObject({ status: 404 })
  })

  test.each([
    ['GET', ''],
    ['PUT', ''],
    ['DELETE', ''],
    ['POST', '/secret'],
    ['GET', '/deadLetters'],
    ['POST', '/redeliver'],
  ])('of somebody else, or of nobody, is unknown to %s …%s: 404', async (method, tail) => {
    const { id } = await create()
    const body = method === 'PUT' ? { body: { url: receiver.url } } : {}
    for (const other of [id, '00000000-0000-4000-8000-000000000000', 'x', '%00'])
      await expect(call('CPO', method, `${PATH}/${other}${tail}`, body)).resolves.toMatchObject({
        status: 404,
        body: { errorMessages: ['Webhook endpoint with the given ID is not found'] },
      })
  })

  test.each([
    { over: { url: 'http://mywebhooks.com/' }, message: 'url : must be an absolute https URL' },
    { over: { url: '/payload' }, message: 'url : must be an absolute https URL' },
    { over: { url: 'https://10.0.0.1/' }, message: 'url : must be a public address without credentials' },
    {
      over: { enabledEvents: ['contract.created'] },
      message: 'enabledEvents : unknown event "contract.created"',
    },
    {
      over: { enabledEvents: ['mo.prov.cert.updated'] },
      message: 'enabledEvents : mo.prov.cert.updated is not for the role OEM',
    },
    { over: { enabledEvents: undefined }, message: 'enabledEvents : must not be null' },
    { over: { status: 'on' }, message: 'status : must be one of ["enabled", "disabled"]' },
    {
      over: { metadata: { signatureFormat: 'x' } },
      message: 'metadata.signatureFormat : must be one of ["prefixed", "hex"]',
    },
    { over: { description: 'a\u0001' }, message: 'description : must be text' },
    { over: { wmi: ['!!!'] }, message: 'wmi : must match "^[A-Za-z0-9]{3}$"' },
  ])('with $over is refused: $message', async ({ over, message }) => {
    await expect(call('OEM', 'POST', PATH, { body: request(over) })).resolves.toMatchObject({
      status: 400,
      body: { errorMessages: [message] },
    })
  })

  test('of an OEM cannot ask for the vehicles of another one: 403', async () => {
    await expect(call('OEM', 'POST', PATH, { body: request({ wmi: ['HUB'] }) })).resolves.toMatchObject({
      status: 403,
      body: { errorMessages: ['The WMI HUB does not belong to this client.'] },
    })
  })

  test.each(['CPO', 'CPS', 'ADMIN'] as const)('of %s hears of roots alone', async (role) => {
    const roots = { url: receiver.url, enabledEvents: ['root.cert.added'], status: 'disabled' }
    await expect(call(role, 'POST', PATH, { body: roots })).resolves.toMatchObject({ status: 201 })
    await expect(call(role, 'POST', PATH, { body: request() })).resolves.toMatchObject({ status: 400 })
  })

  test('has a secret that is not in the database', async () => {
    const { secret } = await create()
    const file = scene.config.database.url.replace(/^sqlite:/, '')
    const stored = [file, `${file}-wal`].map((name) => readFileSync(name, 'latin1')).join('')
    expect(stored).toContain(receiver.url)
    expect(stored).not.toContain(String(secret))
  })
})

test('the key of the signatures is published', async () => {
  await expect(rawRequest(scene, 'GET', '/.well-known/webhook-jwks.json')).resolves.toMatchObject({
    status: 200,
    body: { keys: [{ kty: 'OKP', crv: 'Ed25519' }] },
  })
})

test('what was acknowledged is told though the program is killed on the way', async () => {
  await using own = await startScene()
  await own.central[Symbol.asyncDispose]()
  await using listener = await startReceiver(own.pki)
  listener.behave('hang', 200)
  const webhooks = {
    ...own.config.webhooks,
    addressesAllowed: LOOPBACK,
    certificateAuthoritiesFile: `${own.directory}/pki/tls/ca.pem`,
  }
  const source = `import { startCentral } from '${import.meta.resolve('../start-central.ts')}'
    import { createLogger } from '${import.meta.resolve('../../service/index.ts')}'
    import { systemClock, systemRandom } from '${import.meta.resolve('../../base/index.ts')}'
    const logger = createLogger({ name: 'central', level: 'silent' })
    const ports = { logger, clock: systemClock, random: systemRandom }
    process.send((await startCentral(${JSON.stringify({ ...own.config, webhooks })}, ports)).url)`
  await using first = await startProcess(source)
  const central = { ...own.central, url: String(first.said) }
  await using clients = new AsyncDisposableStack()
  const ca = own.pki['tls/ca'].certificate
  const clientOf = (role: Role): OpcpClient => clients.use(openClient(central, { role, ca }))
  const of = { ...own, central, clientOf }
  await call('OEM', 'POST', PATH, { of, body: { url: listener.url, enabledEvents: OEM_EVENTS } })
  await putRoots(of)
  const { pcid } = await putVehicle(of)
  await of
    .clientOf('MO_HUBJECT_PKI')
    .generateSignedContractData(generateBody({ pcid, emaid: 'DEEVOW00000001' }))
  await listener.gets(1)
  await first.kill()
  await using second = await startProcess(source)
  expect(second.said).toMatch(/^https:/)
  const [before, after] = await listener.gets(2)
  expect(after?.event).toMatchObject({ eventId: before?.event.eventId, eventType: 'oem.contract.created' })
  expect(after?.body).toEqual(before?.body)
})
