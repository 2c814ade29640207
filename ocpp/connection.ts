import type { RawData, WebSocket } from 'ws'

import { codeOf, messageOf, type Clock } from '#base'

import type { CallErrorCode } from './call-error.ts'
import { OcppError, type OcppErrorCode } from './errors.ts'
import type { OcppEvent } from './events.ts'
import { answerIdOf, parseFrame, writeCallError, type Frame } from './frame.ts'
import type { Subprotocol } from './handshake.ts'
import { InboundCalls } from './inbound-calls.ts'
import type { OcppLimits } from './limits.ts'
import { OutboundCalls } from './outbound-calls.ts'

/** WebSocket close codes (RFC 6455, §7.4.1). */
const CLOSE_GOING_AWAY = 1001
const CLOSE_PROTOCOL_ERROR = 1002
const CLOSE_POLICY_VIOLATION = 1008

/** A CALL as a handler sees it. The payload is whatever object the charge point sent. */
export interface ChargePointCall {
  readonly identity: string
  readonly subprotocol: Subprotocol
  readonly action: string
  readonly payload: object
  /** When its frame came, before the calls ahead of it were answered: deadlines count from here. */
  readonly arrivedAtMs: number
}

/** Answers a CALL with the payload of its CALLRESULT, or throws a CallError. */
export type HandleChargePointCall = (call: ChargePointCall) => Promise<object>

interface ConnectionOptions {
  readonly socket: WebSocket
  readonly identity: string
  readonly subprotocol: Subprotocol
  readonly handle: HandleChargePointCall
  readonly onEvent: (event: OcppEvent) => void
  readonly limits: OcppLimits
  readonly clock: Clock
}

/** One charge point on one WebSocket: its calls in order, calls to it, and whether it is still there. */
export class ChargePointConnection {
  readonly identity: string
  readonly subprotocol: Subprotocol
  /** Resolves when the socket is closed; nothing is sent or received afterwards. */
  readonly closed: Promise<void>
  readonly #socket: WebSocket
  readonly #onEvent: (event: OcppEvent) => void
  readonly #limits: OcppLimits
  readonly #clock: Clock
  readonly #inbound: InboundCalls
  readonly #outbound: OutboundCalls
  readonly #pings: NodeJS.Timeout
  #alive = true
  #onSignOfLife: (() => void) | undefined
  #badFrames = 0
  #draining = false
  #endedBy: OcppError | undefined

