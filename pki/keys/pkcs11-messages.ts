/** What a program and the process that uses a token for it say to each other. */
import type { HsmErrorCode } from './hsm-error.ts'

/** Which key of a token: by CKA_LABEL, by CKA_ID, or by both. At least one is given. */
export interface Pkcs11KeyName {
  readonly keyLabel?: string
  readonly keyId?: Uint8Array
}

/** The first thing said: nothing else is answered before the token is open. */
export interface OpenRequest {
  readonly what: 'open'
  readonly modulePath: string
  readonly tokenLabel: string
  readonly pin: string
}

export interface SignRequest {
  readonly what: 'sign'
  readonly key: Pkcs11KeyName
  readonly mechanism: 'ecdsa' | 'eddsa'
  /** What the mechanism takes: a digest (ECDSA) or all there is to sign (EdDSA). */
  readonly input: Uint8Array
  readonly signatureBytes: number
}

/** Answered with CKA_EC_PARAMS and CKA_EC_POINT. */
interface ReadPublicKeyRequest {
  readonly what: 'read public key'
  readonly key: Pkcs11KeyName
}

/** Answered with CKA_LOCAL, CKA_ALWAYS_SENSITIVE and CKA_NEVER_EXTRACTABLE of the private key. */
interface ReadOriginRequest {
  readonly what: 'read origin'
  readonly key: Pkcs11KeyName
}

export interface GenerateRequest {
  readonly what: 'generate'
  readonly keyLabel: string
  readonly mechanism: 'ecdsa' | 'eddsa'
  /** CKA_EC_PARAMS. */
  readonly parameters: Uint8Array
}

/** Gives the token back in order; nothing is asked after it. */
interface CloseRequest {
  readonly what: 'close'
}

export type TokenRequest =
  | OpenRequest
  | SignRequest
  | ReadPublicKeyRequest
  | ReadOriginRequest
  | GenerateRequest
  | CloseRequest

export interface NumberedRequest {
  readonly number: number
  readonly request: TokenRequest
}

/** Requests are answered in any order, each under its number. */
export type TokenAnswer =
  | { readonly number: number; readonly values: readonly Uint8Array[] }
  | { readonly number: number; readonly code: HsmErrorCode; readonly message: string }

/** The rest is as it was typed where it was sent: both sides are the same program. */
export function isNumberedRequest(message: unknown): message is NumberedRequest {
  return typeof message === 'object' && message !== null && 'number' in message && 'request' in message
}

/** Whether this is an answer, as the module of a manufacturer runs in the process that it comes from. */
export function isTokenAnswer(message: unknown): message is TokenAnswer {
  if (typeof message !== 'object' || message === null) return false
  if (!('number' in message && typeof message.number === 'number')) return false
  if ('values' in message)
    return Array.isArray(message.values) && message.values.every((value) => value instanceof Uint8Array)
  return 'code' in message && 'message' in message
}
