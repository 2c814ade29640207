import { type ChildProcess, fork } from 'node:child_process'

import { messageOf } from '#base'

import { HsmError } from './hsm-error.ts'
import { isTokenAnswer, type OpenRequest, type TokenRequest } from './pkcs11-messages.ts'

const ENTRY = new URL('./pkcs11-process-entry.ts', import.meta.url)

/**
 * A process beside this one that loads a PKCS#11 module and is logged in to one token. A call of a module may never
 * return, and neither a thread nor a process that it hangs in can end in order; another process can be killed.
 *
 * It ends with this one, which it does not keep alive, and is of no further use once it has ended.
 */
export class Pkcs11Process {
  readonly #child: ChildProcess
  readonly #tokenLabel: string
  readonly #onEnd: (why: HsmError, wasOpen: boolean) => void
  readonly #pending = new Map<number, PromiseWithResolvers<readonly Uint8Array[]>>()
  #number = 0
  #state: 'opening' | 'open' | 'ended' = 'opening'

  /** Starts the process and has it log in within `openMsMax`. `onEnd` hears why it ended, and whether it was open. */
  constructor({
    order,
    openMsMax,
    onEnd,
  }: {
    readonly order: Omit<OpenRequest, 'what'>
    readonly openMsMax: number
    readonly onEnd: (why: HsmError, wasOpen: boolean) => void
  }) {
    this.#tokenLabel = order.tokenLabel
    this.#onEnd = onEnd
    // The module may write what it likes on standard output, which is the log of this program.
    this.#child = fork(ENTRY, [String(process.pid)], {
      execArgv: [],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    this.#child.unref()
    this.#child.channel?.unref()
    this.#child.on('message', (message) => this.#receive(message))
    this.#child.on('error', (error) => this.end(this.#failure(messageOf(error))))
    this.#child.on('exit', (code, signal) => this.end(this.#failure(`its process ended (${signal ?? code})`)))
    void this.#open({ what: 'open', ...order }, openMsMax)
  }

  /**
   * Asks for something. When the answer takes longer than `timeoutMs`, the process is ended unless it is still logging
   * in, which has a limit of its own.
   *
   * @throws {HsmError} ERR_PKI_HSM_TIMEOUT; ERR_PKI_HSM_FAILED when the process ends; what is answered
   */
  async ask(request: TokenRequest, timeoutMs: number): Promise<readonly Uint8Array[]> {
    const number = this.#number++
    const answer = Promise.withResolvers<readonly Uint8Array[]>()
    this.#pending.set(number, answer)
    const tooLong = setTimeout(() => {
      const error = new HsmError(
        'ERR_PKI_HSM_TIMEOUT',
        `token ${this.#tokenLabel} did not answer within ${timeoutMs} ms`,
      )
      if (this.#state === 'open') this.end(error)
      else answer.reject(error)
    }, timeoutMs)
    // Whoever waits for the login has a timer of his own.
    if (request.what === 'open') tooLong.unref()
    this.#child.send({ number, request }, (error) => {
      if (error !== null) this.end(this.#failure(messageOf(error)))
    })
    try {
      return await answer.promise
    } finally {
      clearTimeout(tooLong)
      this.#pending.delete(number)
    }
  }

  /** Ends the process at once; everything that was asked and not answered fails with `why`. */
  end(why: HsmError): void {
    if (this.#state === 'ended') return
    const wasOpen = this.#state === 'open'
    this.#state = 'ended'
    this.#child.kill('SIGKILL')
    this.#onEnd(why, wasOpen)
    for (const { reject } of this.#pending.values()) reject(why)
  }

  async #open(request: OpenRequest, openMsMax: number): Promise<void> {
    try {
      await this.ask(request, openMsMax)
      if (this.#state === 'opening') this.#state = 'open'
    } catch (error) {
      this.end(error instanceof HsmError ? error : this.#failure(messageOf(error)))
    }
  }

  #receive(message: unknown): void {
    if (!isTokenAnswer(message)) {
      this.end(this.#failure('its process does not answer as agreed'))
      return
    }
    const answer = this.#pending.get(message.number)
    if ('values' in message) answer?.resolve(message.values)
    else answer?.reject(new HsmError(message.code, message.message))
  }

  #failure(what: string): HsmError {
    return new HsmError('ERR_PKI_HSM_FAILED', `token ${this.#tokenLabel}: ${what}`)
  }
}
