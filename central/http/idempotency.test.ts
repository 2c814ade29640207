import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { DAY_MS, secretOf, startScene, type CentralScene } from '../central.fixture.ts'
import { JSON_TYPE, rawRequest, type RawAnswer } from '../raw-request.fixture.ts'
import { ENGINES, openTestStorage } from '../storage/storage.fixture.ts'

let nowMs = Date.now()
let scene: CentralScene
beforeAll(async () => {
  scene = await startScene({ clock: () => nowMs })
  const clients = scene.config.clients.flatMap((client) => {
    if (client.clientId !== 'ADMIN') return [client]
    const permissions = [...client.permissions, 'administration' as const]
    return [
      { ...client, permissions },
      { ...client, permissions, clientId: 'OTHER' },
    ]
  })
  await scene.central.reload({ clients })
})
afterAll(() => scene[Symbol.asyncDispose]())

async function tokenOf(clientId: string): Promise<string> {
  const credentials = { client_id: clientId, client_secret: secretOf('ADMIN') }
  const body = JSON.stringify({ grant_type: 'client_credentials', ...credentials })
  const answer = await rawRequest(scene, 'POST', '/oauth/token', { headers: JSON_TYPE, body })
  return String(Object(answer.body).access_token)
}

interface Write {
  readonly key: string
  readonly body: object
  readonly path?: string
  readonly client?: string
}

async function write({
  key,
  body,
  path = '/admin/v1/participants',
  client = 'ADMIN',
}: Write): Promise<RawAnswer> {
  const authorization = `Bearer ${await tokenOf(client)}`
  const headers = { ...JSON_TYPE, authorization, 'idempotency-key': key }
  return await rawRequest(scene, 'POST', path, { headers, body: JSON.stringify(body) })
}

const company = (participantId: string): object => ({ participantId, name: participantId, roles: ['OEM'] })

const refused = (status: number, message: string): object => ({
  status,
  body: { errorMessages: [message], traceId: expect.any(String) },
})

test('the same request with the same key is carried out once and answered alike', async () => {
  const first = await write({ key: 'once', body: company('once') })
  expect(first.status).toBe(201)
  expect(first.headers).not.toHaveProperty('idempotency-replayed')
  const again = await write({ key: 'once', body: company('once') })
  expect([again.status, again.body]).toEqual([201, first.body])
  expect(again.headers).toMatchObject({
    'idempotency-replayed': 'true',
    'content-type': first.headers['content-type'],
  })
  await expect(write({ key: 'twice', body: company('once') })).resolves.toMatchObject({ status: 409 })
})

test('another request with the same key is refused', async () => {
  await write({ key: 'one', body: company('one') })
  await expect(write({ key: 'one', body: company('two') })).resolves.toMatchObject(
    refused(422, 'The Idempotency-Key was used for another request in the last 24 hours.'),
  )
})

test('the same key of another client is another key', async () => {
  await write({ key: 'shared', body: company('shared-1') })
  const other = await write({ key: 'shared', body: company('shared-2'), client: 'OTHER' })
  expect(other).toMatchObject({ status: 201, body: { participant: { participantId: 'shared-2' } } })
})

test('of many at the same time one is carried out, and all are answered alike', async () => {
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => write({ key: 'many', body: company('many') })),
  )
  expect(new Set(answers.map(({ status, body }) => JSON.stringify([status, body]))).size).toBe(1)
  expect(answers[0]?.status).toBe(201)
  expect(answers.filter(({ headers }) => headers['idempotency-replayed'] === 'true')).toHaveLength(7)
})

test('what was refused is judged anew', async () => {
  const body = { ...company('late'), parentId: 'late-parent' }
  const first = await write({ key: 'late', body })
  expect(first.status).toBeGreaterThanOrEqual(400)
  await write({ key: 'late-parent', body: company('late-parent') })
  await expect(write({ key: 'late', body })).resolves.toMatchObject({ status: 201 })
})

test('a secret is not told again, nor kept', async () => {
  await write({ key: 'secret-1', body: company('secret') })
  const client = {
    key: 'secret-2',
    path: '/admin/v1/clients',
    body: { participantId: 'secret', roles: ['OEM'] },
  }
  const first = await write(client)
  expect(first.status).toBe(201)
  await expect(write(client)).resolves.toMatchObject(
    refused(
      409,
      'The request was carried out. Its answer held a secret, which is told once: rotate it to get another one.',
    ),
  )
  const secret = String(Object(first.body).clientSecret)
  for (const name of ['central.sqlite', 'central.sqlite-wal'])
    expect((await readFile(join(scene.directory, name))).includes(secret)).toBe(false)
})

test('a key that is none is refused', async () => {
  await expect(write({ key: 'k'.repeat(256), body: company('none') })).resolves.toMatchObject(
    refused(400, 'The Idempotency-Key must be 1 to 255 visible characters.'),
  )
})

test('after 24 hours a key may be used again', async () => {
  await write({ key: 'day', body: company('day-1') })
  nowMs += DAY_MS - 1
  await expect(write({ key: 'day', body: company('day-2') })).resolves.toMatchObject({ status: 422 })
  nowMs += 1
  await expect(write({ key: 'day', body: company('day-2') })).resolves.toMatchObject({ status: 201 })
})

describe.each(ENGINES)('the store on %s', (engine) => {
  const NAME = { clientId: 'a', method: 'POST', path: '/x', key: 'k' }
  const CLAIM = { ...NAME, requestHash: 'h', claim: 'first', claimedAtMs: 1_000, expiresAtMs: 9_000 }
  const ANSWER = { status: 201, body: '{}' }

  test('gives a key to one claim until it is answered, freed, abandoned or expired', async () => {
    await using opened = await openTestStorage(engine)
    const { idempotency } = opened.storage.stores
    const second = { ...CLAIM, claim: 'second', claimedAtMs: 2_000 }
    const holder = { claim: 'first', requestHash: 'h' }
    expect(await idempotency.claim(CLAIM, 0)).toEqual({ ...holder, answer: undefined })
    expect(await idempotency.claim(second, 1_000)).toEqual({ ...holder, answer: undefined })
    await idempotency.complete(second, ANSWER)
    expect(await idempotency.claim(second, 1_000)).toEqual({ ...holder, answer: undefined })
    await idempotency.complete(CLAIM, ANSWER)
    expect(await idempotency.claim(second, 5_000)).toEqual({ ...holder, answer: ANSWER })
    await idempotency.removeExpired(8_999)
    expect((await idempotency.claim(second, 5_000)).claim).toBe('first')
    await idempotency.removeExpired(9_000)
    expect((await idempotency.claim(second, 0)).claim).toBe('second')
    expect((await idempotency.claim(CLAIM, 2_001)).claim).toBe('first')
    await idempotency.release(CLAIM)
    expect((await idempotency.claim(second, 0)).claim).toBe('second')
  })

  test('gives a key to one of many at the same time', async () => {
    await using opened = await openTestStorage(engine)
    const { idempotency } = opened.storage.stores
    const claims = Array.from({ length: 10 }, (_, n) => ({ ...CLAIM, claim: `claim ${n}` }))
    const held = await Promise.all(claims.map((claim) => idempotency.claim(claim, 0)))
    expect(new Set(held.map(({ claim }) => claim)).size).toBe(1)
  })
})