  constructor({ socket, identity, subprotocol, handle, onEvent, limits, clock }: ConnectionOptions) {
    this.identity = identity
    this.subprotocol = subprotocol
    this.#socket = socket
    this.#onEvent = onEvent
    this.#limits = limits
    this.#clock = clock
    this.#outbound = new OutboundCalls({ send: (text) => this.#send(text) })
    this.#inbound = new InboundCalls({
      handle: ({ action, payload, arrivedAtMs }) =>
        handle({ identity, subprotocol, action, payload, arrivedAtMs }),
      send: (text) => this.#send(text),
      onFailure: (failure) => onEvent({ kind: 'call-failed', identity, ...failure }),
      callsMax: limits.callsInFlightMax,
    })
    this.#pings = setInterval(() => this.#ping(), limits.pingIntervalMs)
    this.closed = new Promise((resolve) => this.#listen(resolve))
  }

  /**
   * Calls the charge point; see {@link OutboundCalls.call} for limits and errors. The payload of the result is
   * unchecked.
   */
  call(action: string, payload: object, options: { timeoutMs: number }): Promise<object> {
    return this.#outbound.call(action, payload, options)
  }

  /** Whether the peer answers a ping, or sends anything, within the time of `takeoverProbeMs`. */
  async probe(): Promise<'alive' | 'silent'> {
    const { promise, resolve } = Promise.withResolvers<'alive' | 'silent'>()
    const timer = setTimeout(resolve, this.#limits.takeoverProbeMs, 'silent')
    this.#onSignOfLife = () => resolve('alive')
    this.#socket.ping()
    const verdict = await Promise.race([promise, this.closed.then(() => 'silent' as const)])
    this.#onSignOfLife = undefined
    clearTimeout(timer)
    return verdict
  }

  /** Takes no new call, waits for those in progress, then closes; whatever is left when `signal` fires is cut off. */
  async drain(signal: AbortSignal): Promise<void> {
    this.#draining = true
    const cutOff = (): void => this.#socket.terminate()
    if (signal.aborted) cutOff()
    signal.addEventListener('abort', cutOff)
    await Promise.race([this.#inbound.idle(), this.closed])
    this.#socket.close(CLOSE_GOING_AWAY, 'the gateway is shutting down')
    await this.closed
    signal.removeEventListener('abort', cutOff)
  }

  /** Ends the connection at once; the reason reaches the `disconnected` event. */
  async cutOff(code: OcppErrorCode, message: string): Promise<void> {
    this.#endedBy ??= new OcppError(code, message)
    this.#socket.terminate()
    await this.closed
  }

  #listen(onClosed: () => void): void {
    this.#socket.on('message', (data, isBinary) => this.#receive(data, isBinary))
    this.#socket.on('pong', () => this.#signOfLife())
    this.#socket.on('ping', () => {
      this.#signOfLife()
      this.#cutOffSlowReader()
    })
    // The 'close' event follows.
    this.#socket.on('error', (error) => {
      this.#endedBy ??= new OcppError(
        'ERR_OCPP_WEBSOCKET',
        `${codeOf(error) ?? 'error'}: ${messageOf(error)}`,
      )
    })
    this.#socket.on('close', (closeCode) => {
      clearInterval(this.#pings)
      this.#outbound.close()
      const { code, message } = this.#endedBy ?? {}
      this.#onEvent({
        kind: 'disconnected',
        identity: this.identity,
        closeCode,
        ...(code !== undefined && { code }),
        ...(message !== undefined && { message }),
      })
      onClosed()
    })
  }

  #receive(data: RawData, isBinary: boolean): void {
    this.#signOfLife()
    if (this.#draining) return
    const text = textOf(data)
    try {
      if (isBinary) throw new OcppError('ERR_OCPP_FRAME_BINARY', 'OCPP-J frames are text')
      this.#dispatch(parseFrame(text))
      this.#badFrames = 0
    } catch (error) {
      if (!(error instanceof OcppError)) throw error
      this.#refuse({ id: answerIdOf(text), code: 'RpcFrameworkError', because: error })
      this.#countBadFrame()
    }
  }

  #dispatch(frame: Frame): void {
    switch (frame.type) {
      case 'CALL':
        return this.#accept(frame)
      case 'CALLRESULT':
      case 'CALLERROR':
      case 'CALLRESULTERROR':
        if (this.#outbound.settle(frame) === 'unexpected') {
          this.#report(new OcppError('ERR_OCPP_FRAME_ID', `${frame.type} that answers no outstanding call`))
        }
        return
      case 'SEND':
        // Never answered, in any version; nothing here consumes one.
        return this.#report(new OcppError('ERR_OCPP_FRAME_TYPE', `SEND of ${frame.action} is not handled`))
      case 'UNKNOWN':
        return this.#meetUnknownType(frame)
    }
  }

  #accept(call: Extract<Frame, { type: 'CALL' }>): void {
    const verdict = this.#inbound.accept({ ...call, arrivedAtMs: this.#clock() })
    if (verdict === 'duplicate') {
      this.#report(
        new OcppError('ERR_OCPP_DUPLICATE_ID', `a second ${call.action} with the id of a call in progress`),
      )
    } else if (verdict === 'full') {
      const because = new OcppError(
        'ERR_OCPP_CALLS_MAX',
        `more than ${this.#limits.callsInFlightMax} calls in flight`,
      )
      this.#refuse({ id: call.id, code: 'GenericError', because })
    }
  }

  /** OCPP 2.0.1 wants an unknown type answered, the versions before and after it want it ignored (part 4, §4.2). */
  #meetUnknownType({ id, messageTypeId }: { id: string; messageTypeId: number }): void {
    const because = new OcppError('ERR_OCPP_FRAME_TYPE', `message type ${messageTypeId} is unknown`)
    if (this.subprotocol === 'ocpp2.0.1') this.#refuse({ id, code: 'MessageTypeNotSupported', because })
    else this.#report(because)
  }

  #refuse({ id, code, because }: { id: string; code: CallErrorCode; because: OcppError }): void {
    this.#send(writeCallError({ id, code, description: because.message }))
    this.#report(because)
  }

  #report({ code, message }: OcppError): void {
    this.#onEvent({ kind: 'frame-refused', identity: this.identity, code, message })
  }

  #countBadFrame(): void {
    this.#badFrames++
    if (this.#badFrames < this.#limits.badFramesMax) return
    this.#endedBy ??= new OcppError('ERR_OCPP_BAD_FRAMES_MAX', `${this.#badFrames} bad frames in a row`)
    this.#draining = true
    this.#socket.close(CLOSE_POLICY_VIOLATION, 'too many bad frames')
  }

  #send(text: string): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    this.#socket.send(text)
    this.#cutOffSlowReader()
  }

  #cutOffSlowReader(): void {
    if (this.#socket.bufferedAmount <= this.#limits.unsentBytesMax) return
    void this.cutOff('ERR_OCPP_SLOW_READER', `over ${this.#limits.unsentBytesMax} bytes wait to be read`)
  }

  #ping(): void {
    if (!this.#alive) {
      void this.cutOff('ERR_OCPP_SILENT', `no sign of life for ${this.#limits.pingIntervalMs} ms`)
      return
    }
    this.#alive = false
    this.#socket.ping()
  }

  #signOfLife(): void {
    this.#alive = true
    this.#onSignOfLife?.()
  }
}

/** Refuses a charge point that shares no OCPP version: the handshake is finished first (part 4, §3.2). */
export function closeWithoutSubprotocol(socket: WebSocket): void {
  socket.on('error', () => socket.terminate())
  socket.close(CLOSE_PROTOCOL_ERROR, 'no OCPP version in common')
}

function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString('utf8')
  return data instanceof ArrayBuffer ? Buffer.from(data).toString('utf8') : data.toString('utf8')
}
