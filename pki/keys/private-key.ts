import { createPrivateKey, generateKeyPair, type KeyObject } from 'node:crypto'
import { open } from 'node:fs/promises'
import { promisify } from 'node:util'

import type { SignatureAlgorithm } from '#base'

import { PkiError } from '../errors.ts'
import type { SecretText } from './signing-key.ts'

/** A PKCS#8 PEM of P-521 has about 400 bytes. */
const KEY_FILE_BYTES_MAX = 16 * 1024
const OTHERS = 0o077
const ENCRYPTED_HEADER = '-----BEGIN ENCRYPTED PRIVATE KEY-----'

export interface KeyPair {
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

const generate = promisify(generateKeyPair)

/** A fresh P-256 key pair from the operating system's randomness, made on the thread pool. */
export function generateP256KeyPair(): Promise<KeyPair> {
  return generate('ec', { namedCurve: 'prime256v1' })
}

/** A fresh key pair of any kind ISO 15118 uses, like {@link generateP256KeyPair}. */
export function generateSigningKeyPair(algorithm: SignatureAlgorithm): Promise<KeyPair> {
  if (algorithm === 'ed448') return generate('ed448')
  return generate('ec', { namedCurve: algorithm === 'ecdsa-p256-sha256' ? 'prime256v1' : 'secp521r1' })
}

/** PKCS#8, unencrypted, PEM. Whoever writes it to a file gives the file mode 0600. */
export function privateKeyPem(privateKey: KeyObject): string {
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/**
 * Reads a private key that only its owner can read: PEM, PKCS#8 or SEC1, or with a passphrase encrypted PKCS#8. A key
 * that should be encrypted and is not is refused like one that cannot be read.
 *
 * Deriving the key from a passphrase blocks for as long as the file's iteration count has it (0.1 s for ours).
 *
 * @throws {PkiError} ERR_PKI_FILE when the file cannot be read, ERR_PKI_FILE_TOO_LARGE, ERR_PKI_KEY_FILE_MODE when
 * others may read or write it, ERR_PKI_KEY_FILE when it holds no such key, ERR_PKI_KEY_PASSPHRASE. No message holds what
 * is in the file.
 */
export async function readPrivateKey(
  file: string,
  { passphrase }: { readonly passphrase?: SecretText | undefined } = {},
): Promise<KeyObject> {
  const pem = await readSecret(file)
  const isEncrypted = pem.includes(ENCRYPTED_HEADER)
  if (isEncrypted && passphrase === undefined)
    throw new PkiError('ERR_PKI_KEY_PASSPHRASE', `${file} is encrypted: a passphrase is needed`)
  if (!isEncrypted && passphrase !== undefined)
    throw new PkiError('ERR_PKI_KEY_FILE', `${file} holds no encrypted private key (PKCS#8 in PEM)`)
  try {
    return createPrivateKey(passphrase === undefined ? pem : { key: pem, passphrase: passphrase.reveal() })
  } catch {
    // Without a cause: OpenSSL's errors are about the content of the file.
    if (isEncrypted) throw new PkiError('ERR_PKI_KEY_PASSPHRASE', `the passphrase does not open ${file}`)
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
