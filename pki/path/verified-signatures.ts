import type { Certificate } from '../certificate/certificate.ts'

/** About 2 MB of keys when full. */
const PAIRS_MAX = 10_000

/**
 * Remembers which certificate was signed by which, so that the signatures of sub CAs are not checked again for every
 * leaf. A signature that held once holds for ever; dates and rules are never remembered. The least recently used
 * pair goes first. One object may serve any number of validations.
 */
export class VerifiedSignatures {
  readonly #pairs = new Set<string>()
  readonly #pairsMax: number

  constructor({ pairsMax = PAIRS_MAX }: { readonly pairsMax?: number } = {}) {
    this.#pairsMax = pairsMax
  }

  get size(): number {
    return this.#pairs.size
  }

  has(certificate: Certificate, issuer: Certificate): boolean {
    const pair = pairOf(certificate, issuer)
    const found = this.#pairs.delete(pair)
    if (found) this.#pairs.add(pair)
    return found
  }

  add(certificate: Certificate, issuer: Certificate): void {
    this.#pairs.add(pairOf(certificate, issuer))
    if (this.#pairs.size <= this.#pairsMax) return
    const [oldest] = this.#pairs
    if (oldest !== undefined) this.#pairs.delete(oldest)
  }
}

const pairOf = (certificate: Certificate, issuer: Certificate): string =>
  certificate.fingerprintSha256Hex + issuer.fingerprintSha256Hex
