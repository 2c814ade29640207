import type { Clock } from '#base'

import { fingerprintOf } from '../ccp/root-reference.ts'
import { PoolError } from '../pool-error.ts'
import { keyIdOf } from '../rcp/key-id.ts'
import type { RootPool } from '../rcp/root-pool.ts'
import type { CpsSigner, CpsSignerState } from './cps-signer.ts'

/** A signer and where it is in its life, for a log or an answer. */
export interface CpsSignerStatus {
  readonly state: CpsSignerState
  readonly signer: CpsSigner
}

/**
 * Which signer a contract gets: below each V2G root the one whose window of usage holds the time, and of several, as
 * while an old key hands over to a new one, the one that began last.
 */
export class CpsSigners {
  #signers: readonly CpsSigner[]
  readonly #roots: RootPool
  readonly #clock: Clock

  /** The root of the first signer is the operator's default. */
  constructor({ signers, roots, clock }: { signers: readonly CpsSigner[]; roots: RootPool; clock: Clock }) {
    this.#signers = signers
    this.#roots = roots
    this.#clock = clock
  }

  /** Takes another list. What is being signed ends with the signer it began with, whose key must stay open. */
  replace(signers: readonly CpsSigner[]): void {
    this.#signers = signers
  }

  /** Every signer in the order of the list, with its state now. */
  status(): readonly CpsSignerStatus[] {
    const nowMs = this.#clock()
    return this.#signers.map((signer) => ({ state: signer.stateAt(nowMs), signer }))
  }

  /**
   * The signer asked for by the SHA-256 of its V2G root (or the id of that root in the RCP); without a wish the one
   * whose root the vehicle is said to trust, else the default.
   *
   * @throws {PoolError} ERR_CPS_SIGNER_UNKNOWN, ERR_POOL_NOT_CONFIGURED; also when no signer is in its window
   */
  async choose({
    fingerprint,
    v2gRootKeyIds,
  }: {
    readonly fingerprint: string | undefined
    readonly v2gRootKeyIds: readonly string[]
  }): Promise<CpsSigner> {
    const wanted = fingerprint === undefined ? undefined : await fingerprintOf(fingerprint, this.#roots)
    const active = this.#active()
    const signer =
      wanted === undefined
        ? (active.find(({ root }) => v2gRootKeyIds.includes(keyIdOf(root))) ?? active[0])
        : active.find(({ root }) => root.fingerprintSha256Hex === wanted)
    if (signer !== undefined) return signer
    if (wanted === undefined)
      throw new PoolError('ERR_POOL_NOT_CONFIGURED', 'This service has no CPS signer.')
    throw new PoolError(
      'ERR_CPS_SIGNER_UNKNOWN',
      'No CPS signer available for the given cpsV2GRootCertificateFingerprint.',
    )
  }

  /** Fingerprint of the root a contract is signed below when nobody asks for another. */
  defaultRoot(): string | undefined {
    return this.#active()[0]?.root.fingerprintSha256Hex
  }

  /** One per V2G root, the roots in the order of the list. */
  #active(): readonly CpsSigner[] {
    const byRoot = new Map<string, CpsSigner>()
    for (const { state, signer } of this.status()) {
      const rival = byRoot.get(signer.root.fingerprintSha256Hex)
      if (state === 'ACTIVE' && (rival === undefined || rival.usableFromMs < signer.usableFromMs))
        byRoot.set(signer.root.fingerprintSha256Hex, signer)
    }
    return [...byRoot.values()]
  }
}
