import type { Certificate } from '#pki'

/** A pool that offers less than this part of the valid roots known is doubted. */
const PART_EXPECTED = 1 / 2

interface Doubt {
  readonly fingerprints: string
  readonly sinceMs: number
}

/**
 * Decides whether a set of roots may replace the one known. No roots at all are never believed, and a set that is
 * drastically smaller only when the pool has said the same for `patienceMs`: a pool that is being restored looks like
 * one whose operator removed roots, but not for long.
 */
export class RootLossGuard<RootType extends string> {
  readonly #patienceMs: number
  readonly #doubts = new Map<RootType, Doubt>()

  constructor({ patienceMs }: { patienceMs: number }) {
    this.#patienceMs = patienceMs
  }

  believes(
    rootType: RootType,
    {
      known,
      offered,
      nowMs,
    }: { known: readonly Certificate[]; offered: readonly Certificate[]; nowMs: number },
  ): boolean {
    if (offered.length === 0) return false
    const valid = known.filter(({ validToMs }) => nowMs <= validToMs)
    if (offered.length >= valid.length * PART_EXPECTED) {
      this.#doubts.delete(rootType)
      return true
    }
    const fingerprints = offered.map(({ fingerprintSha256Hex }) => fingerprintSha256Hex).join(' ')
    const doubt = this.#doubts.get(rootType)
    if (doubt?.fingerprints === fingerprints) return nowMs - doubt.sinceMs >= this.#patienceMs
    this.#doubts.set(rootType, { fingerprints, sinceMs: nowMs })
    return false
  }
}
