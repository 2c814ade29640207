import { Type, type Static } from 'typebox'

import { readCertificate, verifierOf } from '#pki'
import { FilePath } from '#service'

import { openSigningKey, SIGNING_KEY_MEMBERS, signingKeyText } from '../signing-key-source.ts'
import { CentralError } from '../start-error.ts'
import type { TrustListSigner } from './trust-list.ts'

const DAY_MS = 86_400_000

/** Section `rcp` of the config. */
export const RcpConfig = Type.Object(
  {
    trustList: Type.Optional(
      Type.Object(
        {
          certificateFile: FilePath({ description: 'PEM: certificate of the key that signs the lists' }),
          ...SIGNING_KEY_MEMBERS,
          validityDays: Type.Integer({
            minimum: 2,
            maximum: 366,
            default: 30,
            description: 'until nextUpdate; a new list is made at half of it, and when roots change',
          }),
        },
        { additionalProperties: false, description: 'signs GET /v1/root/ctl; without it there is no list' },
      ),
    ),
  },
  { additionalProperties: false, default: {} },
)
export type RcpConfig = Static<typeof RcpConfig>

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
