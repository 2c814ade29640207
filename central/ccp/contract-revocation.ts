import type { Clock } from '#base'
import type { Certificate, RevocationReason } from '#pki'

import type { IssuedStore } from '../est/issued-store.ts'
import type { OperatorCas } from '../est/operator-ca.ts'

/** Revokes contract certificates of the operator's own CAs for mobility operators; those of others are not ours. */
export class ContractRevocation {
  readonly #cas: Pick<OperatorCas, 'all'>
  readonly #clock: Clock

  constructor({ cas, clock }: { cas: Pick<OperatorCas, 'all'>; clock: Clock }) {
    this.#cas = cas
    this.#clock = clock
  }

  /**
   * Inside a transaction, so that a contract is never gone without being revoked, nor revoked without being gone.
   * `foreign`: no CA here has it on record, and nothing was done.
   */
  async revoke(
    certificate: Certificate,
    { issued, reason }: { readonly issued: Pick<IssuedStore, 'revoke'>; readonly reason: RevocationReason },
  ): Promise<'revoked' | 'foreign'> {
    const ca = this.#cas.all.find((each) => each.kind === 'mo' && each.hasIssued(certificate))
    if (ca === undefined) return 'foreign'
    const name = { issuerKeySha256: ca.keySha256, serialNumberHex: certificate.serialNumberHex }
    const outcome = await issued.revoke(name, { revokedAtMs: this.#clock(), reason })
    return outcome === 'revoked' ? 'revoked' : 'foreign'
  }
}
