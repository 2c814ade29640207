import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { Agent, get } from 'node:https'
import { connect as connectTcp, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'

import type { FastifyInstance } from 'fastify'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { systemClock, systemRandom } from '#base'
import { privateKeyPem } from '#pki'
import { createLogger } from '#service'

import { pkiForTests } from '../central.fixture.ts'
import { PoolError, type PoolErrorCode } from '../pool-error.ts'
import { createHttpsServer } from './server.ts'

const UPLOAD =
  'POST /upload HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{'

let stack: AsyncDisposableStack
let log: string[]
let port: number
let app: FastifyInstance
let slow: PromiseWithResolvers<object>
let started: PromiseWithResolvers<void>
beforeEach(async () => {
  slow = Promise.withResolvers()
  started = Promise.withResolvers()
  stack = new AsyncDisposableStack()
  log = []
  const { certificate, privateKey } = (await pkiForTests())['tls/central']
  const destination = { write: (line: string) => void log.push(line) }
  app = createHttpsServer({
    tls: { certificate: certificate.toPem(), privateKey: privateKeyPem(privateKey) },
    logger: createLogger({ name: 'test', level: 'info', destination }),
    clock: systemClock,
    random: systemRandom,
    requestTimeoutMs: 200,
  })
  stack.defer(() => app.close())
  app.post('/upload', async () => ({}))
  app.get('/slow', () => {
    started.resolve()
    return slow.promise
  })
  app.get<{ Params: { code: PoolErrorCode } }>('/refused/:code', async ({ params: { code } }) => {
    throw new PoolError(code, 'Not now.')
  })
  port = Number(new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port)
})
afterEach(() => stack.disposeAsync())

async function opened(socket: Socket, event: string): Promise<Socket> {
  stack.defer(() => void socket.destroy())
  socket.on('error', () => undefined).resume()
  await once(socket, event)
  return socket
}
const openTls = (): Promise<Socket> =>
  opened(connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false }), 'secureConnect')

test('a peer that is slow with its handshake, its request or its body loses the connection', async () => {
  const silent = await opened(connectTcp(port, '127.0.0.1'), 'connect')
  const [headless, dripping] = [await openTls(), await openTls()]
  headless.write('GET / HTTP/1.1\r\nHost:')
  dripping.write(UPLOAD)
  const closed = Promise.all([silent, headless, dripping].map((socket) => once(socket, 'close')))
  await expect(Promise.race([closed, once(AbortSignal.timeout(2_000), 'abort')])).resolves.toHaveLength(3)
})

test('an upload that breaks off is no error of ours', async () => {
  const socket = await openTls()
  socket.write(UPLOAD)
  setTimeout(() => void socket.destroy(), 50)
  await expect.poll(() => log.join('')).toContain('request given up by its sender')
  expect(log.join('')).not.toContain('"level":"error"')
})

test.each([
  ['ERR_CPS_KEY_FAILED', '10'],
  ['ERR_EST_KEY_FAILED', '10'],
  ['ERR_POOL_UNAVAILABLE', '5'],
  ['ERR_POOL_NOT_CONFIGURED', undefined],
])('%s is a 503 with Retry-After: %s', async (code, retryAfter) => {
  const answer = await answerTo(`/refused/${code}`)
  expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, retryAfter])
})

test('closing waits for the request under way, and not for the connection that its client would keep', async () => {
  const answered = answerTo('/slow')
  await started.promise
  const closed = app.close().then(() => 'closed')
  await expect.poll(() => app.server.listening).toBe(false)
  slow.resolve({})
  expect((await answered).statusCode).toBe(200)
  await expect(Promise.race([closed, delay(2_000, 'late', { ref: false })])).resolves.toBe('closed')
})

/** Over a connection that is kept afterwards. */
async function answerTo(path: string): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const agent = new Agent({ keepAlive: true })
  stack.defer(() => agent.destroy())
  get({ agent, port, host: '127.0.0.1', path, rejectUnauthorized: false }, resolve).on('error', reject)
  const answer = await promise
  answer.resume()
  return answer
}

test('a body that does not arrive in time is answered 408 with an error body, and the connection ends', async () => {
  const socket = await openTls()
  let text = ''
  socket.on('data', (chunk: Buffer) => void (text += chunk.toString()))
  socket.write(UPLOAD)
  await once(socket, 'close')
  const [head, body = ''] = text.split('\r\n\r\n')
  expect(head).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/)
  expect(JSON.parse(body)).toEqual({
    errorMessages: ['The request did not arrive in time.'],
    traceId: expect.any(String),
  })
})
