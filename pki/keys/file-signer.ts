import { createPublicKey } from 'node:crypto'

import type { Signer } from '#base'

import { PkiError } from '../errors.ts'
import { readPrivateKey } from './private-key.ts'
import type { SecretText, SigningKey } from './signing-key.ts'
import { softwareSigner } from './software-signer.ts'

/**
 * Opens the key of a file for signing; {@link readPrivateKey} says which files. Closing it lets go of the key.
 *
 * @throws {PkiError} the codes of {@link readPrivateKey}; ERR_PKI_KEY_ALGORITHM
 */
export async function openFileSigner({
  file,
  passphrase,
}: {
  readonly file: string
  readonly passphrase?: SecretText | undefined
}): Promise<SigningKey> {
  const privateKey = await readPrivateKey(file, { passphrase })
  const publicKey = createPublicKey(privateKey)
  let signer: Signer | undefined = softwareSigner(privateKey)
  return {
    algorithm: signer.algorithm,
    publicKey,
    sign: async (data) => {
      if (signer === undefined) throw new PkiError('ERR_PKI_SIGNER_CLOSED', `the key of ${file} is closed`)
      return await signer.sign(data)
    },
    [Symbol.asyncDispose]: async () => {
      signer = undefined
    },
  }
}
