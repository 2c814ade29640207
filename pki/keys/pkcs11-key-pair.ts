import type { KeyObject } from 'node:crypto'

import type { SignatureAlgorithm } from '#base'

import { ALGORITHM } from '../certificate/algorithms.ts'
import { writeObjectIdentifier } from '../der/der-writer.ts'
import { HsmError } from './hsm-error.ts'
import { findObjects, readPublicKey } from './pkcs11-signer.ts'
import { leaseToken } from './pkcs11-token-lease.ts'
import type { Pkcs11TokenReference } from './pkcs11-token.ts'

/** The kinds of key a token makes. Ed448 is in few tokens and not in SoftHSM. */
export type Pkcs11KeyAlgorithm = Exclude<SignatureAlgorithm, 'ed448'>

/**
 * Makes a key pair on a token, by its own randomness. The private key can sign and nothing else, and cannot be read out
 * (CKA_SENSITIVE, not CKA_EXTRACTABLE). Label and id are both the label.
 *
 * @throws {HsmError} ERR_PKI_HSM_KEY_EXISTS when an object has that label, and the codes of `openPkcs11Signer`
 */
export async function generatePkcs11KeyPair(
  reference: Pkcs11TokenReference & { readonly keyLabel: string; readonly algorithm: Pkcs11KeyAlgorithm },
): Promise<KeyObject> {
  await using lease = await leaseToken(reference)
  const { token } = lease
  const { api, constants } = token.library
  const { keyLabel, algorithm } = reference
  return token.useForWriting((session) => {
    for (const objectClass of [constants.CKO_PRIVATE_KEY, constants.CKO_PUBLIC_KEY]) {
      if (findObjects(token.library, session, { keyLabel }, objectClass).length > 0)
        throw new HsmError('ERR_PKI_HSM_KEY_EXISTS', `key ${keyLabel} is on the token already`)
    }
    const common = [
      { type: constants.CKA_TOKEN, value: true },
      { type: constants.CKA_LABEL, value: keyLabel },
      { type: constants.CKA_ID, value: Buffer.from(keyLabel) },
    ]
    const curve = writeObjectIdentifier(ALGORITHM[algorithm].curveOid ?? '')
    api.C_GenerateKeyPair(
      session,
      { mechanism: constants.CKM_EC_KEY_PAIR_GEN },
      [
        ...common,
        { type: constants.CKA_EC_PARAMS, value: Buffer.from(curve) },
        { type: constants.CKA_VERIFY, value: true },
      ],
      [
        ...common,
        { type: constants.CKA_PRIVATE, value: true },
        { type: constants.CKA_SENSITIVE, value: true },
        { type: constants.CKA_EXTRACTABLE, value: false },
        { type: constants.CKA_SIGN, value: true },
        { type: constants.CKA_DERIVE, value: false },
        { type: constants.CKA_DECRYPT, value: false },
        { type: constants.CKA_UNWRAP, value: false },
      ],
    )
    return readPublicKey(token.library, session, { keyLabel })
  })
}
