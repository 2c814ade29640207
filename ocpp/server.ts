import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createHttpServer, STATUS_CODES, type IncomingMessage, type Server } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'

import { WebSocketServer, type WebSocket } from 'ws'

import { codeOf, type Clock } from '#base'

import { ChargePointConnection, closeWithoutSubprotocol, type HandleChargePointCall } from './connection.ts'
import { OcppError, type OcppErrorCode } from './errors.ts'
import type { OcppEvent } from './events.ts'
import { chooseSubprotocol, identityOfTarget, offersOf, passwordOf, type Subprotocol } from './handshake.ts'
import { OCPP_LIMITS, type OcppLimits } from './limits.ts'

/** Refusing a peer must stay possible while all connections are taken. */
const HANDSHAKES_BEYOND_CONNECTIONS_MAX = 256
const HEADER_BYTES_MAX = 8 * 1024
/** ws counts fragments and buffered chunks; without a limit, one-byte fragments cost 15 times their size. */
const FRAGMENTS_MAX = 64
const BUFFERED_CHUNKS_MAX = 256
/** RFC 7692 without context between messages and with a small window: 100 KB per connection instead of 220. */
const DEFLATE = {
  serverNoContextTakeover: true,
  clientNoContextTakeover: true,
  serverMaxWindowBits: 10,
  clientMaxWindowBits: 10,
  zlibDeflateOptions: { memLevel: 3 },
  threshold: 1024,
}

const REFUSALS: Partial<Record<OcppErrorCode, number>> = {
  ERR_OCPP_URL: 404,
  ERR_OCPP_UNKNOWN_IDENTITY: 404,
  ERR_OCPP_CREDENTIALS: 401,
  ERR_OCPP_IDENTITY_IN_USE: 409,
  ERR_OCPP_CONNECTIONS_MAX: 503,
  ERR_OCPP_SHUTTING_DOWN: 503,
}

export type Authentication = 'accepted' | 'unknown-identity' | 'bad-credentials'

export interface OcppServerOptions {
  readonly host: string
  /** 0 lets the system choose. */
  readonly port: number
  /** Charge points connect to `{path}/{identity}`; begins with '/' and does not end in one. */
  readonly path: string
  /** PEM; present: security profile 2 (wss, TLS 1.2 or newer), absent: profile 1 (ws). */
  readonly tls?: { readonly certificate: string; readonly privateKey: string } | undefined
  readonly subprotocols: readonly Subprotocol[]
  /** The password is absent when none was sent, or one for another user name. Must compare in constant time. */
  readonly authenticate: (attempt: {
    readonly identity: string
    readonly password: Uint8Array | undefined
  }) => Authentication | Promise<Authentication>
  readonly handle: HandleChargePointCall
  /** For the log; must not throw. */
  readonly onEvent: (event: OcppEvent) => void
  readonly limits?: Partial<OcppLimits> | undefined
  /** Tells handlers when a call arrived. */
  readonly clock: Clock
}

/**
 * Accepts charge points over WebSocket (OCPP-J) and hands their calls on.
 *
 * An identity has one connection at a time. Somebody who asks for a taken one proves who it is first; then the holder
 * is pinged, and loses the identity only by not answering. So a charge point that lost its network gets back in, and
 * nobody can push out or shadow one that is there.
 */
export class OcppServer implements AsyncDisposable {
  readonly #options: OcppServerOptions
  readonly #limits: OcppLimits
  readonly #http: Server
  readonly #webSockets: WebSocketServer
  readonly #sockets = new Set<Socket>()
  readonly #connections = new Map<string, ChargePointConnection>()
  /** Identities whose holder is being probed: a third party does not get to wait. */
  readonly #contested = new Set<string>()
  #closing: Promise<void> | undefined

