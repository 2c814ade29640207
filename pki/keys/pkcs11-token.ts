import { HsmError } from './hsm-error.ts'
import type { TokenRequest } from './pkcs11-messages.ts'
import { Pkcs11Process } from './pkcs11-process.ts'
import type { SecretText } from './signing-key.ts'

/** Signatures at once, and so sessions: as many as libuv has threads to wait for them on. */
export const SESSIONS_MAX = 4
/** Signatures that may wait for a session: some seconds of work for a network HSM. */
export const WAITING_MAX = 1000
/** How long a token that cannot be opened is left alone; whoever asks meanwhile learns the same at once. */
const PAUSE_MS = 1_000

/** Where a token is, what opens it, and how long it may take. */
export interface Pkcs11TokenReference {
  /** The shared library of the manufacturer, such as `/usr/lib/softhsm/libsofthsm2.so`. */
  readonly modulePath: string
  /** CKA_LABEL of the token, without its padding. */
  readonly tokenLabel: string
  /** Of the normal user (CKU_USER). */
  readonly pin: SecretText
  readonly limits?: Partial<Pkcs11TimeLimits>
}

/** In milliseconds. Each ends in ERR_PKI_HSM_TIMEOUT, but for `waitMsMax`: ERR_PKI_HSM_BUSY. */
export interface Pkcs11TimeLimits {
  /** Loading the module, finding the token and logging in. */
  readonly openMsMax: number
  /** One signature, from when it is its turn. */
  readonly signMsMax: number
  /** Until it is a signature's turn. */
  readonly waitMsMax: number
  /** Making a key pair, for which small tokens take their time. */
  readonly generateMsMax: number
  /** Finishing what is under way and giving the token back. */
  readonly closeMsMax: number
}

/** A signature that takes longer than this is of no use to those who wait for it; closing stays below the end of a program. */
const TIME_LIMITS: Pkcs11TimeLimits = {
  openMsMax: 15_000,
  signMsMax: 3_000,
  waitMsMax: 3_000,
  generateMsMax: 60_000,
  closeMsMax: 3_000,
}

/**
 * A token, shared by everybody in the program who uses it, in a process of its own. One that fails or does not answer in
 * time costs its process, never this one: the next request logs in anew. The PIN is sent once for each process,
 * and never again after it was refused, because a few wrong ones lock a token.
 */
export class Pkcs11Token {
  readonly limits: Pkcs11TimeLimits
  readonly #reference: Pkcs11TokenReference
  /** Insertion order is the order of turns. */
  readonly #waiting = new Set<() => void>()
  #busy = 0
  #whenIdle: (() => void) | undefined
  #process: Pkcs11Process | undefined
  #processes = 0
  /** Why no process is started now. */
  #refusal: HsmError | undefined

  constructor(reference: Pkcs11TokenReference) {
    this.#reference = reference
    this.limits = { ...TIME_LIMITS, ...reference.limits }
  }

  /** The PIN was changed elsewhere: who has the new one opens the token anew. */
  get pinRefused(): boolean {
    return this.#refusal?.code === 'ERR_PKI_HSM_PIN'
  }

  /** How often the token was opened: what is behind a name may be another object each time. */
  get timesOpened(): number {
    return this.#processes
  }

  hasPin(pin: SecretText): boolean {
    return this.#reference.pin.reveal() === pin.reveal()
  }

