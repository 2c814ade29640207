import { createPrivateKey, generateKeyPair, type KeyObject } from 'node:crypto'
import { open } from 'node:fs/promises'
import { promisify } from 'node:util'

import { PkiError } from '../errors.ts'

/** A PKCS#8 PEM of P-521 has about 400 bytes. */
const KEY_FILE_BYTES_MAX = 16 * 1024
const OTHERS = 0o077

export interface KeyPair {
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

const generate = promisify(generateKeyPair)

/** A fresh P-256 key pair from the operating system's randomness, made on the thread pool. */
export function generateP256KeyPair(): Promise<KeyPair> {
  return generate('ec', { namedCurve: 'prime256v1' })
}

/** PKCS#8, unencrypted, PEM. Whoever writes it to a file gives the file mode 0600. */
export function privateKeyPem(privateKey: KeyObject): string {
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/**
 * Reads an unencrypted private key (PEM, PKCS#8 or SEC1) that only its owner can read.
 *
 * @throws {PkiError} ERR_PKI_FILE when the file cannot be read, ERR_PKI_FILE_TOO_LARGE, ERR_PKI_KEY_FILE_MODE when
 * others may read or write it, ERR_PKI_KEY_FILE when it holds no such key. No message holds what is in the file.
 */
export async function readPrivateKey(file: string): Promise<KeyObject> {
  const pem = await readSecret(file)
  try {
    return createPrivateKey(pem)
  } catch {
    // Without a cause: OpenSSL's errors are about the content of the file.
    throw new PkiError('ERR_PKI_KEY_FILE', `${file} holds no unencrypted private key in PEM`)
  }
}

/** Mode and size are those of the very file that is read: all three go through one handle. */
async function readSecret(file: string): Promise<string> {
  await using handle = await open(file).catch((error: unknown) => {
    throw new PkiError('ERR_PKI_FILE', `cannot read ${file}`, { cause: error })
  })
  const { mode, size } = await handle.stat()
  if ((mode & OTHERS) !== 0) {
    throw new PkiError('ERR_PKI_KEY_FILE_MODE', `${file} has mode ${(mode & 0o777).toString(8)}, must be 600`)
  }
  if (size > KEY_FILE_BYTES_MAX) {
    throw new PkiError('ERR_PKI_FILE_TOO_LARGE', `${file} has ${size} bytes, limit ${KEY_FILE_BYTES_MAX}`)
  }
  return handle.readFile('utf8')
}
