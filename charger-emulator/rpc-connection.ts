/** OCPP-J of ocpp-rpc, an implementation independent of the gateway's own, behind our types and errors. */
import { setTimeout as delay } from 'node:timers/promises'

import ocppRpc from 'ocpp-rpc'

import { codeOf, messageOf } from '#base'
import type { Secret } from '#service'

import { EmulatorError } from './errors.ts'

const { RPCClient, TimeoutError } = ocppRpc

const CONNECT_TIMEOUT_MS = 10_000
/** For calls other than Get15118EVCertificate. */
const CALL_TIMEOUT_MS = 10_000
/** How long a gateway may take to answer the closing handshake before the connection is given up. */
const CLOSE_TIMEOUT_MS = 2_000
const PING_INTERVAL_MS = 30_000
/** Above the longest answer of OCPP 2.1, 17,000 characters of EXI. */
const FRAME_BYTES_MAX = 65_536
/** A gateway that sends this many frames in a row that are no OCPP is left. */
const BAD_FRAMES_MAX = 8

/** Where a charge point connects to, and as whom. */
export interface GatewayAccess {
  /** Without the identity, which is appended as OCPP-J has it: `wss://gateway.example/ocpp`. */
  readonly url: string
  readonly identity: string
  /** For HTTP Basic authentication; the user name is the identity. */
  readonly password: Secret
  /** PEM of the authorities a `wss:` server must be certified by, instead of the system's. */
  readonly caPem?: string | undefined
}

/** A connection with one outstanding call at a time (part 4, §4.1.1), re-established when it breaks. */
export class RpcConnection implements AsyncDisposable {
  readonly #client: InstanceType<typeof RPCClient>

  private constructor(client: InstanceType<typeof RPCClient>) {
    this.#client = client
  }

  /** @throws {EmulatorError} ERR_CHARGE_POINT_CONNECT, ERR_CHARGE_POINT_UNAUTHORIZED */
  static async open({ url, identity, password, caPem }: GatewayAccess): Promise<RpcConnection> {
    const client = new RPCClient({
      identity,
      endpoint: url.replace(/\/$/, ''),
      protocols: ['ocpp2.0.1'],
      password: password.reveal(),
      // The schemas of ocpp-rpc refuse the answers of real pools, which are longer than OCPP 2.0.1 foresaw.
      strictMode: false,
      strictModeValidators: [],
      callTimeoutMs: CALL_TIMEOUT_MS,
      callConcurrency: 1,
      pingIntervalMs: PING_INTERVAL_MS,
      deferPingsOnActivity: false,
      respondWithDetailedErrors: false,
      maxBadMessages: BAD_FRAMES_MAX,
      reconnect: true,
      maxReconnects: Infinity,
      backoff: { initialDelay: 1_000, maxDelay: 10_000, factor: 2, randomisationFactor: 0.25 },
      headers: {},
      wsOpts: {
        maxPayload: FRAME_BYTES_MAX,
        handshakeTimeout: CONNECT_TIMEOUT_MS,
        ...(caPem !== undefined && { ca: caPem }),
      },
    })
    try {
      await client.connect()
    } catch (error) {
      throw connectError(url, error)
    }
    return new RpcConnection(client)
  }

  /**
   * Sends a CALL and waits for its CALLRESULT.
   *
   * @throws {EmulatorError} ERR_CHARGE_POINT_TIMEOUT, ERR_CHARGE_POINT_CALL_ERROR, ERR_CHARGE_POINT_CLOSED
   */
  async call(action: string, payload: object, timeoutMs = CALL_TIMEOUT_MS): Promise<unknown> {
    // ocpp-rpc would keep the frame and send it after a reconnection, long after anybody waits for the answer.
    if (this.#client.state !== RPCClient.OPEN) throw closedError('not connected')
    try {
      return await this.#client.call(action, payload, { callTimeoutMs: timeoutMs })
    } catch (error) {
      throw callError(action, timeoutMs, error)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const timeout = new AbortController()
    await Promise.race([
      this.#client.close({ code: 1000, reason: 'charge point goes off' }),
      delay(CLOSE_TIMEOUT_MS, undefined, { signal: timeout.signal, ref: false }).catch(() => {}),
    ])
    timeout.abort()
  }
}

function connectError(url: string, error: unknown): EmulatorError {
  // ocpp-rpc puts the HTTP status of a refused upgrade, a number, where Node puts its codes.
  const status =
    error instanceof Error && 'code' in error && typeof error.code === 'number' ? error.code : undefined
  const detail = status === undefined ? codeOf(error) : `HTTP ${status}`
  const unauthorized = status === 401 || status === 403
  return new EmulatorError(
    unauthorized ? 'ERR_CHARGE_POINT_UNAUTHORIZED' : 'ERR_CHARGE_POINT_CONNECT',
    `cannot connect to ${url}: ${[detail, messageOf(error)].filter(Boolean).join(', ')}`,
    { detail, cause: error },
  )
}

function callError(action: string, timeoutMs: number, error: unknown): EmulatorError {
  if (error instanceof TimeoutError) {
    return new EmulatorError('ERR_CHARGE_POINT_TIMEOUT', `no answer to ${action} within ${timeoutMs} ms`)
  }
  if (error instanceof Error && 'rpcErrorCode' in error) {
    const detail = String(error.rpcErrorCode)
    return new EmulatorError(
      'ERR_CHARGE_POINT_CALL_ERROR',
      `${action} refused: ${detail}, ${error.message}`,
      {
        detail,
      },
    )
  }
  return closedError(messageOf(error))
}

function closedError(what: string): EmulatorError {
  return new EmulatorError('ERR_CHARGE_POINT_CLOSED', `connection to the gateway lost: ${what}`)
}
