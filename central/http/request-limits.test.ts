import { once } from 'node:events'
import { request } from 'node:https'
import { text } from 'node:stream/consumers'

import { afterEach, beforeEach, expect, test } from 'vitest'

import { systemRandom } from '#base'
import { OPERATIONS, type Operation } from '#opcp'
import { privateKeyPem } from '#pki'
import { createLogger } from '#service'

import { pkiForTests } from '../central.fixture.ts'
import { PoolError } from '../pool-error.ts'
import type { Caller } from './caller.ts'
import { serveOperation, type PoolRequest } from './operation-route.ts'
import { limitRequests, type RequestLimits } from './request-limits.ts'
import { createHttpsServer } from './server.ts'

let stack: AsyncDisposableStack
beforeEach(() => {
  stack = new AsyncDisposableStack()
})
afterEach(() => stack.disposeAsync())

const UNLIMITED: RequestLimits = {
  requestsPerClient: 0,
  requestsPerSource: 0,
  lookupsPerClient: 0,
  missesPerClient: 0,
  tokensPerSource: 0,
}

const callerOf = (clientId: string): Caller => ({
  clientId,
  participantId: clientId,
  roles: new Set(['OEM']),
  permissions: new Set(['pcpservice', 'rcpservice']),
  wmis: new Set(),
  providerIds: new Set(),
  operatorIds: new Set(),
})

const { getProvCert, getRootCerts } = OPERATIONS
const MISS = getProvCert.path.replace(/:\w+/, 'unknown')
const HIT = getProvCert.path.replace(/:\w+/, 'known')

const handle = async ({ parameter }: Pick<PoolRequest, 'parameter'>) => {
  if (parameter('pcid') === 'unknown') throw new PoolError('ERR_PCP_NOT_FOUND', 'None.')
  return { status: 200, body: {} }
}

/** A server whose tokens are the ids of their clients, as a function from a request to status, Retry-After and body. */
async function serve(limits: Partial<RequestLimits>, clock: () => number = () => 0) {
  const { certificate, privateKey } = (await pkiForTests())['tls/central']
  const app = createHttpsServer({
    tls: { certificate: certificate.toPem(), privateKey: privateKeyPem(privateKey) },
    logger: createLogger({ name: 'test', level: 'silent' }),
    clock,
    random: systemRandom,
  })
  limitRequests(app, { limits: { ...UNLIMITED, ...limits }, clock })
  const authentication = { verify: async (token: string) => callerOf(token) }
  const served: readonly Operation[] = [getProvCert, getRootCerts]
  for (const operation of served) serveOperation(app, operation, { authentication, handle })
  stack.defer(() => app.close())
  const origin = await app.listen({ host: '127.0.0.1', port: 0 })
  return async (path: string, { token = 'a', address = '127.0.0.1' } = {}) => {
    const sent = request(`${origin}${path}`, {
      headers: { authorization: `Bearer ${token}` },
      localAddress: address,
      rejectUnauthorized: false,
    }).end()
    const [response] = await once(sent, 'response')
    const body: unknown = JSON.parse(await text(response))
    return { status: response.statusCode, retryAfter: response.headers['retry-after'], body }
  }
}

const TOO_OFTEN = {
  status: 429,
  retryAfter: '60',
  body: { errorMessages: ['Too many requests.'], traceId: expect.any(String) },
}

test('a client gets no more than its requests, from wherever it asks, and others theirs, until a minute is over', async () => {
  let nowMs = 0
  const ask = await serve({ requestsPerClient: 2 }, () => nowMs)
  await ask(getRootCerts.path)
  await ask(getRootCerts.path, { address: '127.0.0.2' })
  await expect(ask(getRootCerts.path, { address: '127.0.0.3' })).resolves.toEqual(TOO_OFTEN)
  await expect(ask(getRootCerts.path, { token: 'b' })).resolves.toMatchObject({ status: 200 })
  nowMs = 60_000
  await expect(ask(getRootCerts.path)).resolves.toMatchObject({ status: 200 })
})

test('a source gets no more than its requests, whatever it asks for', async () => {
  const ask = await serve({ requestsPerSource: 2 })
  await ask(getRootCerts.path)
  await ask('/nowhere', { token: 'b' })
  await expect(ask(getRootCerts.path, { token: 'c' })).resolves.toEqual(TOO_OFTEN)
  await expect(ask(getRootCerts.path, { address: '127.0.0.2' })).resolves.toMatchObject({ status: 200 })
})

test('reads that name a vehicle have a limit of their own', async () => {
  const ask = await serve({ lookupsPerClient: 2 })
  await ask(HIT)
  await ask(HIT)
  await expect(ask(HIT)).resolves.toEqual(TOO_OFTEN)
  await expect(ask(getRootCerts.path)).resolves.toMatchObject({ status: 200 })
})

test('who asks for what is not there may soon ask for no vehicle any more; what is there does not count', async () => {
  const ask = await serve({ missesPerClient: 2 })
  for (const url of [HIT, HIT, HIT, MISS, MISS]) expect((await ask(url)).status).not.toBe(429)
  await expect(ask(HIT)).resolves.toEqual(TOO_OFTEN)
  await expect(ask(HIT, { token: 'b' })).resolves.toMatchObject({ status: 200 })
})
