/** Tokens in use by this program, so that all keys of a token share one login and one queue. */
import { HsmError } from './hsm-error.ts'
import { Pkcs11Token, type Pkcs11TokenReference } from './pkcs11-token.ts'

interface SharedToken {
  readonly token: Pkcs11Token
  users: number
}

const shared = new Map<string, SharedToken>()

/** The right to use a token until disposed. The last one to be disposed closes it. */
export interface Pkcs11TokenLease extends AsyncDisposable {
  readonly token: Pkcs11Token
}

/** @throws {HsmError} ERR_PKI_HSM_PIN when the token is in use with another PIN */
export function leaseToken(reference: Pkcs11TokenReference): Pkcs11TokenLease {
  const { modulePath, tokenLabel, pin } = reference
  const name = JSON.stringify([modulePath, tokenLabel])
  const known = shared.get(name)
  const isUsable = known !== undefined && !known.token.pinRefused
  const entry = isUsable ? known : { token: new Pkcs11Token(reference), users: 0 }
  if (!entry.token.hasPin(pin)) {
    throw new HsmError('ERR_PKI_HSM_PIN', `token ${tokenLabel} is in use with another PIN`)
  }
  entry.users++
  shared.set(name, entry)
  return { token: entry.token, [Symbol.asyncDispose]: once(() => giveBack(name, entry)) }
}

async function giveBack(name: string, entry: SharedToken): Promise<void> {
  entry.users--
  if (entry.users > 0) return
  // First out of the table: who comes now opens the token anew.
  if (shared.get(name) === entry) shared.delete(name)
  await entry.token.close()
}

/** Disposing twice is disposing once. */
function once(dispose: () => Promise<void>): () => Promise<void> {
  let disposal: Promise<void> | undefined
  return () => (disposal ??= dispose())
}
