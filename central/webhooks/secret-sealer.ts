/** Secrets of endpoints at rest: signing needs them as they are, so they are encrypted and not hashed. */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'

import { bytesFromBase64, concatBytes, type RandomBytes } from '#base'

import { readOrMakeKeyFile } from '../key-file.ts'
import { CentralError } from '../start-error.ts'

const KEY_BYTES = 32
/** Says which key sealed; keys are few. */
const KEY_ID_BYTES = 4
/** NIST SP 800-38D: 96 random bits serve four billion secrets. */
const NONCE_BYTES = 12
const TAG_BYTES = 16
const KEYS_MAX = 16

interface SealingKey {
  readonly id: Uint8Array
  readonly key: Uint8Array
}

/** AES-256-GCM with keys that are not in the database. What is sealed for one owner does not open for another. */
export class SecretSealer {
  readonly #keys: readonly [SealingKey, ...SealingKey[]]
  readonly #random: RandomBytes

  private constructor(keys: readonly [SealingKey, ...SealingKey[]], random: RandomBytes) {
    this.#keys = keys
    this.#random = random
  }

  /**
   * Reads the keys, base64 of 32 bytes in a line each: the first seals, all open. The file is made with one key when it
   * does not exist.
   *
   * @throws {CentralError} ERR_CENTRAL_KEY_FILE
   */
  static async open(file: string, random: RandomBytes): Promise<SecretSealer> {
    const text = await readOrMakeKeyFile(file, () => `${randomBytes(KEY_BYTES).toString('base64')}\n`)
    const lines = text.split('\n').filter((line) => line.trim() !== '')
    const [first, ...others] = lines.slice(0, KEYS_MAX).map((line) => sealingKey(line, file))
    if (first === undefined) throw unusable(file)
    return new SecretSealer([first, ...others], random)
  }

  /** `owner`: the id of what the secret belongs to. */
  seal(secret: string, owner: string): Uint8Array {
    const [{ id, key }] = this.#keys
    const nonce = this.#random(NONCE_BYTES)
    const cipher = createCipheriv('aes-256-gcm', key, nonce)
    cipher.setAAD(Buffer.from(owner))
    const encrypted = concatBytes(cipher.update(secret, 'utf8'), cipher.final())
    return concatBytes(id, nonce, encrypted, cipher.getAuthTag())
  }

  /** @throws {CentralError} ERR_CENTRAL_SEALED when no key of the file has sealed it for this owner */
  open(sealed: Uint8Array, owner: string): string {
    for (const { key } of this.#keys.filter(({ id }) => isBy(sealed, id))) {
      const secret = opened(sealed, key, owner)
      if (secret !== undefined) return secret
    }
    throw new CentralError(
      'ERR_CENTRAL_SEALED',
      'a sealed secret does not open with the keys of this central',
    )
  }

  /** Whether {@link open} would give a secret. */
  opens(sealed: Uint8Array, owner: string): boolean {
    return this.#keys.some(({ id, key }) => isBy(sealed, id) && opened(sealed, key, owner) !== undefined)
  }

  /** Whether the key that seals now has sealed it; others are about to be given up. */
  isCurrent(sealed: Uint8Array): boolean {
    return isBy(sealed, this.#keys[0].id)
  }
}

function isBy(sealed: Uint8Array, id: Uint8Array): boolean {
  return Buffer.from(id).equals(sealed.subarray(0, KEY_ID_BYTES))
}

function opened(sealed: Uint8Array, key: Uint8Array, owner: string): string | undefined {
  const nonceEnd = KEY_ID_BYTES + NONCE_BYTES
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(KEY_ID_BYTES, nonceEnd), {
      authTagLength: TAG_BYTES,
    })
    decipher.setAAD(Buffer.from(owner))
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES))
    const secret = decipher.update(sealed.subarray(nonceEnd, -TAG_BYTES))
    return Buffer.concat([secret, decipher.final()]).toString('utf8')
  } catch {
    return undefined
  }
}

function sealingKey(line: string, file: string): SealingKey {
  try {
    const key = bytesFromBase64(line.trim(), KEY_BYTES)
    if (key.length === KEY_BYTES)
      return { key, id: createHash('sha256').update(key).digest().subarray(0, KEY_ID_BYTES) }
  } catch (error) {
    throw unusable(file, error)
  }
  throw unusable(file)
}

function unusable(file: string, cause?: unknown): CentralError {
  return new CentralError('ERR_CENTRAL_KEY_FILE', `${file}: each line must be base64 of 32 bytes`, { cause })
}
