import { type KeyObject, verify } from 'node:crypto'

import type { Verifier } from '#base'

import { ALGORITHM, algorithmOfKey } from '../certificate/algorithms.ts'
import { Certificate } from '../certificate/certificate.ts'
import { derFromRaw } from './ecdsa-signature.ts'

/**
 * Checks raw signatures with a public key, or with the key of a certificate (whose trust is another question: see
 * `validatePath`). Each check blocks for 0.1 ms (P-256) to 2 ms (P-521).
 *
 * @throws {PkiError} ERR_PKI_KEY_ALGORITHM when the key is not P-256, P-521 or Ed448; ERR_PKI_PUBLIC_KEY when the
 * certificate's key is not a valid one
 */
export function verifierOf(publicKeyOrCertificate: KeyObject | Certificate): Verifier {
  const key =
    publicKeyOrCertificate instanceof Certificate ? publicKeyOrCertificate.publicKey : publicKeyOrCertificate
  const algorithm = algorithmOfKey(key)
  const { digest, signatureBytes } = ALGORITHM[algorithm]
  return {
    algorithm,
    verify: (data, signature) =>
      signature.length === signatureBytes &&
      verify(digest, data, key, digest === null ? signature : derFromRaw(signature)),
  }
}
