import { hash, type KeyObject } from 'node:crypto'

import type { SignatureAlgorithm } from '#base'

import { ALGORITHM } from '../certificate/algorithms.ts'
import { PkiError } from '../errors.ts'
import { publicKeyOfPoint } from './elliptic-curve-point.ts'
import type { Pkcs11KeyName, SignRequest } from './pkcs11-messages.ts'
import { keyError, nameOf } from './pkcs11-objects.ts'
import { leaseToken } from './pkcs11-token-lease.ts'
import type { Pkcs11Token, Pkcs11TokenReference } from './pkcs11-token.ts'
import type { SigningKey } from './signing-key.ts'
import { verifierOf } from './verifier.ts'

export interface Pkcs11KeyReference extends Pkcs11TokenReference, Pkcs11KeyName {}

/**
 * Opens a P-256, P-521 or Ed448 key on a PKCS#11 token. It never leaves the token: what goes there is the digest of what
 * is signed (CKM_ECDSA), or all of it (CKM_EDDSA). Signing and closing take no longer than the limits of the token say,
 * whatever the token does; when it works again, so does the signer.
 *
 * Proves with a signature, now and whenever the token was opened anew, that the key is the one of its public key.
 *
 * @throws {HsmError} ERR_PKI_HSM_MODULE, ERR_PKI_HSM_TOKEN, ERR_PKI_HSM_PIN, ERR_PKI_HSM_KEY_NOT_FOUND,
 * ERR_PKI_HSM_KEY_UNUSABLE, ERR_PKI_HSM_FAILED, ERR_PKI_HSM_BUSY, ERR_PKI_HSM_TIMEOUT
 */
export async function openPkcs11Signer(reference: Pkcs11KeyReference): Promise<SigningKey> {
  await using resources = new AsyncDisposableStack()
  const { token } = resources.use(leaseToken(reference))
  const publicKey = await readPublicKey(token, reference)
  const verifier = verifierOf(publicKey)
  const { algorithm } = verifier

  let closed = false
  let timesOpened: number | undefined
  const key: SigningKey = {
    algorithm,
    publicKey,
    sign: async (data) => {
      if (closed) throw new PkiError('ERR_PKI_SIGNER_CLOSED', `${nameOf(reference)} is closed`)
      const before = token.timesOpened
      const [signature = data] = await token.ask(
        signRequest(algorithm, reference, data),
        token.limits.signMsMax,
      )
      const isProven = timesOpened === before && timesOpened === token.timesOpened
      if (!isProven && !verifier.verify(data, signature)) {
        throw keyError(reference, 'has the public key of another one beside it')
      }
      timesOpened = before
      return new Uint8Array(signature)
    },
    [Symbol.asyncDispose]: async () => {
      closed = true
      await owned.disposeAsync()
    },
  }
  await key.sign(new TextEncoder().encode('is this the key of the public key beside it?'))
  const owned = resources.move()
  return key
}

/**
 * The public half of a key on a token.
 *
 * @throws {HsmError} as {@link openPkcs11Signer}
 */
export async function readPublicKey(token: Pkcs11Token, key: Pkcs11KeyName): Promise<KeyObject> {
  if (key.keyLabel === undefined && key.keyId === undefined) {
    throw new TypeError('a key on a token is named by label or id')
  }
  const { openMsMax, signMsMax } = token.limits
  const request = { what: 'read public key', key: { ...nameIn(key) } } as const
  const [parameters, point] = await token.ask(request, openMsMax + signMsMax)
  try {
    return publicKeyOfPoint({
      parameters: parameters ?? new Uint8Array(),
      point: point ?? new Uint8Array(),
    })
  } catch (error) {
    throw keyError(key, 'is no P-256, P-521 or Ed448 key', error)
  }
}

function signRequest(algorithm: SignatureAlgorithm, key: Pkcs11KeyName, data: Uint8Array): SignRequest {
  const { digest, signatureBytes } = ALGORITHM[algorithm]
  const common = { what: 'sign', key: nameIn(key), signatureBytes } as const
  return digest === null
    ? { ...common, mechanism: 'eddsa', input: data }
    : { ...common, mechanism: 'ecdsa', input: hash(digest, data, 'buffer') }
}

/** The name alone: a reference holds the PIN, too. */
function nameIn({ keyLabel, keyId }: Pkcs11KeyName): Pkcs11KeyName {
  return { ...(keyLabel !== undefined && { keyLabel }), ...(keyId !== undefined && { keyId }) }
}
