import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

import { afterEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'

import { systemClock } from '#base'

import { CallError } from './call-error.ts'
import type { HandleChargePointCall } from './connection.ts'
import type { OcppEvent } from './events.ts'
import type { OcppLimits } from './limits.ts'
import { OcppServer } from './server.ts'

const PASSWORD = 'a-password-of-16+'

const cleanups: (() => Promise<unknown> | void)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

interface Harness {
  readonly server: OcppServer
  readonly events: OcppEvent[]
  open(
    identity?: string,
    over?: { password?: string; subprotocols?: string[]; autoPong?: boolean },
  ): WebSocket
  codes(): (string | undefined)[]
}

async function start({
  handle = async ({ action, payload }) => ({ action, payload }),
  limits = {},
}: { handle?: HandleChargePointCall; limits?: Partial<OcppLimits> } = {}): Promise<Harness> {
  const events: OcppEvent[] = []
  const server = await OcppServer.listen({
    host: '127.0.0.1',
    port: 0,
    path: '/ocpp',
    subprotocols: ['ocpp2.0.1', 'ocpp2.1'],
    authenticate({ identity, password }) {
      if (!identity.startsWith('CP')) return 'unknown-identity'
      return Buffer.from(password ?? []).toString() === PASSWORD ? 'accepted' : 'bad-credentials'
    },
    handle,
    onEvent: (event) => void events.push(event),
    limits: { drainMs: 500, takeoverProbeMs: 200, ...limits },
    clock: systemClock,
  })
  cleanups.push(() => server[Symbol.asyncDispose]())
  return {
    server,
    events,
    codes: () =>
      events.map((event) => ('code' in event ? event.code : undefined)).filter((code) => code !== undefined),
    open(identity = 'CP-1', { password = PASSWORD, subprotocols = ['ocpp2.0.1'], autoPong = true } = {}) {
      const auth = Buffer.from(`${identity}:${password}`).toString('base64')
      const socket = new WebSocket(`ws://127.0.0.1:${server.port}/ocpp/${identity}`, subprotocols, {
        headers: { authorization: `Basic ${auth}` },
        autoPong,
      })
      // A refusal is expected through the event that follows.
      socket.on('error', () => undefined)
      cleanups.push(() => socket.terminate())
      return socket
    },
  }
}

async function opened(socket: WebSocket): Promise<WebSocket> {
  await once(socket, 'open')
  return socket
}

async function statusOf(socket: WebSocket): Promise<number | undefined> {
  const [request, response] = await once(socket, 'unexpected-response')
  request.destroy()
  return response.statusCode
}

async function nextText(socket: WebSocket): Promise<unknown> {
  const [data] = await once(socket, 'message')
  return JSON.parse(String(data))
}

function exchange(socket: WebSocket, frame: unknown): Promise<unknown> {
  socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame))
  return nextText(socket)
}

async function raw({ server }: Harness): Promise<Socket> {
  const socket = connect(server.port, '127.0.0.1')
  socket.on('error', () => undefined)
  cleanups.push(() => void socket.destroy())
  await once(socket, 'connect')
  return socket
}

async function works(harness: Harness, identity = 'CP-after'): Promise<void> {
  const socket = await opened(harness.open(identity))
  await expect(exchange(socket, [2, 'x', 'Heartbeat', {}])).resolves.toMatchObject([3, 'x', {}])
}

