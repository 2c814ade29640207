import { expect, test } from 'vitest'

import { systemClock, systemRandom } from '#base'
import { ISO2_NAMESPACE } from '#opcp'

import { generateBody, installationRequest, putRoots, putVehicle, startScene } from '../central.fixture.ts'
import { CircuitBreaker } from './circuit-breaker.ts'
import { LoopGuard, QUESTION_HEADER } from './hop.ts'
import { PeerPools } from './peer-pools.ts'

function peerAt(url: string): object {
  return {
    url,
    token: { url: `${url}/oauth/token`, clientId: 'CPO', secret: { file: 'secrets/CPO' } },
    certificateAuthoritiesFile: 'pki/tls/ca.pem',
  }
}

test('a contract in the pool of a peer is delivered, a copy of the question is not passed on', async () => {
  await using there = await startScene()
  await using here = await startScene({ peers: [peerAt(there.central.url)] })
  await putRoots(there)
  await putRoots(here)
  const vehicle = await putVehicle(there)
  const order = generateBody({ pcid: vehicle.certificate.commonName ?? '', emaid: 'DEEVOFED000001' })
  await there.clientOf('MO_HUBJECT_PKI').generateSignedContractData(order)
  const request = await installationRequest(vehicle)

  const { status, messages } = await here.clientOf('CPO').getSignedContractData(request)
  expect({ status, emaid: messages[0]?.emaid }).toEqual({ status: 200, emaid: order.emaid })
  const copy = await here.clientOf('CPO').getSignedContractData(request, { broadcast: true })
  expect(copy.status).toBe(404)
})

test('a contract below roots that are not ours is not believed', async () => {
  await using there = await startScene()
  await using here = await startScene({ peers: [peerAt(there.central.url)] })
  await putRoots(there)
  const vehicle = await putVehicle(there)
  const order = generateBody({ pcid: vehicle.certificate.commonName ?? '', emaid: 'DEEVOFED000002' })
  await there.clientOf('MO_HUBJECT_PKI').generateSignedContractData(order)

  const { status } = await here.clientOf('CPO').getSignedContractData(await installationRequest(vehicle))
  expect(status).toBe(404)
  expect(here.log.join('')).toContain('a peer gave no usable answer')
})

const HOP = { isCopy: false, via: undefined, question: undefined }

test('peers that do not answer are waited for two seconds', async () => {
  const silent = { getSignedContractData: () => Promise.withResolvers<never>().promise }
  const pools = new PeerPools({
    peers: [{ url: 'https://peer', client: silent, breaker: new CircuitBreaker(systemClock) }],
    name: 'here',
    verification: { verify: () => Promise.withResolvers<never>().promise },
    clock: systemClock,
    random: systemRandom,
    onMiss: () => {},
  })
  const startedAtMs = performance.now()
  const question = { exi: Uint8Array.of(0x80), namespace: ISO2_NAMESPACE } as const
  expect(await pools.contract(question, HOP)).toBeUndefined()
  const tookMs = performance.now() - startedAtMs
  expect(tookMs).toBeGreaterThan(1_900)
  expect(tookMs).toBeLessThan(2_500)
})

test('a question that has been here is not passed on again within a minute', () => {
  const guard = new LoopGuard('here')
  const pass = (hop: object, nowMs: number): unknown =>
    guard.pass({ ...HOP, ...hop }, { nowMs, fresh: () => 'q1' })
  expect(pass({}, 0)).toEqual({ via: '1.1 here', [QUESTION_HEADER]: 'q1' })
  expect(pass({ question: 'q1' }, 59_999)).toBeUndefined()
  expect(pass({ question: 'q1' }, 60_000)).toBeDefined()
  expect(pass({ via: '1.1 there, 1.1 here', question: 'q2' }, 0)).toBeUndefined()
  expect(pass({ isCopy: true, question: 'q3' }, 0)).toBeUndefined()
})

test('a peer that failed three times is left alone for half a minute, then tried once', () => {
  let nowMs = 0
  const breaker = new CircuitBreaker(() => nowMs)
  for (let failure = 0; failure < 3; failure++) breaker.failed()
  expect(breaker.admits()).toBe(false)
  nowMs = 30_000
  expect([breaker.admits(), breaker.admits()]).toEqual([true, false])
  breaker.succeeded()
  expect(breaker.admits()).toBe(true)
})
