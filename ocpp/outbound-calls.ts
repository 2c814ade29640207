import { randomUUID } from 'node:crypto'

import { OcppError } from './errors.ts'
import { writeCall, type Frame } from './frame.ts'

/** Calls of the gateway's own that may wait for one charge point to answer the one before. */
const CALLS_WAITING_MAX = 16

type AnswerFrame = Extract<Frame, { type: 'CALLRESULT' | 'CALLERROR' | 'CALLRESULTERROR' }>

interface PendingCall {
  readonly id: string
  readonly text: string
  readonly timeoutMs: number
  readonly resolve: (payload: object) => void
  readonly reject: (error: OcppError) => void
  timer?: NodeJS.Timeout
}

/**
 * The calls of the gateway to one charge point: one outstanding at a time (part 4, §4.1.1), the others wait in order.
 * Ids are UUIDs, so they cannot meet those of a CSMS behind the gateway.
 */
export class OutboundCalls {
  readonly #send: (text: string) => void
  /** The first is outstanding. */
  readonly #calls: PendingCall[] = []
  #closed = false

  constructor({ send }: { send: (text: string) => void }) {
    this.#send = send
  }

  /**
   * Resolves with the payload of the CALLRESULT. `timeoutMs` counts from when the call goes out.
   *
   * @throws {OcppError} ERR_OCPP_CALL_REFUSED (a CALLERROR), ERR_OCPP_CALL_TIMEOUT, ERR_OCPP_CALL_WAITING_MAX, ERR_OCPP_DISCONNECTED
   */
  call(action: string, payload: object, { timeoutMs }: { timeoutMs: number }): Promise<object> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(disconnected())
      if (this.#calls.length > CALLS_WAITING_MAX) {
        return reject(
          new OcppError(
            'ERR_OCPP_CALL_WAITING_MAX',
            `more than ${CALLS_WAITING_MAX} calls wait for an answer`,
          ),
        )
      }
      const id = randomUUID()
      this.#calls.push({ id, text: writeCall({ id, action, payload }), timeoutMs, resolve, reject })
      if (this.#calls.length === 1) this.#sendFirst()
    })
  }

  /** Settles the outstanding call; an answer to anything else is late or forged and is `'unexpected'`. */
  settle(answer: AnswerFrame): 'settled' | 'unexpected' {
    const [first] = this.#calls
    if (first === undefined || first.id !== answer.id || answer.type === 'CALLRESULTERROR')
      return 'unexpected'
    this.#finishFirst()
    if (answer.type === 'CALLRESULT') first.resolve(answer.payload)
    else first.reject(new OcppError('ERR_OCPP_CALL_REFUSED', `the charge point answered ${answer.errorCode}`))
    return 'settled'
  }

  /** Rejects every call that has no answer yet, and all later ones. */
  close(): void {
    this.#closed = true
    for (const call of this.#calls.splice(0)) {
      clearTimeout(call.timer)
      call.reject(disconnected())
    }
  }

  #sendFirst(): void {
    const [first] = this.#calls
    if (first === undefined) return
    first.timer = setTimeout(() => {
      this.#finishFirst()
      first.reject(new OcppError('ERR_OCPP_CALL_TIMEOUT', `no answer within ${first.timeoutMs} ms`))
    }, first.timeoutMs)
    this.#send(first.text)
  }

  #finishFirst(): void {
    clearTimeout(this.#calls.shift()?.timer)
    this.#sendFirst()
  }
}

function disconnected(): OcppError {
  return new OcppError('ERR_OCPP_DISCONNECTED', 'the connection was closed before an answer came')
}