describe('the handshake', () => {
  test('accepts a configured charge point and hands its calls on', async () => {
    const harness = await start()
    const socket = await opened(harness.open())
    expect(socket.protocol).toBe('ocpp2.0.1')
    await expect(exchange(socket, [2, 'a', 'Heartbeat', { n: 1 }])).resolves.toEqual([
      3,
      'a',
      { action: 'Heartbeat', payload: { n: 1 } },
    ])
    expect(harness.server.connectionCount).toBe(1)
  })

  test.each([
    {
      what: 'an unknown identity',
      open: { identity: 'XX-1' },
      status: 404,
      code: 'ERR_OCPP_UNKNOWN_IDENTITY',
    },
    { what: 'a wrong password', open: { password: 'wrong' }, status: 401, code: 'ERR_OCPP_CREDENTIALS' },
    { what: 'an empty password', open: { password: '' }, status: 401, code: 'ERR_OCPP_CREDENTIALS' },
  ])('refuses $what with $status', async ({ open: { identity, ...over }, status, code }) => {
    const harness = await start()
    await expect(statusOf(harness.open(identity, over))).resolves.toBe(status)
    expect(harness.events).toMatchObject([{ kind: 'refused', code, identity: identity ?? 'CP-1' }])
    await works(harness)
  })

  test.each(['/ocpp/%E0%A4%A', '/ocpp/a%3Ab', '/', '//', '/ocpp/%00', `/ocpp/${'i'.repeat(49)}`])(
    'answers 404 to the target %s and lives',
    async (target) => {
      const harness = await start()
      const socket = await raw(harness)
      socket.write(
        `GET ${target} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
          'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
      )
      const [data] = await once(socket, 'data')
      expect(String(data)).toMatch(/^HTTP\/1.1 404 /)
      expect(harness.codes()).toEqual(['ERR_OCPP_URL'])
      await works(harness)
    },
  )

  test('answers 400 to an upgrade that is no WebSocket, 426 to plain HTTP', async () => {
    const harness = await start()
    const auth = Buffer.from(`CP-1:${PASSWORD}`).toString('base64')
    const socket = await raw(harness)
    socket.write(
      `GET /ocpp/CP-1 HTTP/1.1\r\nHost: x\r\nUpgrade: other\r\nConnection: Upgrade\r\nAuthorization: Basic ${auth}\r\n\r\n`,
    )
    const [data] = await once(socket, 'data')
    expect(String(data)).toMatch(/^HTTP\/1.1 400 /)
    expect(harness.codes()).toEqual(['ERR_OCPP_HANDSHAKE'])
    const response = await fetch(`http://127.0.0.1:${harness.server.port}/ocpp/CP-1`)
    expect(response.status).toBe(426)
  })

  test('finishes a handshake without a version in common and closes then', async () => {
    const harness = await start()
    const socket = await raw(harness)
    const auth = Buffer.from(`CP-1:${PASSWORD}`).toString('base64')
    socket.write(
      `GET /ocpp/CP-1 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: ocpp1.5\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nAuthorization: Basic ${auth}\r\n\r\n`,
    )
    const received: Buffer[] = []
    socket.on('data', (data) => void received.push(data))
    await expect
      .poll(
        () =>
          Buffer.concat(received).includes('\r\n\r\n') && Buffer.concat(received).includes('no OCPP version'),
      )
      .toBe(true)
    const text = Buffer.concat(received).toString('latin1')
    expect(text).toMatch(/^HTTP\/1.1 101 /)
    expect(text).not.toMatch(/sec-websocket-protocol/i)
    expect(harness.codes()).toEqual(['ERR_OCPP_SUBPROTOCOL'])
    expect(harness.server.connectionCount).toBe(0)
  })

  test.each(['permessage-deflate; server_max_window_bits=8', 'permessage-deflate', 'nonsense=;;', 'x-other'])(
    'goes on without compression when the offer is %s',
    async (offer) => {
      const harness = await start()
      const socket = new WebSocket(`ws://127.0.0.1:${harness.server.port}/ocpp/CP-1`, ['ocpp2.0.1'], {
        headers: {
          authorization: `Basic ${Buffer.from(`CP-1:${PASSWORD}`).toString('base64')}`,
          'sec-websocket-extensions': offer,
        },
        perMessageDeflate: false,
      })
      cleanups.push(() => socket.terminate())
      await opened(socket)
      expect(socket.extensions).toBe('')
    },
  )

  test('refuses one connection more than the limit, and accepts again when one has left', async () => {
    const harness = await start({ limits: { connectionsMax: 1 } })
    const first = await opened(harness.open('CP-1'))
    await expect(statusOf(harness.open('CP-2'))).resolves.toBe(503)
    expect(harness.codes()).toEqual(['ERR_OCPP_CONNECTIONS_MAX'])
    first.close()
    await expect.poll(() => harness.server.connectionCount).toBe(0)
    await works(harness)
  })

  test('cuts off a peer that never finishes its request', async () => {
    const harness = await start({ limits: { handshakeTimeoutMs: 200 } })
    const socket = await raw(harness)
    socket.write('GET /ocpp/CP-1 HTTP/1.1\r\n')
    socket.resume()
    await once(socket, 'close')
    expect(harness.server.connectionCount).toBe(0)
    await works(harness)
  })
})

describe('a second connection with the same identity', () => {
  test('is refused while the first one answers, and the first goes on', async () => {
    const harness = await start()
    const first = await opened(harness.open())
    await expect(statusOf(harness.open())).resolves.toBe(409)
    expect(harness.codes()).toEqual(['ERR_OCPP_IDENTITY_IN_USE'])
    await expect(exchange(first, [2, 'a', 'Heartbeat', {}])).resolves.toMatchObject([3, 'a', {}])
  })

  test('does not even cause a ping when it cannot prove who it is', async () => {
    const harness = await start()
    const first = await opened(harness.open())
    let pings = 0
    first.on('ping', () => void pings++)
    await expect(statusOf(harness.open('CP-1', { password: 'wrong' }))).resolves.toBe(401)
    expect(pings).toBe(0)
  })

  test('takes over from a silent one', async () => {
    const harness = await start()
    const first = await opened(harness.open('CP-1', { autoPong: false }))
    const second = await opened(harness.open())
    await expect(exchange(second, [2, 'a', 'Heartbeat', {}])).resolves.toMatchObject([3, 'a', {}])
    await expect.poll(() => first.readyState).toBe(WebSocket.CLOSED)
    expect(harness.codes()).toEqual(['ERR_OCPP_TAKEN_OVER'])
    expect(harness.server.connectionCount).toBe(1)
  })

  test('of several that ask at once for a silent one, one gets it', async () => {
    const harness = await start()
    await opened(harness.open('CP-1', { autoPong: false }))
    const rivals = [harness.open(), harness.open(), harness.open()]
    const outcomes = await Promise.all(
      rivals.map((rival) => Promise.race([opened(rival).then(() => 'open' as const), statusOf(rival)])),
    )
    expect(outcomes.filter((outcome) => outcome === 'open')).toHaveLength(1)
    expect(outcomes.filter((outcome) => outcome === 409)).toHaveLength(2)
    expect(harness.server.connectionCount).toBe(1)
  })
})

describe('calls', () => {
  test('are handled one after the other in order', async () => {
    const log: string[] = []
    const harness = await start({
      async handle({ action }) {
        log.push(`+${action}`)
        await delay(action === 'Slow' ? 60 : 1)
        log.push(`-${action}`)
        return {}
      },
    })
    const socket = await opened(harness.open())
    const answers: unknown[] = []
    socket.on('message', (data: Buffer) => void answers.push(JSON.parse(data.toString())))
    socket.send('[2,"1","Slow",{}]')
    socket.send('[2,"2","Fast",{}]')
    await expect
      .poll(() => answers)
      .toEqual([
        [3, '1', {}],
        [3, '2', {}],
      ])
    expect(log).toEqual(['+Slow', '-Slow', '+Fast', '-Fast'])
  })

  test('know when they arrived, also those that waited for another', async () => {
    const waitedMs: number[] = []
    const harness = await start({
      async handle({ arrivedAtMs }) {
        waitedMs.push(systemClock() - arrivedAtMs)
        await delay(100)
        return {}
      },
    })
    const socket = await opened(harness.open())
    socket.send('[2,"1","A",{}]')
    socket.send('[2,"2","A",{}]')
    await expect.poll(() => waitedMs.length).toBe(2)
    expect(waitedMs[0]).toBeLessThan(50)
    expect(waitedMs[1]).toBeGreaterThan(80)
  })

  test('with the id of a call in progress are not handled and not answered twice', async () => {
    let handled = 0
    const release = Promise.withResolvers<object>()
    const harness = await start({
      handle() {
        handled++
        return release.promise
      },
    })
    const socket = await opened(harness.open())
    const answers: unknown[] = []
    socket.on('message', (data: Buffer) => void answers.push(JSON.parse(data.toString())))
    socket.send('[2,"same","A",{}]')
    socket.send('[2,"same","A",{}]')
    await expect.poll(() => harness.codes()).toEqual(['ERR_OCPP_DUPLICATE_ID'])
    release.resolve({ done: true })
    await expect.poll(() => answers).toEqual([[3, 'same', { done: true }]])
    expect(handled).toBe(1)
  })

  test('beyond the limit in flight are refused, and the ones before them answered', async () => {
    const release = Promise.withResolvers<object>()
    const harness = await start({ handle: () => release.promise, limits: { callsInFlightMax: 2 } })
    const socket = await opened(harness.open())
    for (const id of ['1', '2', '3']) socket.send(JSON.stringify([2, id, 'A', {}]))
    await expect(nextText(socket)).resolves.toEqual([4, '3', 'GenericError', expect.any(String), {}])
    expect(harness.codes()).toEqual(['ERR_OCPP_CALLS_MAX'])
    release.resolve({})
    await expect(nextText(socket)).resolves.toEqual([3, '1', {}])
  })

  test('that fail are answered with their code, or InternalError without detail', async () => {
    const harness = await start({
      async handle({ action }) {
        if (action === 'Unknown') throw new CallError('NotImplemented', 'no such thing')
        throw new Error('the secret is 1234')
      },
    })
    const socket = await opened(harness.open())
    await expect(exchange(socket, [2, 'a', 'Unknown', {}])).resolves.toEqual([
      4,
      'a',
      'NotImplemented',
      'no such thing',
      {},
    ])
    const answer = await exchange(socket, [2, 'b', 'Broken', {}])
    expect(answer).toEqual([4, 'b', 'InternalError', expect.any(String), {}])
    expect(JSON.stringify(answer)).not.toContain('1234')
  })
})

describe('hostile frames', () => {
  test.each([
    {
      what: 'no JSON',
      frame: '[2,"a","B",{',
      answer: [4, 'a', 'RpcFrameworkError'],
      code: 'ERR_OCPP_FRAME_JSON',
    },
    {
      what: 'no array',
      frame: '"hello"',
      answer: [4, '-1', 'RpcFrameworkError'],
      code: 'ERR_OCPP_FRAME_SHAPE',
    },
    {
      what: 'too long an id',
      frame: `[2,"${'i'.repeat(500)}","B",{}]`,
      answer: [4, '-1', 'RpcFrameworkError'],
      code: 'ERR_OCPP_FRAME_ID',
    },
    {
      what: 'deep nesting',
      frame: `[2,"a","B",${'['.repeat(60_000)}`,
      answer: [4, 'a', 'RpcFrameworkError'],
      code: 'ERR_OCPP_FRAME_DEPTH',
    },
    {
      what: 'an unknown type',
      frame: '[9,"a"]',
      answer: [4, 'a', 'MessageTypeNotSupported'],
      code: 'ERR_OCPP_FRAME_TYPE',
    },
  ])('$what is answered and the next call works', async ({ frame, answer, code }) => {
    const harness = await start()
    const socket = await opened(harness.open())
    await expect(exchange(socket, frame)).resolves.toEqual([...answer, expect.any(String), {}])
    expect(harness.codes()).toEqual([code])
    await expect(exchange(socket, [2, 'b', 'Heartbeat', {}])).resolves.toMatchObject([3, 'b', {}])
  })

  test('SEND and results nobody asked for are not answered, in 2.1 unknown types neither', async () => {
    const harness = await start()
    const socket = await opened(harness.open('CP-1', { subprotocols: ['ocpp2.1'] }))
    for (const frame of ['[6,"a","X",{}]', '[3,"b",{}]', '[5,"c","InternalError","",{}]', '[9,"d"]'])
      socket.send(frame)
    await expect(exchange(socket, [2, 'e', 'Heartbeat', {}])).resolves.toMatchObject([3, 'e', {}])
    expect(harness.codes()).toEqual([
      'ERR_OCPP_FRAME_TYPE',
      'ERR_OCPP_FRAME_ID',
      'ERR_OCPP_FRAME_ID',
      'ERR_OCPP_FRAME_TYPE',
    ])
  })

  test('too many bad ones in a row end the connection', async () => {
    const harness = await start({ limits: { badFramesMax: 3 } })
    const socket = await opened(harness.open())
    for (let i = 0; i < 10; i++) socket.send('garbage')
    const [closeCode] = await once(socket, 'close')
    expect(closeCode).toBe(1008)
    await expect.poll(() => harness.codes().at(-1)).toBe('ERR_OCPP_BAD_FRAMES_MAX')
    await works(harness)
  })

  test('a message over the limit ends the connection, before it is read whole', async () => {
    const harness = await start()
    const socket = await opened(harness.open())
    socket.send(JSON.stringify([2, 'a', 'X', { data: 'x'.repeat(70_000) }]))
    const [closeCode] = await once(socket, 'close')
    expect(closeCode).toBe(1009)
    await expect.poll(() => harness.codes()).toEqual(['ERR_OCPP_WEBSOCKET'])
    await works(harness)
  })

  test('a small message that inflates over the limit ends the connection', async () => {
    const harness = await start()
    const socket = await opened(harness.open())
    expect(socket.extensions).toContain('permessage-deflate')
    socket.send(JSON.stringify([2, 'a', 'X', { data: ' '.repeat(10_000_000) }]))
    const [closeCode] = await once(socket, 'close')
    expect(closeCode).toBe(1009)
    await works(harness)
  })

  test('a message in hundreds of fragments ends the connection', async () => {
    const harness = await start()
    const socket = await opened(harness.open())
    for (let i = 0; i < 200; i++) socket.send('x', { fin: false })
    await once(socket, 'close')
    await expect.poll(() => harness.codes()).toEqual(['ERR_OCPP_WEBSOCKET'])
    await works(harness)
  })

  test('binary frames are refused', async () => {
    const harness = await start()
    const socket = await opened(harness.open())
    socket.send(Buffer.from('[2,"a","X",{}]'))
    await expect(nextText(socket)).resolves.toEqual([4, 'a', 'RpcFrameworkError', expect.any(String), {}])
    expect(harness.codes()).toEqual(['ERR_OCPP_FRAME_BINARY'])
  })

  test('a peer that sends and never reads is cut off', async () => {
    const harness = await start({
      handle: async () => ({ data: 'x'.repeat(30_000) }),
      limits: { unsentBytesMax: 100_000 },
    })
    const socket = await opened(harness.open())
    socket.pause()
    const timer = setInterval(() => socket.send(JSON.stringify([2, crypto.randomUUID(), 'X', {}])), 1)
    await expect.poll(() => harness.codes(), { timeout: 10_000 }).toContain('ERR_OCPP_SLOW_READER')
    clearInterval(timer)
    await works(harness)
  })

  test('a peer that no longer answers pings is cut off', async () => {
    const harness = await start({ limits: { pingIntervalMs: 50 } })
    await opened(harness.open('CP-1', { autoPong: false }))
    await opened(harness.open('CP-2'))
    await expect.poll(() => harness.codes()).toEqual(['ERR_OCPP_SILENT'])
    await delay(150)
    expect(harness.server.connectionOf('CP-2')).toBeDefined()
  })
})

function connectionOf(harness: Harness): NonNullable<ReturnType<OcppServer['connectionOf']>> {
  const connection = harness.server.connectionOf('CP-1')
  if (connection === undefined) throw new Error('CP-1 is not connected')
  return connection
}

describe('calls to the charge point', () => {
  test('go out one at a time with ids of their own and bring the result', async () => {
    const harness = await start()
    const socket = await opened(harness.open())
    const ids: string[] = []
    socket.on('message', (data: Buffer) => {
      const [, id, action] = JSON.parse(data.toString())
      ids.push(id)
      socket.send(JSON.stringify([3, id, { echo: action }]))
    })
    const connection = connectionOf(harness)
    const results = await Promise.all([
      connection.call('A', {}, { timeoutMs: 1000 }),
      connection.call('B', {}, { timeoutMs: 1000 }),
    ])
    expect(results).toEqual([{ echo: 'A' }, { echo: 'B' }])
    expect(new Set(ids).size).toBe(2)
  })

  test('fail with a code on refusal, silence and disconnection', async () => {
    const harness = await start()
    const socket = await opened(harness.open())
    const connection = connectionOf(harness)
    socket.once('message', (data: Buffer) =>
      socket.send(JSON.stringify([4, JSON.parse(data.toString())[1], 'NotSupported', '', {}])),
    )
    await expect(connection.call('A', {}, { timeoutMs: 1000 })).rejects.toMatchObject({
      code: 'ERR_OCPP_CALL_REFUSED',
    })
    await expect(connection.call('B', {}, { timeoutMs: 20 })).rejects.toMatchObject({
      code: 'ERR_OCPP_CALL_TIMEOUT',
    })
    const pending = connection.call('C', {}, { timeoutMs: 1000 })
    socket.terminate()
    await expect(pending).rejects.toMatchObject({ code: 'ERR_OCPP_DISCONNECTED' })
    await expect(connection.call('D', {}, { timeoutMs: 1000 })).rejects.toMatchObject({
      code: 'ERR_OCPP_DISCONNECTED',
    })
  })

  test('do not pile up', async () => {
    const harness = await start()
    const socket = await opened(harness.open())
    socket.pause()
    const connection = connectionOf(harness)
    const calls = Array.from({ length: 30 }, () =>
      connection.call('A', {}, { timeoutMs: 1000 }).catch((error: unknown) => error),
    )
    socket.terminate()
    const outcomes = await Promise.all(calls)
    expect(outcomes.slice(0, 17)).toSatisfy((all: { code: string }[]) =>
      all.every(({ code }) => code === 'ERR_OCPP_DISCONNECTED'),
    )
    expect(outcomes.slice(17)).toSatisfy((all: { code: string }[]) =>
      all.every(({ code }) => code === 'ERR_OCPP_CALL_WAITING_MAX'),
    )
  })
})

describe('shutting down', () => {
  test('answers what is in progress, then closes with 1001', async () => {
    const release = Promise.withResolvers<object>()
    const harness = await start({ handle: () => release.promise, limits: { drainMs: 5000 } })
    const socket = await opened(harness.open())
    socket.send('[2,"a","Slow",{}]')
    await delay(50)
    const closing = harness.server[Symbol.asyncDispose]()
    const answer = nextText(socket)
    const close = once(socket, 'close')
    release.resolve({ done: true })
    await expect(answer).resolves.toEqual([3, 'a', { done: true }])
    expect((await close)[0]).toBe(1001)
    await closing
  })

  test('does not wait longer than its deadline, for a handler or a half-open peer', async () => {
    const harness = await start({ handle: () => new Promise(() => undefined), limits: { drainMs: 100 } })
    const socket = await opened(harness.open())
    await raw(harness)
    socket.send('[2,"a","Slow",{}]')
    await delay(50)
    const startedMs = performance.now()
    await harness.server[Symbol.asyncDispose]()
    expect(performance.now() - startedMs).toBeLessThan(1000)
  })
})
