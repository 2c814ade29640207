import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

import { afterEach, beforeEach, expect, test } from 'vitest'

import { systemClock, systemRandom } from '#base'
import { privateKeyPem } from '#pki'
import { createLogger } from '#service'

import { pkiForTests } from '../central.fixture.ts'
import { createHttpsServer } from './server.ts'

const UPLOAD =
  'POST /upload HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{'

let stack: AsyncDisposableStack
let log: string[]
let port: number
beforeEach(async () => {
  stack = new AsyncDisposableStack()
  log = []
  const { certificate, privateKey } = (await pkiForTests())['tls/central']
  const destination = { write: (line: string) => void log.push(line) }
  const app = createHttpsServer({
    tls: { certificate: certificate.toPem(), privateKey: privateKeyPem(privateKey) },
    logger: createLogger({ name: 'test', level: 'info', destination }),
    clock: systemClock,
    random: systemRandom,
    requestTimeoutMs: 200,
  })
  stack.defer(() => app.close())
  app.post('/upload', async () => ({}))
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
