import { once } from 'node:events'
import { createServer, type Server } from 'node:net'

/** The port a TCP server listens on. */
export function portOf(server: Pick<Server, 'address'>): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('not a listening TCP server')
  return address.port
}

/** Two neighbouring ports that are free now. */
export async function freePortBase(): Promise<number> {
  const [first, second] = [createServer(), createServer()]
  try {
    await once(first.listen(0, '127.0.0.1'), 'listening')
    const port = portOf(first)
    await once(second.listen(port + 1, '127.0.0.1'), 'listening')
    return port
  } catch {
    return await freePortBase()
  } finally {
    first.close()
    second.close()
  }
}
