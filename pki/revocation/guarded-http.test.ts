import { describe, expect, test } from 'vitest'

import { guardedHttp } from './guarded-http.ts'
import { LOOPBACK, serve } from './revocation.fixture.ts'

const TIMEOUT_MS = 200

const http = guardedHttp({ allowedNetworks: LOOPBACK, timeoutMs: TIMEOUT_MS })

describe('the guarded network', () => {
  test('posts a body and gives the answer', async () => {
    await using site = await serve((request, response) => {
      request.pipe(response.setHeader('x-type', request.headers['content-type'] ?? ''))
    })
    const bytes = Uint8Array.of(1, 2, 3)
    const body = { bytes, contentType: 'application/ocsp-request' }
    await expect(http({ address: site.url, body, bytesMax: 3 })).resolves.toEqual(bytes)
  })

  test('does not connect to loopback that is not allowed: ERR_REVOCATION_ADDRESS', async () => {
    let connections = 0
    await using site = await serve((_request, response) => response.end())
    site.server.on('connection', () => {
      connections++
    })
    await expect(guardedHttp()({ address: site.url, bytesMax: 10 })).rejects.toMatchObject({
      code: 'ERR_REVOCATION_ADDRESS',
    })
    const byName = site.url.replace('127.0.0.1', 'localhost')
    await expect(guardedHttp()({ address: byName, bytesMax: 10 })).rejects.toMatchObject({
      code: 'ERR_REVOCATION_ADDRESS',
    })
    expect(connections).toBe(0)
  })

  test('connects to the address that was checked, and resolves the name once', async () => {
    let resolutions = 0
    await using site = await serve((request, response) => response.end(request.headers.host))
    const { port } = new URL(site.url)
    const pinned = guardedHttp({
      allowedNetworks: LOOPBACK,
      resolve: async () => [{ address: resolutions++ === 0 ? '127.0.0.1' : '127.0.0.9' }],
    })
    const answer = await pinned({ address: `http://ocsp.example:${port}/`, bytesMax: 100 })
    expect(Buffer.from(answer).toString()).toBe(`ocsp.example:${port}`)
    expect(resolutions).toBe(1)
  })

  test('follows no redirect: ERR_REVOCATION_FETCH', async () => {
    let followed = false
    await using target = await serve((_request, response) => {
      followed = true
      response.end('secret')
    })
    await using site = await serve((_request, response) => {
      response.writeHead(302, { location: target.url }).end()
    })
    await expect(http({ address: site.url, bytesMax: 100 })).rejects.toMatchObject({
      code: 'ERR_REVOCATION_FETCH',
    })
    expect(followed).toBe(false)
  })

  test.each([
    { what: 'announced', announce: true },
    { what: 'unannounced', announce: false },
  ])('cuts an answer off that is too long, $what: ERR_REVOCATION_ANSWER_TOO_LARGE', async ({ announce }) => {
    await using site = await serve((_request, response) => {
      if (announce) response.setHeader('content-length', 1_000_000_000)
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(1024)));
        response.once('drain', more)
      }
      more()
    })
    await expect(http({ address: site.url, bytesMax: 2048 })).rejects.toMatchObject({
      code: 'ERR_REVOCATION_ANSWER_TOO_LARGE',
    })
  })

  test.each<{ what: string; listener: Parameters<typeof serve>[0] }>([
    { what: 'says nothing', listener: () => {} },
    {
      what: 'switches protocols',
      listener: (request) =>
        void request.socket.write(
          'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n',
        ),
    },
    { what: 'stops in the middle', listener: (_request, response) => void response.write('a') },
    {
      what: 'trickles',
      listener: (_request, response) => {
        const timer = setInterval(() => void response.write('a'), 20)
        response.once('close', () => clearInterval(timer))
      },
    },
  ])('gives up on a server that $what: ERR_REVOCATION_TIMEOUT', async ({ listener }) => {
    await using site = await serve(listener)
    await expect(http({ address: site.url, bytesMax: 1_000_000 })).rejects.toMatchObject({
      code: 'ERR_REVOCATION_TIMEOUT',
    })
  })

  test('gives up on a name server that says nothing: ERR_REVOCATION_TIMEOUT', async () => {
    const network = guardedHttp({ timeoutMs: TIMEOUT_MS, resolve: () => new Promise(() => {}) })
    await expect(network({ address: 'http://ocsp.example/', bytesMax: 1 })).rejects.toMatchObject({
      code: 'ERR_REVOCATION_TIMEOUT',
    })
  })

  test('ends with the signal of its caller: ERR_REVOCATION_TIMEOUT', async () => {
    await using site = await serve(() => {})
    const request = { address: site.url, bytesMax: 1, signal: AbortSignal.timeout(20) }
    await expect(guardedHttp({ allowedNetworks: LOOPBACK })(request)).rejects.toMatchObject({
      code: 'ERR_REVOCATION_TIMEOUT',
    })
  })

  test.each([404, 500, 204])('takes status %d for no answer: ERR_REVOCATION_FETCH', async (status) => {
    await using site = await serve((_request, response) => response.writeHead(status).end())
    await expect(http({ address: site.url, bytesMax: 1 })).rejects.toMatchObject({
      code: 'ERR_REVOCATION_FETCH',
    })
  })

  test('takes a cut connection for no answer: ERR_REVOCATION_FETCH', async () => {
    await using site = await serve((request) => request.socket.destroy())
    await expect(http({ address: site.url, bytesMax: 1 })).rejects.toMatchObject({
      code: 'ERR_REVOCATION_FETCH',
    })
  })
})
