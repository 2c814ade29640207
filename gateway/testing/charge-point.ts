/** A charge point for tests on the WebSocket of Node.js: an implementation other than the server's. */
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'

export class ChargePoint implements AsyncDisposable {
  readonly #socket: WebSocket

  private constructor(socket: WebSocket) {
    this.#socket = socket
  }

  static async connect({
    url,
    identity,
    password,
  }: {
    url: string
    identity: string
    password: string
  }): Promise<ChargePoint> {
    const authorization = `Basic ${Buffer.from(`${identity}:${password}`).toString('base64')}`
    const socket = new WebSocket(url, { protocols: ['ocpp2.0.1'], headers: { authorization } })
    await once(socket, 'open')
    return new ChargePoint(socket)
  }

  /** The payload of the result; a CALLERROR rejects with its code. */
  async call(action: string, payload: object): Promise<unknown> {
    const id = randomUUID()
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    const onMessage = ({ data }: { data: unknown }): void => {
      const [type, answered, content]: unknown[] = JSON.parse(String(data))
      if (answered !== id) return
      if (type === 3) resolve(content)
      else reject(new Error(String(content)))
    }
    const onClose = (): void => reject(new Error('closed'))
    this.#socket.addEventListener('message', onMessage)
    this.#socket.addEventListener('close', onClose)
    this.#socket.send(JSON.stringify([2, id, action, payload]))
    try {
      return await promise
    } finally {
      this.#socket.removeEventListener('message', onMessage)
      this.#socket.removeEventListener('close', onClose)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#socket.readyState === WebSocket.CLOSED) return
    const closed = once(this.#socket, 'close')
    this.#socket.close()
    await closed
  }
}