  /**
   * Asks the token for something as soon as it is its turn. What fails for no fault of the request (a lost session, a
   * token that was pulled out) is asked once more, after a new login.
   *
   * @throws {HsmError} ERR_PKI_HSM_BUSY, ERR_PKI_HSM_TIMEOUT, ERR_PKI_HSM_MODULE, ERR_PKI_HSM_TOKEN, ERR_PKI_HSM_PIN,
   * ERR_PKI_HSM_FAILED, and what is said to the request
   */
  async ask(request: TokenRequest, timeoutMs: number): Promise<readonly Uint8Array[]> {
    await this.#turn()
    try {
      return await this.#askOnce(request, timeoutMs).catch((error: unknown) => {
        // A key pair may have been made although that could not be said.
        if (!isFailure(error) || request.what === 'generate') throw error
        return this.#askOnce(request, timeoutMs)
      })
    } finally {
      this.#leave()
    }
  }

  /** Waits for the work under way, as long as the limit has it, and ends the process. */
  async close(): Promise<void> {
    const tooLong = setTimeout(() => {
      this.#refusal = this.#error('ERR_PKI_HSM_TIMEOUT', 'was closed before it answered')
      this.#process?.end(this.#refusal)
    }, this.limits.closeMsMax)
    if (this.#busy > 0) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#whenIdle = resolve
      await promise
    }
    // A token that does not take this well is left to what its process's end does.
    await this.#process?.ask({ what: 'close' }, this.limits.closeMsMax).catch(() => {})
    clearTimeout(tooLong)
    this.#process?.end(this.#error('ERR_PKI_HSM_FAILED', 'is closed'))
  }

  async #turn(): Promise<void> {
    if (this.#busy < SESSIONS_MAX) {
      this.#busy++
      return
    }
    if (this.#waiting.size >= WAITING_MAX) {
      throw this.#error('ERR_PKI_HSM_BUSY', `has ${WAITING_MAX} signatures waiting`)
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#waiting.add(resolve)
    const tooLong = setTimeout(() => {
      this.#waiting.delete(resolve)
      reject(this.#error('ERR_PKI_HSM_BUSY', `had no session free within ${this.limits.waitMsMax} ms`))
    }, this.limits.waitMsMax)
    await promise.finally(() => clearTimeout(tooLong))
  }

  /** The place goes to who waits longest, so that nobody overtakes. */
  #leave(): void {
    const [next] = this.#waiting
    if (next !== undefined) {
      this.#waiting.delete(next)
      next()
      return
    }
    this.#busy--
    if (this.#busy === 0) this.#whenIdle?.()
  }

  /** A process is not used again after a failure: an operation may still be under way in it. */
  async #askOnce(request: TokenRequest, timeoutMs: number): Promise<readonly Uint8Array[]> {
    if (this.#refusal !== undefined) throw this.#refusal
    const process = (this.#process ??= this.#startProcess())
    try {
      return await process.ask(request, timeoutMs)
    } catch (error) {
      if (isFailure(error)) process.end(error)
      throw error
    }
  }

  #startProcess(): Pkcs11Process {
    this.#processes++
    const { modulePath, tokenLabel, pin } = this.#reference
    const process = new Pkcs11Process({
      order: { modulePath, tokenLabel, pin: pin.reveal() },
      openMsMax: this.limits.openMsMax,
      onEnd: (why, wasOpen) => {
        this.#process = undefined
        if (!wasOpen) this.#refuseFor(why)
      },
    })
    return process
  }

  /** For good when it was the PIN, for a moment otherwise. */
  #refuseFor({ code, message }: HsmError): void {
    if (code === 'ERR_PKI_HSM_PIN') {
      this.#refusal = new HsmError(code, `${message}; not tried again`)
      return
    }
    const refusal = new HsmError(code, message)
    this.#refusal = refusal
    setTimeout(() => {
      if (this.#refusal === refusal) this.#refusal = undefined
    }, PAUSE_MS).unref()
  }

  #error(code: 'ERR_PKI_HSM_BUSY' | 'ERR_PKI_HSM_TIMEOUT' | 'ERR_PKI_HSM_FAILED', what: string): HsmError {
    return new HsmError(code, `token ${this.#reference.tokenLabel} ${what}`)
  }
}

function isFailure(error: unknown): error is HsmError {
  return error instanceof HsmError && error.code === 'ERR_PKI_HSM_FAILED'
}
