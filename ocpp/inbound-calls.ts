import { CodedError, codeOf, messageOf } from '#base'

import { CallError } from './call-error.ts'
import { writeCallError, writeCallResult, type Frame } from './frame.ts'

export type InboundCall = Extract<Frame, { type: 'CALL' }> & { readonly arrivedAtMs: number }

/** Gives the payload of the CALLRESULT, or throws: a CallError says how to answer, anything else is InternalError. */
type HandleCall = (call: InboundCall) => Promise<object>

interface InboundCallsOptions {
  readonly handle: HandleCall
  readonly send: (text: string) => void
  /** Told of every call that was answered with an error, after the answer. */
  readonly onFailure: (failure: { action: string; code: string; message: string; error: unknown }) => void
  readonly callsMax: number
}

/** The calls of one charge point: handled one after the other in the order they came, each id answered once. */
export class InboundCalls {
  readonly #options: InboundCallsOptions
  /** By id, in order of arrival; the first is being handled. */
  readonly #calls = new Map<string, InboundCall>()
  #work: Promise<void> = Promise.resolve()

  constructor(options: InboundCallsOptions) {
    this.#options = options
  }

  /**
   * Takes a call in. A duplicate of a call in progress must not be answered: the one answer that is on its way carries
   * the same id. A full queue must be answered by the caller.
   */
  accept(call: InboundCall): 'accepted' | 'duplicate' | 'full' {
    if (this.#calls.has(call.id)) return 'duplicate'
    if (this.#calls.size >= this.#options.callsMax) return 'full'
    this.#calls.set(call.id, call)
    if (this.#calls.size === 1) this.#work = this.#handleAll()
    return 'accepted'
  }

  /** Resolves when every call taken in so far is answered; never rejects. */
  idle(): Promise<void> {
    return this.#work
  }

  async #handleAll(): Promise<void> {
    // A Map's iterator also visits what is added while it runs.
    for (const call of this.#calls.values()) {
      // oxlint-disable-next-line no-await-in-loop -- one call at a time is the point
      await this.#handleOne(call)
      this.#calls.delete(call.id)
    }
  }

  async #handleOne(call: InboundCall): Promise<void> {
    const { handle, send, onFailure } = this.#options
    try {
      send(writeCallResult({ id: call.id, payload: await handle(call) }))
    } catch (error) {
      const refusal =
        error instanceof CallError ? error : new CallError('InternalError', 'the call could not be handled')
      send(writeCallError({ id: call.id, code: refusal.code, description: refusal.message }))
      const code = error instanceof CodedError ? error.code : (codeOf(error) ?? 'InternalError')
      onFailure({ action: call.action, code, message: messageOf(error), error })
    }
  }
}
