import { Type, type Static, type TObject, type TOptional, type TUnion } from 'typebox'

import { openFileSigner, openPkcs11Signer, type SigningKey } from '#pki'
import { FilePath, readSecret, SecretSource } from '#service'

import { CentralError } from './start-error.ts'

const closed = { additionalProperties: false } as const

const KeyFile = Type.Object(
  {
    file: FilePath({ description: 'PEM, mode 0600' }),
    passphrase: Type.Optional(SecretSource),
  },
  { ...closed, description: 'a file: PKCS#8, encrypted when a passphrase is given' },
)

const Pkcs11Key = Type.Object(
  {
    pkcs11: Type.Object(
      {
        module: FilePath({ description: "shared library of the token's manufacturer" }),
        token: Type.String({ minLength: 1, maxLength: 32, description: 'label of the token' }),
        pin: SecretSource,
        label: Type.String({ minLength: 1, description: 'CKA_LABEL of the private and of the public key' }),
      },
      closed,
    ),
  },
  { ...closed, description: 'a key on a PKCS#11 token' },
)

/** Where a config says a private key is: in a file or on a token. */
export const SigningKeySource: TUnion<[typeof KeyFile, typeof Pkcs11Key]> = Type.Union([KeyFile, Pkcs11Key])
export type SigningKeySource = Static<typeof SigningKeySource>

/** The members of a config object that names a signing key; exactly one of them is given. */
export const SIGNING_KEY_MEMBERS: {
  readonly privateKey: TOptional<typeof SigningKeySource>
  readonly privateKeyFile: TOptional<ReturnType<typeof FilePath>>
} = {
  privateKey: Type.Optional(SigningKeySource),
  privateKeyFile: Type.Optional(
    FilePath({ description: 'short for privateKey: { file }; PEM, mode 0600, not encrypted' }),
  ),
}
export type SigningKeyMembers = Static<TObject<typeof SIGNING_KEY_MEMBERS>>

/**
 * Opens the key that a config object names. Whoever gets it closes it.
 *
 * @throws {CentralError} ERR_CENTRAL_SIGNER when not exactly one key is named
 * @throws ConfigError, PkiError, HsmError when it cannot be opened
 */
export async function openSigningKey(members: SigningKeyMembers): Promise<SigningKey> {
  const source = sourceOf(members)
  if ('file' in source) {
    const passphrase = source.passphrase && (await readSecret(source.passphrase))
    return await openFileSigner({ file: source.file, passphrase })
  }
  const { module, token, pin, label } = source.pkcs11
  return await openPkcs11Signer({
    modulePath: module,
    tokenLabel: token,
    pin: await readSecret(pin),
    keyLabel: label,
  })
}

/** The key's place for a message. @throws {CentralError} as {@link openSigningKey} */
export function signingKeyText(members: SigningKeyMembers): string {
  const source = sourceOf(members)
  return 'file' in source ? source.file : `key ${source.pkcs11.label} of token ${source.pkcs11.token}`
}

function sourceOf({ privateKey, privateKeyFile }: SigningKeyMembers): SigningKeySource {
  if (privateKey !== undefined && privateKeyFile === undefined) return privateKey
  if (privateKey === undefined && privateKeyFile !== undefined) return { file: privateKeyFile }
  throw new CentralError(
    'ERR_CENTRAL_SIGNER',
    'a signing key is named by privateKey or by privateKeyFile, by one of the two',
  )
}
