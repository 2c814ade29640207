import { validatePath } from '#pki'

import { type FoundCertificate } from './certificates.ts'
import { type ChainReport } from './report.ts'
import { type TrustDirectory } from './trust-directory.ts'

const LEAF_ROLES = ['oem-provisioning', 'cps', 'contract'] as const

/** Judges each chain of a message against the roots; sub CAs come from the message and from the trust directory. */
export function chainReports(
  certificates: readonly FoundCertificate[],
  { trust, atMs }: { readonly trust: TrustDirectory; readonly atMs: number },
): readonly ChainReport[] {
  return LEAF_ROLES.flatMap((role): ChainReport[] => {
    const leaf = certificates.find((found) => found.role === role)
    if (leaf === undefined) return []
    if (leaf.certificate === undefined)
      return [{ role, valid: false, code: 'ERR_CLI_CHAIN_LEAF', reason: 'the leaf is no certificate' }]
    const subs = certificates.flatMap((found) =>
      found.role === `${role}-sub-ca` && found.certificate !== undefined ? [found.certificate] : [],
    )
    const intermediates = [...subs, ...trust.intermediates]
    const verdict = validatePath({
      leaf: leaf.certificate,
      intermediates,
      roots: trust.roots,
      atMs,
      use: role,
    })
    return [
      verdict.valid
        ? { role, valid: true, path: verdict.path.map((certificate) => certificate.distinguishedName) }
        : { role, valid: false, code: verdict.code, reason: verdict.message },
    ]
  })
}
