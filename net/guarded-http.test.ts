import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'

import { expect, test } from 'vitest'

import { guardedHttp } from './guarded-http.ts'

const http = guardedHttp({ allowedNetworks: ['127.0.0.0/8'], timeoutMs: 300 })

type Listen = (request: IncomingMessage, response: ServerResponse) => unknown

async function serve(listen: Listen): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((request, response) => {
    void Promise.resolve(listen(request, response)).catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('it listens on a port')
  return {
    url: `http://127.0.0.1:${address.port}/`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Never ends, and never stops sending. */
function flood(response: ServerResponse): void {
  const more = (): void => {
    while (!response.destroyed && response.write(Buffer.alloc(1024)));
    response.once('drain', more)
  }
  more()
}

test('sends headers and body, and gives the status', async () => {
  const bytes = Uint8Array.of(1, 2, 3)
  await using site = await serve(async (request, response) => {
    const body = await buffer(request)
    const { 'x-own': own, 'content-type': type } = request.headers
    response.writeHead(own === '1' && type === 'text/x' && body.equals(bytes) ? 201 : 500).end()
  })
  const body = { bytes, contentType: 'text/x' }
  await expect(http({ address: site.url, headers: { 'x-own': '1' }, body })).resolves.toEqual({
    status: 201,
    body: new Uint8Array(),
  })
})

test('does not read a body that nobody wants', async () => {
  await using site = await serve((_request, response) => flood(response))
  await expect(http({ address: site.url })).resolves.toMatchObject({ status: 200 })
})

test.each([200, 204, 302, 404, 500])('gives status %d as it is', async (status) => {
  await using site = await serve((_request, response) =>
    response.writeHead(status, { location: 'http://127.0.0.1:1/' }).end(),
  )
  await expect(http({ address: site.url, bytesMax: 1 })).resolves.toMatchObject({ status })
})

test.each<{ what: string; code: string; listener: Listen }>([
  { what: 'says nothing', code: 'ERR_NET_TIMEOUT', listener: () => {} },
  { what: 'hangs up', code: 'ERR_NET_UNREACHABLE', listener: (request) => void request.socket.destroy() },
  { what: 'sends too much', code: 'ERR_NET_ANSWER_TOO_LARGE', listener: (_, response) => flood(response) },
])('gives up on a server that $what: $code', async ({ code, listener }) => {
  await using site = await serve(listener)
  await expect(http({ address: site.url, bytesMax: 2048 })).rejects.toMatchObject({ code })
})

test('connects to nothing that is not public, by whatever name: ERR_NET_ADDRESS', async () => {
  const guarded = guardedHttp({ resolve: async () => [{ address: '10.0.0.1' }] })
  for (const address of ['https://127.0.0.1/', 'https://receiver.example/'])
    await expect(guarded({ address })).rejects.toMatchObject({ code: 'ERR_NET_ADDRESS' })
})
