import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'

import { calculateJwkThumbprint, exportJWK, type JWK } from 'jose'

import { messageOf } from '#base'

import { readOrMakeKeyFile } from '../key-file.ts'
import { CentralError } from '../start-error.ts'
import type { SignatureKey } from './delivery-signatures.ts'

export interface WebhookKey extends SignatureKey {
  /** What receivers verify `X-Operator-JWS` with. */
  readonly jwks: { readonly keys: readonly JWK[] }
}

/**
 * The Ed25519 key that signs deliveries, made at the first start: PEM (PKCS#8) in a file only its owner can read.
 *
 * @throws {CentralError} ERR_CENTRAL_KEY_FILE
 */
export async function openWebhookKey(file: string): Promise<WebhookKey> {
  const pem = await readOrMakeKeyFile(file, () =>
    generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  )
  const privateKey = readEd25519(pem, file)
  const jwk = await exportJWK(createPublicKey(privateKey))
  const kid = await calculateJwkThumbprint(jwk)
  return { kid, privateKey, jwks: { keys: [{ ...jwk, kid, use: 'sig', alg: 'EdDSA' }] } }
}

function readEd25519(pem: string, file: string): KeyObject {
  try {
    const key = createPrivateKey(pem)
    if (key.asymmetricKeyType === 'ed25519') return key
  } catch (error) {
    throw new CentralError('ERR_CENTRAL_KEY_FILE', `${file}: ${messageOf(error)}`, { cause: error })
  }
  throw new CentralError('ERR_CENTRAL_KEY_FILE', `${file}: not a key of Ed25519`)
}
