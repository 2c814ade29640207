import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto'
import { mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'

import { calculateJwkThumbprint, exportJWK, type JWK } from 'jose'

import { codeOf } from '#base'
import { readPrivateKey } from '#pki'

/** NIST SP 800-57: good beyond 2030; tokens live a day. */
const RSA_BITS = 2048

export interface TokenKey {
  readonly kid: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  /** What `/.well-known/jwks.json` publishes. */
  readonly jwks: { readonly keys: readonly JWK[] }
}

/**
 * The key that signs tokens, made at the first start: PEM (PKCS#8) in a file only its owner can read.
 *
 * @throws {PkiError} ERR_PKI_FILE, ERR_PKI_KEY_FILE_MODE, ERR_PKI_KEY_FILE and their like when there is a file that cannot be used
 */
export async function openTokenKey(file: string): Promise<TokenKey> {
  const privateKey = (await readExisting(file)) ?? createPrivateKey(await createPem(file))
  const publicKey = createPublicKey(privateKey)
  const jwk = await exportJWK(publicKey)
  const kid = await calculateJwkThumbprint(jwk)
  return { kid, privateKey, publicKey, jwks: { keys: [{ ...jwk, kid, use: 'sig', alg: 'RS256' }] } }
}

async function readExisting(file: string): Promise<KeyObject | undefined> {
  try {
    return await readPrivateKey(file)
  } catch (error) {
    if (error instanceof Error && codeOf(error.cause) === 'ENOENT') return undefined
    throw error
  }
}

async function createPem(file: string): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: RSA_BITS })
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  await mkdir(dirname(file), { recursive: true })
  // Exclusive: of two programs that start together one fails instead of signing with a key that is gone.
  await using handle = await open(file, 'wx', 0o600)
  await handle.writeFile(pem)
  await handle.sync()
  return pem
}
