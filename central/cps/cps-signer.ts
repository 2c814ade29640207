import type { Signer } from '#base'
import { signContractData, type ContractData, type V2gMessage } from '#iso15118'
import { verifierOf, type Certificate } from '#pki'

import { servingSigner } from '../serving-signer.ts'

/** The session id is not signed: the CCP puts the vehicle's in at delivery. */
const NO_SESSION = new Uint8Array(0)

export interface CpsSignerOptions {
  readonly leaf: Certificate
  /** Sub CA 2, then sub CA 1. */
  readonly subCertificates: readonly Certificate[]
  /** The V2G root the chain leads to. */
  readonly root: Certificate
  readonly signer: Signer
  /** First millisecond of use, and the first after it; never beyond the validity of the leaf, which is the default. */
  readonly usableFromMs?: number | undefined
  readonly usableUntilMs?: number | undefined
}

/**
 * Where a signer is in its life: published but not yet used; in use; no longer used, while what it signed is still
 * delivered, as every bundle carries its chain.
 */
export type CpsSignerState = 'STANDBY' | 'ACTIVE' | 'RETIRED'

/** The certificate provisioning service below one V2G root: vehicles that trust this root install what it signed. */
export class CpsSigner {
  readonly leaf: Certificate
  /** Sub CA 2, then sub CA 1. */
  readonly subCertificates: readonly Certificate[]
  readonly root: Certificate
  readonly usableFromMs: number
  readonly usableUntilMs: number
  readonly #options: CpsSignerOptions

  constructor(options: CpsSignerOptions) {
    const { leaf, root, usableFromMs = leaf.validFromMs, usableUntilMs = leaf.validToMs } = options
    this.leaf = leaf
    this.subCertificates = options.subCertificates
    this.root = root
    this.usableFromMs = Math.max(usableFromMs, leaf.validFromMs)
    this.usableUntilMs = Math.min(usableUntilMs, leaf.validToMs)
    this.#options = options
  }

  stateAt(timeMs: number): CpsSignerState {
    if (timeMs < this.usableFromMs) return 'STANDBY'
    return timeMs < this.usableUntilMs ? 'ACTIVE' : 'RETIRED'
  }

  /** @throws {PoolError} ERR_CPS_KEY_FAILED */
  sign(data: Omit<ContractData, 'provisioningChain'>): Promise<V2gMessage> {
    const { leaf, subCertificates } = this.#options
    const signer = servingSigner(this.#options.signer, 'ERR_CPS_KEY_FAILED')
    const provisioningChain = {
      Certificate: leaf.der,
      SubCertificates: { Certificate: subCertificates.map(({ der }) => der) },
    }
    return signContractData({ sessionId: NO_SESSION, contractData: { ...data, provisioningChain }, signer })
  }

  /** Whether the key is the one of the leaf: a wrong pair of files is found at the start, not in a vehicle. */
  async holdsKey(): Promise<boolean> {
    const { leaf, signer } = this.#options
    const probe = new TextEncoder().encode('is this the key of the certificate?')
    return verifierOf(leaf).verify(probe, await signer.sign(probe))
  }
}
