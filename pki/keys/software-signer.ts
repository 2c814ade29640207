import { type KeyObject, sign } from 'node:crypto'

import type { Signer } from '#base'

import { ALGORITHM, algorithmOfKey } from '../certificate/algorithms.ts'
import { rawFromDer } from './ecdsa-signature.ts'

/**
 * Signs with a key this process holds, on the thread pool of libuv, so that a P-521 signature (2 ms) does not hold up
 * the event loop.
 *
 * @throws {PkiError} ERR_PKI_KEY_ALGORITHM when the key is not P-256, P-521 or Ed448
 * @throws {TypeError} when the key is not a private one
 */
export function softwareSigner(privateKey: KeyObject): Signer {
  if (privateKey.type !== 'private') throw new TypeError(`a ${privateKey.type} key cannot sign`)
  const algorithm = algorithmOfKey(privateKey)
  const { digest, signatureBytes } = ALGORITHM[algorithm]
  return {
    algorithm,
    sign: (data) =>
      new Promise((resolve, reject) => {
        sign(digest, data, privateKey, (error, signature) => {
          if (error !== null) reject(error)
          else resolve(digest === null ? new Uint8Array(signature) : rawFromDer(signature, signatureBytes))
        })
      }),
  }
}
