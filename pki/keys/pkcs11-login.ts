import type { Handle } from 'pkcs11js'

import { HsmError, returnValueOf } from './hsm-error.ts'
import type { OpenRequest } from './pkcs11-messages.ts'
import { loadPkcs11Module, type Pkcs11Module } from './pkcs11-module.ts'

export interface Pkcs11Session {
  readonly handle: Handle
  /** Handles of keys found through this session, by whatever name their finder gives them. */
  readonly keys: Map<string, Handle>
}

/** A token that this process is logged in to. Every call may block for as long as the module does. */
export class Pkcs11Login {
  readonly module: Pkcs11Module
  readonly #slot: Handle
  readonly #idle: Pkcs11Session[] = []

  private constructor(module: Pkcs11Module, slot: Handle) {
    this.module = module
    this.#slot = slot
  }

  /** @throws {HsmError} ERR_PKI_HSM_MODULE, ERR_PKI_HSM_TOKEN; what the module throws */
  static async open({ modulePath, tokenLabel, pin }: OpenRequest): Promise<Pkcs11Login> {
    const module = await loadPkcs11Module(modulePath)
    const login = new Pkcs11Login(module, findSlot(module, tokenLabel))
    const session = login.#openSession()
    // The login holds for every session of this process, for as long as there is one.
    try {
      module.api.C_Login(session.handle, module.constants.CKU_USER, pin)
    } catch (error) {
      if (returnValueOf(error) !== 'CKR_USER_ALREADY_LOGGED_IN') throw error
    }
    login.#idle.push(session)
    return login
  }

  /** Lends a session, a new one while all others are in use: the asking side bounds how many that are. */
  async use<T>(work: (session: Pkcs11Session) => T | Promise<T>): Promise<T> {
    const session = this.#idle.pop() ?? this.#openSession()
    try {
      return await work(session)
    } finally {
      // Even when an operation is still under way in it: after such a failure this process is ended.
      this.#idle.push(session)
    }
  }

  /** Lends a session that may write to the token. */
  useForWriting(work: (handle: Handle) => void): void {
    const { handle } = this.#openSession(this.module.constants.CKF_RW_SESSION)
    try {
      work(handle)
    } finally {
      this.module.api.C_CloseSession(handle)
    }
  }

  close(): void {
    this.module.api.C_Finalize()
  }

  #openSession(moreFlags = 0): Pkcs11Session {
    const { api, constants } = this.module
    return {
      handle: api.C_OpenSession(this.#slot, constants.CKF_SERIAL_SESSION | moreFlags),
      keys: new Map(),
    }
  }
}

function findSlot({ api }: Pkcs11Module, tokenLabel: string): Handle {
  const found = api
    .C_GetSlotList(true)
    .filter((slot) => api.C_GetTokenInfo(slot).label.trimEnd() === tokenLabel)
  const [slot] = found
  if (slot === undefined || found.length > 1) {
    throw new HsmError('ERR_PKI_HSM_TOKEN', `${found.length} tokens have the label ${tokenLabel}`)
  }
  return slot
}
