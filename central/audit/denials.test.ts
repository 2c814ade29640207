import { afterEach, beforeEach, expect, test } from 'vitest'

import { systemRandom } from '#base'
import { createLogger } from '#service'

import { startScene } from '../central.fixture.ts'
import { JSON_TYPE, rawRequest, tokenOf } from '../raw-request.fixture.ts'
import type { Storage } from '../storage-port.ts'
import { openStorage } from '../storage/open-storage.ts'
import { lineOf, SYSTEM } from './audit-record.ts'
import { Denials, DENIALS_PER_MINUTE_MAX } from './denials.ts'
import { verifyChain } from './verify-chain.ts'

let stack: AsyncDisposableStack
beforeEach(() => {
  stack = new AsyncDisposableStack()
})
afterEach(() => stack.disposeAsync())

const logger = createLogger({ name: 'test', level: 'silent' })
const DENIAL = { operation: 'GET /v1/root/rootCerts', by: SYSTEM, rule: 'ERR_POOL_RATE' }

async function recordsOf({ stores }: Pick<Storage, 'stores'>) {
  const records = await stores.audit.list({ fromSeq: 1, limit: 1_000 })
  await verifyChain(records.map(lineOf))
  return records.map(({ record }) => JSON.parse(record))
}

test('what is denied to a known client is recorded by the time central has ended; unknown ones leave nothing', async () => {
  await using scene = await startScene()
  const askToken = async (clientId: string) => {
    const body = JSON.stringify({
      grant_type: 'client_credentials',
      client_id: clientId,
      client_secret: 'wrong',
    })
    return await rawRequest(scene, 'POST', '/oauth/token', { headers: JSON_TYPE, body })
  }
  const remove = async (token: string) => {
    const headers = { authorization: `Bearer ${token}` }
    return await rawRequest(scene, 'DELETE', '/v1/root/rootCerts/some-id', { headers })
  }
  expect((await remove(await tokenOf(scene, 'OEM'))).status).toBe(403)
  expect((await askToken('MO_EXTERNAL_PKI')).status).toBe(401)
  expect((await askToken('nobody')).status).toBe(401)
  expect((await remove('no token')).status).toBe(401)
  await scene.central[Symbol.asyncDispose]()
  await using storage = await openStorage({ url: scene.config.database.url })
  const denied = (await recordsOf(storage)).filter(({ decision }) => decision === 'deny')
  expect(denied).toMatchObject([
    {
      action: 'DELETE /v1/root/rootCerts/:rootCertificateId',
      actor: { clientId: 'OEM', roles: ['OEM'], sourceIp: '127.0.0.1' },
      before: null,
      after: null,
      rule: 'ERR_POOL_ROLE',
      traceId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    },
    { action: 'POST /oauth/token', actor: { clientId: 'MO_EXTERNAL_PKI' }, rule: 'ERR_OAUTH_CREDENTIALS' },
  ])
})

test('of one client so many a minute are recorded, then the count of the others; the next minute has its own', async () => {
  const storage = stack.use(await openStorage({ url: 'sqlite::memory:' }))
  let nowMs = 0
  const denials = stack.use(new Denials({ storage, clock: () => nowMs, random: systemRandom, logger }))
  for (let n = 0; n < DENIALS_PER_MINUTE_MAX + 7; n++) denials.add(DENIAL)
  denials.add({ ...DENIAL, by: { ...SYSTEM, clientId: 'other' } })
  nowMs = 60_000
  denials.add(DENIAL)
  await denials.flush()
  const records = await recordsOf(storage)
  const counted = records.filter(({ leftOut }) => leftOut !== undefined)
  expect(counted).toMatchObject([{ actor: { clientId: 'system' }, leftOut: 7, rule: 'ERR_POOL_RATE' }])
  expect(records).toHaveLength(DENIALS_PER_MINUTE_MAX + 3)
})

test('what a database that is away does not take is written once it is back', async () => {
  const storage = stack.use(await openStorage({ url: 'sqlite::memory:' }))
  let isAway = true
  const flaky: Pick<Storage, 'transaction'> = {
    transaction: async (work) => {
      if (isAway) throw new Error('away')
      return await storage.transaction(work)
    },
  }
  const denials = new Denials({ storage: flaky, clock: () => 0, random: systemRandom, logger })
  denials.add(DENIAL)
  await denials.flush()
  expect(await recordsOf(storage)).toEqual([])
  isAway = false
  await denials[Symbol.asyncDispose]()
  expect(await recordsOf(storage)).toMatchObject([{ decision: 'deny' }])
})
