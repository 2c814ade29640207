import type { KeyObject } from 'node:crypto'

import type { SignatureAlgorithm } from '#base'

import { curveParameters } from './elliptic-curve-point.ts'
import { readPublicKey } from './pkcs11-signer.ts'
import { leaseToken } from './pkcs11-token-lease.ts'
import type { Pkcs11TokenReference } from './pkcs11-token.ts'

/**
 * Makes a key pair on a token, by its own randomness. The private key can sign and nothing else, and cannot be read out.
 * Few tokens make keys of Ed448; the others answer ERR_PKI_HSM_FAILED.
 *
 * @throws {HsmError} ERR_PKI_HSM_KEY_EXISTS when an object has that label, and the codes of `openPkcs11Signer`
 */
export async function generatePkcs11KeyPair(
  reference: Pkcs11TokenReference & { readonly keyLabel: string; readonly algorithm: SignatureAlgorithm },
): Promise<KeyObject> {
  await using lease = leaseToken(reference)
  const { token } = lease
  const { keyLabel, algorithm } = reference
  const { openMsMax, generateMsMax } = token.limits
  await token.ask(
    {
      what: 'generate',
      keyLabel,
      mechanism: algorithm === 'ed448' ? 'eddsa' : 'ecdsa',
      parameters: curveParameters(algorithm),
    },
    openMsMax + generateMsMax,
  )
  return await readPublicKey(token, { keyLabel })
}

/**
 * Whether the private key was made on its token and could never be read out, by what the token says (CKA_LOCAL,
 * CKA_ALWAYS_SENSITIVE, CKA_NEVER_EXTRACTABLE): one that was brought there may exist elsewhere, too.
 *
 * @throws {HsmError} as `openPkcs11Signer`
 */
export async function wasMadeOnToken(
  reference: Pkcs11TokenReference & { readonly keyLabel: string },
): Promise<boolean> {
  await using lease = leaseToken(reference)
  const { token } = lease
  const { openMsMax, signMsMax } = token.limits
  const request = { what: 'read origin', key: { keyLabel: reference.keyLabel } } as const
  const flags = await token.ask(request, openMsMax + signMsMax)
  return flags.length === 3 && flags.every(([flag]) => flag === 1)
}
