import type pkcs11js from 'pkcs11js'

import { messageOf } from '#base'

import { HsmError, returnValueOf } from './hsm-error.ts'

type Pkcs11js = typeof pkcs11js

/** The PKCS#11 module of a manufacturer, initialised for use from several threads of this process. */
export interface Pkcs11Module {
  readonly api: pkcs11js.PKCS11
  /** Numbers of mechanisms, attributes and flags by their names in the standard. */
  readonly constants: Pkcs11js
}

/** @throws {HsmError} ERR_PKI_HSM_MODULE */
export async function loadPkcs11Module(modulePath: string): Promise<Pkcs11Module> {
  const constants = await importPkcs11js()
  const api = new constants.PKCS11()
  try {
    api.load(modulePath)
    api.C_Initialize({ flags: constants.CKF_OS_LOCKING_OK })
  } catch (error) {
    const why = returnValueOf(error) ?? messageOf(error)
    throw new HsmError('ERR_PKI_HSM_MODULE', `cannot load ${modulePath}: ${why}`, { cause: error })
  }
  return { api, constants }
}

/** Imported on demand: a program that keeps its keys in files needs no compiled addon. */
async function importPkcs11js(): Promise<Pkcs11js> {
  try {
    return (await import('pkcs11js')).default
  } catch (error) {
    throw new HsmError('ERR_PKI_HSM_MODULE', 'the npm package pkcs11js is not installed', { cause: error })
  }
}