  private constructor(options: OcppServerOptions) {
    this.#options = options
    this.#limits = { ...OCPP_LIMITS, ...options.limits }
    this.#http = httpServer(options, this.#limits)
    this.#http.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => void this.#sockets.delete(socket))
    })
    this.#http.on('request', (_request, response) => {
      response.writeHead(426, { upgrade: 'websocket' }).end()
    })
    this.#http.on('upgrade', (request, socket, head) => void this.#upgrade(request, socket, head))
    this.#http.on('tlsClientError', (error, socket: TLSSocket) => {
      const refused = new OcppError('ERR_OCPP_TLS', codeOf(error) ?? 'the TLS handshake failed')
      this.#reportRefusal(refused, { remoteAddress: socket.remoteAddress ?? 'unknown' })
    })
    this.#webSockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: DEFLATE,
      maxPayload: this.#limits.frameBytesMax,
      maxFragments: FRAGMENTS_MAX,
      maxBufferedChunks: BUFFERED_CHUNKS_MAX,
      handleProtocols: (offered) => chooseSubprotocol(offered, options.subprotocols) ?? false,
    })
    this.#webSockets.on('wsClientError', (error, socket, request) => {
      this.#refuse({ request, socket, error: new OcppError('ERR_OCPP_HANDSHAKE', error.message) })
    })
  }

  /** Resolves once connections are accepted; rejects with the system's error when the address cannot be had. */
  static async listen(options: OcppServerOptions): Promise<OcppServer> {
    const server = new OcppServer(options)
    server.#http.listen(options.port, options.host)
    await once(server.#http, 'listening')
    return server
  }

  /** The port really listened on. */
  get port(): number {
    const address = this.#http.address()
    assert(typeof address === 'object' && address !== null, 'a server that listens on TCP has an address')
    return address.port
  }

  /** The open connection of a charge point, for calls to it. */
  connectionOf(identity: string): ChargePointConnection | undefined {
    return this.#connections.get(identity)
  }

  get connectionCount(): number {
    return this.#connections.size
  }

  /** Stops listening, lets calls in progress finish within `drainMs`, closes every connection. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const deadline = AbortSignal.timeout(this.#limits.drainMs)
    const stopped = once(this.#http, 'close')
    this.#http.close()
    await Promise.all([...this.#connections.values()].map((connection) => connection.drain(deadline)))
    // What is left is in the middle of a handshake, or refused and not yet gone.
    for (const socket of this.#sockets) socket.destroy()
    await stopped
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    // A peer that resets the connection now must not end the process.
    socket.on('error', () => void socket.destroy())
    let identity: string | undefined
    try {
      identity = identityOfTarget(request.url ?? '', { path: this.#options.path })
      await this.#admit(identity, request, socket)
      if (!socket.destroyed) this.#accept({ request, socket, head, identity })
    } catch (error) {
      this.#refuse({ request, socket, error, identity })
    }
  }

  /** Everything that is refused before the handshake is refused here. */
  async #admit(identity: string, request: IncomingMessage, socket: Duplex): Promise<void> {
    await this.#authenticate(identity, request.headers.authorization)
    this.#checkRoom(identity)
    // Without a version in common there will be no connection to hand the identity to.
    if (this.#chooseSubprotocol(request) !== undefined) await this.#claim(identity, socket)
    this.#checkRoom(identity)
  }

  async #authenticate(identity: string, authorization: string | undefined): Promise<void> {
    const password = passwordOf(authorization, identity)
    const verdict = await this.#options.authenticate({ identity, password })
    if (verdict === 'unknown-identity') {
      throw new OcppError('ERR_OCPP_UNKNOWN_IDENTITY', 'no charge point of that identity is configured')
    }
    if (verdict === 'bad-credentials') {
      throw new OcppError('ERR_OCPP_CREDENTIALS', 'user name or password is missing or wrong')
    }
  }

  #checkRoom(identity: string): void {
    if (this.#closing !== undefined)
      throw new OcppError('ERR_OCPP_SHUTTING_DOWN', 'the gateway is shutting down')
    const { connectionsMax } = this.#limits
    if (this.#connections.size >= connectionsMax && !this.#connections.has(identity)) {
      throw new OcppError('ERR_OCPP_CONNECTIONS_MAX', `${connectionsMax} charge points are connected`)
    }
  }

  async #claim(identity: string, socket: Duplex): Promise<void> {
    const holder = this.#connections.get(identity)
    if (holder === undefined) return
    if (this.#contested.has(identity)) throw inUse('is being contested')
    this.#contested.add(identity)
    try {
      if ((await holder.probe()) === 'alive') throw inUse('has a connection that answers')
      // A newcomer that left meanwhile does not cost the holder its place.
      if (socket.destroyed) return
      await holder.cutOff('ERR_OCPP_TAKEN_OVER', 'silent while its identity connected again')
    } finally {
      this.#contested.delete(identity)
    }
  }

  #accept({
    request,
    socket,
    head,
    identity,
  }: {
    request: IncomingMessage
    socket: Duplex
    head: Buffer
    identity: string
  }): void {
    const subprotocol = this.#chooseSubprotocol(request)
    if (subprotocol !== undefined && this.#connections.has(identity)) throw inUse('was taken meanwhile')
    declineUnusualCompression(request)
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      if (subprotocol === undefined) {
        closeWithoutSubprotocol(webSocket)
        const error = new OcppError('ERR_OCPP_SUBPROTOCOL', 'no OCPP version in common')
        this.#reportRefusal(error, { remoteAddress: addressOf(request), identity })
      } else {
        this.#connect({ webSocket, identity, subprotocol, remoteAddress: addressOf(request) })
      }
    })
  }

  #connect({
    webSocket,
    identity,
    subprotocol,
    remoteAddress,
  }: {
    webSocket: WebSocket
    identity: string
    subprotocol: Subprotocol
    remoteAddress: string
  }): void {
    const { handle, onEvent, clock } = this.#options
    const connection = new ChargePointConnection({
      socket: webSocket,
      identity,
      subprotocol,
      handle,
      onEvent,
      limits: this.#limits,
      clock,
    })
    this.#connections.set(identity, connection)
    onEvent({ kind: 'connected', identity, subprotocol, remoteAddress })
    void this.#forgetWhenClosed(connection)
  }

  async #forgetWhenClosed(connection: ChargePointConnection): Promise<void> {
    await connection.closed
    if (this.#connections.get(connection.identity) === connection)
      this.#connections.delete(connection.identity)
  }

  #chooseSubprotocol(request: IncomingMessage): Subprotocol | undefined {
    return chooseSubprotocol(offersOf(request.headers['sec-websocket-protocol']), this.#options.subprotocols)
  }

  #refuse({
    request,
    socket,
    error,
    identity,
  }: {
    request: IncomingMessage
    socket: Duplex
    error: unknown
    identity?: string | undefined
  }): void {
    const status = error instanceof OcppError ? (REFUSALS[error.code] ?? 400) : 500
    const challenge = status === 401 ? 'WWW-Authenticate: Basic realm="OCPP"\r\n' : ''
    socket.end(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${challenge}Connection: close\r\nContent-Length: 0\r\n\r\n`,
    )
    socket.once('finish', () => void socket.destroy())
    const known =
      error instanceof OcppError ? error : new OcppError('ERR_OCPP_HANDSHAKE', 'the handshake failed')
    this.#reportRefusal(known, { remoteAddress: addressOf(request), identity })
  }

  #reportRefusal(
    { code, message }: OcppError,
    { remoteAddress, identity }: { remoteAddress: string; identity?: string | undefined },
  ): void {
    const who = identity === undefined ? {} : { identity }
    this.#options.onEvent({ kind: 'refused', code, message, remoteAddress, ...who })
  }
}

function httpServer({ tls }: OcppServerOptions, limits: OcppLimits): Server {
  const options = {
    maxHeaderSize: HEADER_BYTES_MAX,
    headersTimeout: limits.handshakeTimeoutMs,
    requestTimeout: limits.handshakeTimeoutMs,
    connectionsCheckingInterval: Math.ceil(limits.handshakeTimeoutMs / 4),
  }
  const server =
    tls === undefined
      ? createHttpServer(options)
      : createHttpsServer({
          ...options,
          cert: tls.certificate,
          key: tls.privateKey,
          minVersion: 'TLSv1.2',
          handshakeTimeout: limits.handshakeTimeoutMs,
        })
  server.maxConnections = limits.connectionsMax + HANDSHAKES_BEYOND_CONNECTIONS_MAX
  return server
}

/**
 * ws answers 400 to a compression offer it cannot accept, where RFC 7692 lets a server go on without; so only the
 * offer that every common client makes is shown to it.
 */
function declineUnusualCompression({ headers }: IncomingMessage): void {
  const offer = headers['sec-websocket-extensions']
  if (offer === undefined || /^\s*permessage-deflate;\s*client_max_window_bits\s*$/.test(offer)) return
  delete headers['sec-websocket-extensions']
}

function addressOf(request: IncomingMessage): string {
  return request.socket.remoteAddress ?? 'unknown'
}

function inUse(why: string): OcppError {
  return new OcppError('ERR_OCPP_IDENTITY_IN_USE', `the identity ${why}`)
}
