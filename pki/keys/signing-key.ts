import type { KeyObject } from 'node:crypto'

import type { Signer } from '#base'

/** A passphrase or PIN in a wrapper that does not print, such as the `Secret` of a program. */
export interface SecretText {
  reveal(): string
}

/**
 * A private key that can be used until it is closed, with its public half. Closing ends sessions with a token after
 * the signatures under way; what is asked for later is refused with ERR_PKI_SIGNER_CLOSED.
 */
export interface SigningKey extends Signer, AsyncDisposable {
  readonly publicKey: KeyObject
}
