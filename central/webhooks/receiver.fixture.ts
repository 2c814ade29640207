/** An HTTPS server that is sent events, as behaved as a test wants it. */
import { once } from 'node:events'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import { buffer } from 'node:stream/consumers'

import { privateKeyPem, type ThrowawayPki } from '#pki'

export const LOOPBACK = ['127.0.0.0/8', '::1/128']

interface Received {
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  /** Parsed. */
  readonly event: {
    readonly eventId: string
    readonly eventType: string
    readonly payload: Readonly<Record<string, unknown>>
  }
}

/** A status, or what happens instead of an answer. */
type Behaviour = number | 'hang' | 'reset' | ((response: ServerResponse) => void)

export interface Receiver extends AsyncDisposable {
  readonly url: string
  /** In the order they came. */
  readonly received: readonly Received[]
  /** What happens next, one after the other; the last goes on for ever. */
  readonly behave: (...behaviours: readonly [Behaviour, ...Behaviour[]]) => void
  /** Once there are as many. */
  readonly gets: (count: number) => Promise<readonly Received[]>
}

export async function startReceiver(pki: ThrowawayPki): Promise<Receiver> {
  const { certificate, privateKey } = pki['tls/central']
  const received: Received[] = []
  let next: Behaviour[] = [200]
  const arrivals = new EventTarget()
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await buffer(request)
    received.push({ headers: request.headers, body, event: JSON.parse(body.toString()) })
    const behaviour = (next.length > 1 ? next.shift() : next[0]) ?? 200
    if (behaviour === 'reset') request.socket.destroy()
    else if (typeof behaviour === 'number') response.writeHead(behaviour).end()
    else if (behaviour !== 'hang') behaviour(response)
    arrivals.dispatchEvent(new Event('arrival'))
  }
  const server = createServer(
    { cert: certificate.toPem(), key: privateKeyPem(privateKey) },
    (request, response) => void take(request, response).catch(() => response.destroy()),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('it listens on a port')
  return {
    url: `https://127.0.0.1:${address.port}/events?token=abc`,
    received,
    behave: (...behaviours) => {
      next = [...behaviours]
    },
    gets: async (count) => {
      while (received.length < count) await once(arrivals, 'arrival')
      return received
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
