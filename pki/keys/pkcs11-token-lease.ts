/** Tokens in use by this process, as PKCS#11 has one login for all sessions of a process with a token. */
import { HsmError } from './hsm-error.ts'
import { acquireLibrary, releaseLibrary } from './pkcs11-library.ts'
import { Pkcs11Token, type Pkcs11TokenReference } from './pkcs11-token.ts'

interface SharedToken {
  readonly token: Pkcs11Token
  users: number
}

const shared = new Map<string, SharedToken>()

/** The right to use a token until disposed. The last one to be disposed ends its sessions. */
export interface Pkcs11TokenLease extends AsyncDisposable {
  readonly token: Pkcs11Token
}

/** @throws {HsmError} ERR_PKI_HSM_MODULE, ERR_PKI_HSM_TOKEN, ERR_PKI_HSM_PIN, ERR_PKI_HSM_FAILED */
export async function leaseToken(reference: Pkcs11TokenReference): Promise<Pkcs11TokenLease> {
  const { modulePath, tokenLabel, pin } = reference
  const library = await acquireLibrary(modulePath)
  try {
    const name = JSON.stringify([modulePath, tokenLabel])
    const known = shared.get(name)
    const isUsable = known !== undefined && !known.token.pinRefused
    const entry = isUsable ? known : { token: new Pkcs11Token(library, reference), users: 0 }
    if (!entry.token.hasPin(pin)) {
      throw new HsmError('ERR_PKI_HSM_PIN', `token ${tokenLabel} is in use with another PIN`)
    }
    entry.users++
    shared.set(name, entry)
    return { token: entry.token, [Symbol.asyncDispose]: once(() => giveBack(name, entry, modulePath)) }
  } catch (error) {
    releaseLibrary(modulePath)
    throw error
  }
}

async function giveBack(name: string, entry: SharedToken, modulePath: string): Promise<void> {
  entry.users--
  if (entry.users === 0) {
    // First out of the table: who comes now opens the token anew.
    if (shared.get(name) === entry) shared.delete(name)
    await entry.token.close()
  }
  releaseLibrary(modulePath)
}

/** Disposing twice is disposing once. */
function once(dispose: () => Promise<void>): () => Promise<void> {
  let disposal: Promise<void> | undefined
  return () => (disposal ??= dispose())
}
