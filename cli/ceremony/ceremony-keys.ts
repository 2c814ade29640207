import { join } from 'node:path'

import { codeOf, type RandomBytes } from '#base'
import {
  encryptedPrivateKeyPem,
  generatePkcs11KeyPair,
  generateSigningKeyPair,
  openFileSigner,
  openPkcs11Signer,
  type SigningKey,
  wasMadeOnToken,
} from '#pki'
import { ConfigError, readSecret } from '#service'

import { CeremonyError } from './ceremony-error.ts'
import type { CeremonyCertificate } from './ceremony-script.ts'
import { writeNewFile } from './new-file.ts'

/** What NIST SP 800-63B-4 asks of a password that protects alone: whoever steals the file tries offline. */
const PASSPHRASE_CHARACTERS_MIN = 15

/** Where one key of a script is, or will be. */
export interface KeyPlace {
  /** For the record. */
  readonly text: string
  /**
   * The key when it is there; it is closed by whoever asked. Refuses one that the script's secret does not open, one that
   * was brought to its token from elsewhere, and a passphrase under which no key should be made.
   */
  open(): Promise<SigningKey | undefined>
  /** Makes the key where none is, and opens it by what was written. */
  make(): Promise<SigningKey>
}

/**
 * The place of a certificate's key: `NAME.key.pem` in the directory, or the token.
 *
 * @throws {ConfigError} ERR_CONFIG_SECRET when the passphrase or PIN cannot be read
 */
export async function keyPlaceOf(
  { name, key }: CeremonyCertificate,
  { directory, random }: { readonly directory: string; readonly random: RandomBytes },
): Promise<KeyPlace> {
  const { algorithm } = key
  if ('pkcs11' in key) {
    const { module, token, label, pin } = key.pkcs11
    const reference = {
      modulePath: module,
      tokenLabel: token,
      keyLabel: label,
      pin: await readSecret(pin),
    }
    return {
      text: `key ${label} on token ${token}`,
      open: async () => {
        const opened = await unlessMissing(openPkcs11Signer(reference), 'ERR_PKI_HSM_KEY_NOT_FOUND')
        if (opened === undefined || (await wasMadeOnToken(reference))) return opened
        await opened[Symbol.asyncDispose]()
        throw new CeremonyError('ERR_CEREMONY_CONFLICT', `${name}: its key was not made on its token`)
      },
      make: async () => {
        await generatePkcs11KeyPair({ ...reference, algorithm })
        return await openPkcs11Signer(reference)
      },
    }
  }
  const passphrase = await readSecret(key.passphrase)
  const file = join(directory, `${name}.key.pem`)
  return {
    text: `${name}.key.pem, encrypted`,
    open: async () => {
      const opened = await unlessMissing(openFileSigner({ file, passphrase }), 'ENOENT')
      if (opened === undefined && passphrase.reveal().length < PASSPHRASE_CHARACTERS_MIN)
        throw new ConfigError(
          'ERR_CONFIG_SECRET',
          `the passphrase of ${name} has less than ${PASSPHRASE_CHARACTERS_MIN} characters`,
        )
      return opened
    },
    make: async () => {
      const { privateKey } = await generateSigningKeyPair(algorithm)
      const content = await encryptedPrivateKeyPem(privateKey, { passphrase, random })
      await writeNewFile(file, { content, mode: 0o600 })
      return await openFileSigner({ file, passphrase })
    },
  }
}

/** `undefined` for an error of this code, or caused by one. */
async function unlessMissing<T>(opened: Promise<T>, code: string): Promise<T | undefined> {
  return await opened.catch((error: unknown) => {
    if (codeOf(error) === code || (error instanceof Error && codeOf(error.cause) === code)) return undefined
    throw error
  })
}
