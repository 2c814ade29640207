import type { Handle } from 'pkcs11js'

import { HsmError, hsmFailure, returnValueOf } from './hsm-error.ts'
import type { Pkcs11Library } from './pkcs11-library.ts'
import type { SecretText } from './signing-key.ts'

/** Sessions with one token, and so signatures at once: as many as libuv has threads to wait for them on. */
export const SESSIONS_MAX = 4
/** Signatures that may wait for a session: some seconds of work for a network HSM. */
export const WAITING_MAX = 1000

/** What a session that is gone for good answers; another one may work. */
const LOST: ReadonlySet<string | undefined> = new Set([
  'CKR_SESSION_HANDLE_INVALID',
  'CKR_SESSION_CLOSED',
  'CKR_USER_NOT_LOGGED_IN',
  'CKR_KEY_HANDLE_INVALID',
  'CKR_OBJECT_HANDLE_INVALID',
  'CKR_DEVICE_REMOVED',
  'CKR_DEVICE_ERROR',
  'CKR_TOKEN_NOT_PRESENT',
])

/** Where a token is and what opens it. */
export interface Pkcs11TokenReference {
  /** The shared library of the manufacturer, such as `/usr/lib/softhsm/libsofthsm2.so`. */
  readonly modulePath: string
  /** CKA_LABEL of the token, without its padding. */
  readonly tokenLabel: string
  /** Of the normal user (CKU_USER). */
  readonly pin: SecretText
}

export interface Pkcs11Session {
  readonly handle: Handle
  /** Handles of keys found through this session, by whatever name their finder gives them. */
  readonly keys: Map<string, Handle>
}

/**
 * A token that is logged in to, shared by everybody in the process who uses it: PKCS#11 has one login for all sessions
 * of a process. The PIN is sent once for each time the login was lost, and never again after it was refused, because
 * a few wrong ones lock a token.
 */
export class Pkcs11Token {
  readonly library: Pkcs11Library
  readonly #reference: Pkcs11TokenReference
  readonly #idle: Pkcs11Session[] = []
  readonly #waiting: (() => void)[] = []
  #busy = 0
  #pinRefused = false
  #whenIdle: (() => void) | undefined

  /** @throws {HsmError} ERR_PKI_HSM_TOKEN, ERR_PKI_HSM_PIN, ERR_PKI_HSM_FAILED */
  constructor(library: Pkcs11Library, reference: Pkcs11TokenReference) {
    this.library = library
    this.#reference = reference
    this.#idle.push(this.#openSession())
  }

  /** The PIN was changed elsewhere: who has the new one opens the token anew. */
  get pinRefused(): boolean {
    return this.#pinRefused
  }

  hasPin(pin: SecretText): boolean {
    return this.#reference.pin.reveal() === pin.reveal()
  }

  /**
   * Lends a session to `work`, waiting for one while all are in use. When the session turns out to be lost, `work` runs
   * once more with a new one.
   *
   * @throws {HsmError} ERR_PKI_HSM_BUSY, ERR_PKI_HSM_TOKEN, ERR_PKI_HSM_PIN, ERR_PKI_HSM_FAILED and what `work` throws
   */
  async use<T>(work: (session: Pkcs11Session) => Promise<T>): Promise<T> {
    await this.#enter()
    try {
      return await this.#tryOnce(work).catch((error: unknown) => {
        if (!LOST.has(returnValueOf(error))) throw error
        this.#closeIdle()
        return this.#tryOnce(work)
      })
    } catch (error) {
      throw hsmFailure(`token ${this.#reference.tokenLabel}`, error)
    } finally {
      this.#leave()
    }
  }

  /** Opens a session that may write to the token, for making keys. Blocks the process while `work` runs. */
  useForWriting<T>(work: (handle: Handle) => T): T {
    const { handle } = this.#openSession('read-write')
    try {
      return work(handle)
    } catch (error) {
      throw hsmFailure(`token ${this.#reference.tokenLabel}`, error)
    } finally {
      this.#close(handle)
    }
  }

  /** Waits for the work under way and ends all sessions, and with the last one the login. */
  async close(): Promise<void> {
    if (this.#busy > 0) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#whenIdle = resolve
      await promise
    }
    this.#closeIdle()
  }

  async #enter(): Promise<void> {
    if (this.#busy < SESSIONS_MAX) {
      this.#busy++
      return
    }
    if (this.#waiting.length >= WAITING_MAX) {
      throw new HsmError(
        'ERR_PKI_HSM_BUSY',
        `${WAITING_MAX} signatures wait for ${this.#reference.tokenLabel}`,
      )
    }
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting.push(resolve)
    await promise
  }

  /** The place goes to who waits longest, so that nobody overtakes. */
  #leave(): void {
    const next = this.#waiting.shift()
    if (next !== undefined) {
      next()
      return
    }
    this.#busy--
    if (this.#busy === 0) this.#whenIdle?.()
  }

  /** A session is not used again after a failure: an operation may still be under way in it. */
  async #tryOnce<T>(work: (session: Pkcs11Session) => Promise<T>): Promise<T> {
    const session = this.#idle.pop() ?? this.#openSession()
    try {
      const result = await work(session)
      this.#idle.push(session)
      return result
    } catch (error) {
      this.#close(session.handle)
      throw error
    }
  }

  /** Looks for the slot each time: a token that was taken out may come back in another one. */
  #openSession(mode: 'read' | 'read-write' = 'read'): Pkcs11Session {
    const { api, constants } = this.library
    const { CKF_SERIAL_SESSION, CKF_RW_SESSION } = constants
    const flags = mode === 'read' ? CKF_SERIAL_SESSION : CKF_SERIAL_SESSION | CKF_RW_SESSION
    const { tokenLabel } = this.#reference
    if (this.#pinRefused) {
      throw new HsmError('ERR_PKI_HSM_PIN', `token ${tokenLabel} refused the PIN before; not tried again`)
    }
    try {
      const handle = api.C_OpenSession(this.#findSlot(), flags)
      this.#login(handle)
      return { handle, keys: new Map() }
    } catch (error) {
      throw hsmFailure(`token ${tokenLabel}`, error)
    }
  }

  #findSlot(): Handle {
    const { api } = this.library
    const { tokenLabel } = this.#reference
    const found = api
      .C_GetSlotList(true)
      .filter((slot) => api.C_GetTokenInfo(slot).label.trimEnd() === tokenLabel)
    const [slot] = found
    if (slot === undefined || found.length > 1) {
      throw new HsmError('ERR_PKI_HSM_TOKEN', `${found.length} tokens have the label ${tokenLabel}`)
    }
    return slot
  }

  #login(session: Handle): void {
    const { api, constants } = this.library
    const { pin } = this.#reference
    try {
      api.C_Login(session, constants.CKU_USER, pin.reveal())
    } catch (error) {
      if (returnValueOf(error) === 'CKR_USER_ALREADY_LOGGED_IN') return
      this.#close(session)
      this.#pinRefused = returnValueOf(error)?.startsWith('CKR_PIN_') === true
      throw error
    }
  }

  #closeIdle(): void {
    for (const { handle } of this.#idle.splice(0)) this.#close(handle)
  }

  #close(session: Handle): void {
    try {
      this.library.api.C_CloseSession(session)
    } catch {
      // It is gone already, which is why it is closed.
    }
  }
}
