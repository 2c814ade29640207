import { CodedError, messageOf } from '#base'

export type HsmErrorCode =
  /** More signatures wait for a session than can be served in time. */
  | 'ERR_PKI_HSM_BUSY'
  /** The token answered with an error, or with something that is no signature. */
  | 'ERR_PKI_HSM_FAILED'
  /** A key to be made has the label of one that exists. */
  | 'ERR_PKI_HSM_KEY_EXISTS'
  | 'ERR_PKI_HSM_KEY_NOT_FOUND'
  /** A key that is there more than once, of a curve ISO 15118 does not use, or without its public half. */
  | 'ERR_PKI_HSM_KEY_UNUSABLE'
  /** The npm package pkcs11js is not installed, or the module of the manufacturer cannot be loaded. */
  | 'ERR_PKI_HSM_MODULE'
  /** The token refuses the PIN, or is locked after too many wrong ones. */
  | 'ERR_PKI_HSM_PIN'
  /** The token did not answer in time; whether it did what was asked of it is not known. */
  | 'ERR_PKI_HSM_TIMEOUT'
  /** No token of that label, or several. */
  | 'ERR_PKI_HSM_TOKEN'

/** A PKCS#11 token does not do what was asked of it. The message may hold labels and CKR names, never a PIN. */
export class HsmError extends CodedError<HsmErrorCode> {
  override name = 'HsmError'
}

/** The name of the PKCS#11 return value that an error of the library carries, such as `CKR_PIN_INCORRECT`. */
export function returnValueOf(error: unknown): string | undefined {
  return /\bCKR_\w+/.exec(messageOf(error))?.[0]
}

/** What the library threw as an error of ours; anything without a PKCS#11 return value stays as it is. */
export function hsmFailure(what: string, error: unknown): unknown {
  const value = returnValueOf(error)
  if (value === undefined || error instanceof CodedError) return error
  const code = value.startsWith('CKR_PIN_') ? 'ERR_PKI_HSM_PIN' : 'ERR_PKI_HSM_FAILED'
  return new HsmError(code, `${what}: ${value}`, { cause: error })
}
