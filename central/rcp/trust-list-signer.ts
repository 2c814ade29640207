import { readCertificate, verifierOf } from '#pki'

import { openSigningKey, signingKeyText } from '../signing-key-source.ts'
import { CentralError } from '../start-error.ts'
import type { RcpConfig } from './rcp-config.ts'
import type { TrustListSigner } from './trust-list.ts'

const DAY_MS = 86_400_000

/**
 * The key that signs trust lists, proven to be the one of its certificate. It is open until `keys` is disposed.
 *
 * @throws {CentralError} ERR_CENTRAL_SIGNER
 * @throws ConfigError, PkiError, HsmError when a file or key cannot be used
 */
export async function openTrustListSigner(
  { trustList }: RcpConfig,
  keys: AsyncDisposableStack,
): Promise<TrustListSigner | undefined> {
  if (trustList === undefined) return undefined
  const certificate = await readCertificate(trustList.certificateFile)
  const key = keys.use(await openSigningKey(trustList))
  const probe = new TextEncoder().encode('certificate trust list')
  if (!verifierOf(certificate).verify(probe, await key.sign(probe)))
    throw new CentralError(
      'ERR_CENTRAL_SIGNER',
      `${signingKeyText(trustList)} is not the key of ${trustList.certificateFile}`,
    )
  return { certificate, key, validityMs: trustList.validityDays * DAY_MS }
}
