/** A network between a program and its database that can fail: a builder for tests. */
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

export interface TestNetwork extends AsyncDisposable {
  readonly port: number
  /** Ends all connections and takes no new ones. */
  readonly cut: () => Promise<void>
  readonly mend: () => Promise<void>
  /** Connections stay, and nothing gets through them any more, nor through new ones. */
  readonly swallow: () => void
}

export async function startNetwork(target: {
  readonly host: string
  readonly port: number
}): Promise<TestNetwork> {
  const sockets = new Set<Socket>()
  let swallows = false
  const join = (socket: Socket): void => {
    const onward = connect(target)
    for (const [from, to] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      sockets.add(from)
      from.on('data', (data) => {
        if (!swallows) to.write(data)
      })
      from.on('error', () => {})
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
    }
  }
  let server = await listen(0, join)
  const port = portOf(server)
  const cut = async (): Promise<void> => {
    const closed = once(server, 'close')
    server.close()
    for (const socket of sockets) socket.destroy()
    await closed
  }
  return {
    port,
    cut,
    mend: async () => {
      swallows = false
      if (!server.listening) server = await listen(port, join)
    },
    swallow: () => {
      swallows = true
    },
    [Symbol.asyncDispose]: async () => {
      if (server.listening) await cut()
    },
  }
}

async function listen(port: number, onConnection: (socket: Socket) => void): Promise<Server> {
  const server = createServer(onConnection).listen(port, '127.0.0.1')
  await once(server, 'listening')
  return server
}

function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('it listens on a port')
  return address.port
}
