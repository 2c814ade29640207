import { hash, type KeyObject } from 'node:crypto'

import type { Handle, Template } from 'pkcs11js'

import { hexFromBytes, type SignatureAlgorithm } from '#base'

import { ALGORITHM, algorithmOfKey } from '../certificate/algorithms.ts'
import { PkiError } from '../errors.ts'
import { publicKeyOfPoint } from './elliptic-curve-point.ts'
import { HsmError } from './hsm-error.ts'
import type { Pkcs11Library } from './pkcs11-library.ts'
import { leaseToken } from './pkcs11-token-lease.ts'
import type { Pkcs11Session, Pkcs11TokenReference } from './pkcs11-token.ts'
import type { SigningKey } from './signing-key.ts'
import { verifierOf } from './verifier.ts'

/** Which key of a token: by CKA_LABEL, by CKA_ID, or by both. At least one is given. */
export interface Pkcs11KeyName {
  readonly keyLabel?: string
  readonly keyId?: Uint8Array
}

export interface Pkcs11KeyReference extends Pkcs11TokenReference, Pkcs11KeyName {}

/**
 * Opens a P-256 or P-521 key on a PKCS#11 token. It never leaves the token: what goes there is the digest of what is
 * signed (CKM_ECDSA), and a thread of libuv waits for the answer. A lost session is replaced once.
 *
 * Proves with one signature that the public key beside it is its own.
 *
 * @throws {HsmError} ERR_PKI_HSM_MODULE, ERR_PKI_HSM_TOKEN, ERR_PKI_HSM_PIN, ERR_PKI_HSM_KEY_NOT_FOUND,
 * ERR_PKI_HSM_KEY_UNUSABLE, ERR_PKI_HSM_FAILED, ERR_PKI_HSM_BUSY
 */
export async function openPkcs11Signer(reference: Pkcs11KeyReference): Promise<SigningKey> {
  await using resources = new AsyncDisposableStack()
  const { token } = resources.use(await leaseToken(reference))
  const { library } = token
  const publicKey = await token.use(async ({ handle }) => readPublicKey(library, handle, reference))
  const algorithm = algorithmOfKey(publicKey)

  let closed = false
  const key: SigningKey = {
    algorithm,
    publicKey,
    sign: async (data) => {
      if (closed) throw new PkiError('ERR_PKI_SIGNER_CLOSED', `${nameOf(reference)} is closed`)
      return await token.use((session) => signWith(library, session, { algorithm, reference, data }))
    },
    [Symbol.asyncDispose]: async () => {
      closed = true
      await owned.disposeAsync()
    },
  }
  const probe = new TextEncoder().encode('is this the key of the public key beside it?')
  if (!verifierOf(publicKey).verify(probe, await key.sign(probe))) {
    throw keyError(reference, 'has the public key of another one beside it')
  }
  const owned = resources.move()
  return key
}

async function signWith(
  { api, constants }: Pkcs11Library,
  session: Pkcs11Session,
  {
    algorithm,
    reference,
    data,
  }: { algorithm: SignatureAlgorithm; reference: Pkcs11KeyName; data: Uint8Array },
): Promise<Uint8Array> {
  const { digest, signatureBytes } = ALGORITHM[algorithm]
  if (digest === null) throw keyError(reference, 'is of a kind that tokens are not asked for')
  const name = nameOf(reference)
  const key =
    session.keys.get(name) ??
    findOne({ api, constants }, session.handle, reference, constants.CKO_PRIVATE_KEY)
  session.keys.set(name, key)
  api.C_SignInit(session.handle, { mechanism: constants.CKM_ECDSA }, key)
  const signature = await api.C_SignAsync(
    session.handle,
    hash(digest, data, 'buffer'),
    Buffer.alloc(signatureBytes),
  )
  if (signature.length !== signatureBytes) {
    throw new HsmError('ERR_PKI_HSM_FAILED', `a signature of ${signature.length} bytes`)
  }
  return new Uint8Array(signature)
}

/** The public half of a key. @throws {HsmError} ERR_PKI_HSM_KEY_NOT_FOUND, ERR_PKI_HSM_KEY_UNUSABLE */
export function readPublicKey(library: Pkcs11Library, session: Handle, name: Pkcs11KeyName): KeyObject {
  const { api, constants } = library
  findOne(library, session, name, constants.CKO_PRIVATE_KEY)
  const object = findOne(library, session, name, constants.CKO_PUBLIC_KEY)
  const [parameters, point] = api.C_GetAttributeValue(session, object, [
    { type: constants.CKA_EC_PARAMS },
    { type: constants.CKA_EC_POINT },
  ])
  try {
    return publicKeyOfPoint({ parameters: attribute(parameters), point: attribute(point) })
  } catch (error) {
    throw keyError(name, 'is no P-256 or P-521 key', error)
  }
}

/** Objects that match, at most one more than wanted. */
export function findObjects(
  { api, constants }: Pkcs11Library,
  session: Handle,
  name: Pkcs11KeyName,
  objectClass: number,
): readonly Handle[] {
  const template: Template = [{ type: constants.CKA_CLASS, value: objectClass }]
  if (name.keyLabel !== undefined) template.push({ type: constants.CKA_LABEL, value: name.keyLabel })
  if (name.keyId !== undefined) template.push({ type: constants.CKA_ID, value: Buffer.from(name.keyId) })
  api.C_FindObjectsInit(session, template)
  try {
    return api.C_FindObjects(session, 2)
  } finally {
    api.C_FindObjectsFinal(session)
  }
}

function findOne(library: Pkcs11Library, session: Handle, name: Pkcs11KeyName, objectClass: number): Handle {
  if (name.keyLabel === undefined && name.keyId === undefined) {
    throw new TypeError('a key on a token is named by label or id')
  }
  const [object, another] = findObjects(library, session, name, objectClass)
  if (object === undefined) {
    if (objectClass === library.constants.CKO_PUBLIC_KEY) throw keyError(name, 'has no public key beside it')
    throw new HsmError('ERR_PKI_HSM_KEY_NOT_FOUND', `${nameOf(name)} is not on the token`)
  }
  if (another !== undefined) throw keyError(name, 'is there more than once')
  return object
}

function attribute(result: { value: Buffer } | undefined): Uint8Array {
  return result?.value ?? new Uint8Array()
}

function nameOf({ keyLabel, keyId }: Pkcs11KeyName): string {
  const id = keyId === undefined ? undefined : `id ${hexFromBytes(keyId)}`
  return ['key', keyLabel, id].filter((part) => part !== undefined).join(' ')
}

function keyError(name: Pkcs11KeyName, what: string, cause?: unknown): HsmError {
  return new HsmError('ERR_PKI_HSM_KEY_UNUSABLE', `${nameOf(name)} ${what}`, { cause })
}
