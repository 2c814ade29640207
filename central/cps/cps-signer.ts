import type { Signer } from '#base'
import { signContractData, type ContractData, type V2gMessage } from '#iso15118'
import { verifierOf, type Certificate } from '#pki'

import { PoolError } from '../pool-error.ts'
import { keyIdOf } from '../rcp/key-id.ts'
import type { RootPool } from '../rcp/root-pool.ts'

/** The session id is not signed: the CCP puts the vehicle's in at delivery. */
const NO_SESSION = new Uint8Array(0)

export interface CpsSignerOptions {
  readonly leaf: Certificate
  /** Sub CA 2, then sub CA 1. */
  readonly subCertificates: readonly Certificate[]
  /** The V2G root the chain leads to. */
  readonly root: Certificate
  readonly signer: Signer
}

/** The certificate provisioning service below one V2G root: vehicles that trust this root install what it signed. */
export class CpsSigner {
  readonly root: Certificate
  readonly #options: CpsSignerOptions

  constructor(options: CpsSignerOptions) {
    this.root = options.root
    this.#options = options
  }

  sign(data: Omit<ContractData, 'provisioningChain'>): Promise<V2gMessage> {
    const { leaf, subCertificates, signer } = this.#options
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

/** Which signer a contract gets. */
export class CpsSigners {
  readonly #signers: readonly CpsSigner[]
  readonly #roots: RootPool

  /** The first signer is the operator's default. */
  constructor({ signers, roots }: { signers: readonly CpsSigner[]; roots: RootPool }) {
    this.#signers = signers
    this.#roots = roots
  }

  /**
   * The signer asked for by the SHA-256 of its V2G root (or the id of that root in the RCP); without a wish the one
   * whose root the vehicle is said to trust, else the default.
   *
   * @throws {PoolError} ERR_CPS_SIGNER_UNKNOWN, ERR_POOL_NOT_CONFIGURED
   */
  async choose({
    fingerprint,
    v2gRootKeyIds,
  }: {
    readonly fingerprint: string | undefined
    readonly v2gRootKeyIds: readonly string[]
  }): Promise<CpsSigner> {
    const wanted = fingerprint === undefined ? undefined : await this.#fingerprintOf(fingerprint)
    const signer =
      wanted === undefined
        ? (this.#signers.find(({ root }) => v2gRootKeyIds.includes(keyIdOf(root))) ?? this.#signers[0])
        : this.#signers.find(({ root }) => root.fingerprintSha256Hex === wanted)
    if (signer !== undefined) return signer
    if (wanted === undefined)
      throw new PoolError('ERR_POOL_NOT_CONFIGURED', 'This service has no CPS signer.')
    throw new PoolError(
      'ERR_CPS_SIGNER_UNKNOWN',
      'No CPS signer available for the given cpsV2GRootCertificateFingerprint.',
    )
  }

  async #fingerprintOf(reference: string): Promise<string> {
    const root = (await this.#roots.list()).find(({ id }) => id === reference)
    return root?.certificate.fingerprintSha256Hex ?? reference
  }
}
