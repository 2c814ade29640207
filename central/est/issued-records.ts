import { equalBytes } from '#base'
import type { Certificate, PathRefusal } from '#pki'

import type { PathRecords } from '../rcp/root-pool.ts'
import type { IssuedStore } from './issued-store.ts'
import type { OperatorCas } from './operator-ca.ts'

/** What our own CAs have issued and revoked: known at once, without asking anybody. */
export class IssuedRecords implements PathRecords {
  readonly #cas: OperatorCas
  readonly #store: Pick<IssuedStore, 'find'>

  constructor({ cas, store }: { cas: OperatorCas; store: Pick<IssuedStore, 'find'> }) {
    this.#cas = cas
    this.#store = store
  }

  async refuse(path: readonly Certificate[]): Promise<PathRefusal | undefined> {
    for (const [index, certificate] of path.entries()) {
      const revokedAtMs = await this.#revokedAtMs(certificate, path[index + 1])
      if (revokedAtMs === undefined) continue
      return {
        valid: false,
        code: 'ERR_PATH_REVOKED',
        message: `${certificate.distinguishedName}: revoked here at ${new Date(revokedAtMs).toISOString()}`,
        certificate,
        rule: 'revocation',
        section: 'RFC 5280 section 6.1.3 (a)(3)',
      }
    }
    return undefined
  }

  async #revokedAtMs(
    { serialNumberHex }: Certificate,
    issuer: Certificate | undefined,
  ): Promise<number | undefined> {
    const ca =
      issuer && this.#cas.all.find((each) => equalBytes(each.certificate.publicKeyDer, issuer.publicKeyDer))
    if (ca === undefined) return undefined
    const issued = await this.#store.find({ issuerKeySha256: ca.keySha256, serialNumberHex })
    return issued?.revocation?.revokedAtMs
  }
}
