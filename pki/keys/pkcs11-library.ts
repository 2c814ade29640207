/**
 * The PKCS#11 module of a manufacturer, loaded once and initialised while somebody uses it. Both are states of the
 * process, as PKCS#11 has it (section 5.4), and so is the table here.
 */
import type pkcs11js from 'pkcs11js'

import { messageOf } from '#base'

import { HsmError, returnValueOf } from './hsm-error.ts'

type Pkcs11js = typeof pkcs11js

export interface Pkcs11Library {
  readonly api: pkcs11js.PKCS11
  /** Numbers of mechanisms, attributes and flags by their names in the standard. */
  readonly constants: Pkcs11js
}

interface LoadedLibrary extends Pkcs11Library {
  users: number
  /** Whether the initialisation is ours to undo: another part of the process may use the module in a way of its own. */
  initializedHere: boolean
}

const libraries = new Map<string, LoadedLibrary>()

/**
 * Gives the module, initialised for use from several threads. Whoever takes it gives it back with
 * {@link releaseLibrary}; the last one finalises it.
 *
 * @throws {HsmError} ERR_PKI_HSM_MODULE
 */
export async function acquireLibrary(modulePath: string): Promise<Pkcs11Library> {
  const constants = await importPkcs11js()
  // Nothing awaits from here on, so that two callers do not load the same module.
  const library = libraries.get(modulePath) ?? load(modulePath, constants)
  libraries.set(modulePath, library)
  if (library.users === 0) library.initializedHere = initialize(library, modulePath)
  library.users++
  return library
}

export function releaseLibrary(modulePath: string): void {
  const library = libraries.get(modulePath)
  if (library === undefined) return
  library.users--
  if (library.users === 0 && library.initializedHere) library.api.C_Finalize()
}

/** Imported on demand: a program that keeps its keys in files needs no compiled addon. */
async function importPkcs11js(): Promise<Pkcs11js> {
  try {
    return (await import('pkcs11js')).default
  } catch (error) {
    throw new HsmError('ERR_PKI_HSM_MODULE', 'the npm package pkcs11js is not installed', { cause: error })
  }
}

function load(modulePath: string, constants: Pkcs11js): LoadedLibrary {
  const api = new constants.PKCS11()
  try {
    api.load(modulePath)
  } catch (error) {
    throw new HsmError('ERR_PKI_HSM_MODULE', `cannot load ${modulePath}: ${messageOf(error)}`, {
      cause: error,
    })
  }
  return { api, constants, users: 0, initializedHere: false }
}

/** Whether it was not initialised already. */
function initialize({ api, constants }: LoadedLibrary, modulePath: string): boolean {
  try {
    api.C_Initialize({ flags: constants.CKF_OS_LOCKING_OK })
    return true
  } catch (error) {
    const why = returnValueOf(error)
    if (why === 'CKR_CRYPTOKI_ALREADY_INITIALIZED') return false
    throw new HsmError('ERR_PKI_HSM_MODULE', `cannot initialise ${modulePath}: ${why ?? messageOf(error)}`, {
      cause: error,
    })
  }
}
