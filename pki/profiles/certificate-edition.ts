import type { CertificateAlgorithm } from '../certificate/algorithms.ts'

/** The edition of ISO 15118 that a certificate is for. The key tells it: P-256 is -2's alone, P-521 and Ed448 are -20's. */
export type CertificateEdition = 'iso2' | 'iso20'

/** `undefined` for an algorithm that neither edition has. */
export function editionOf(algorithm: CertificateAlgorithm | undefined): CertificateEdition | undefined {
  if (algorithm === 'ecdsa-p256-sha256') return 'iso2'
  return algorithm === 'ecdsa-p521-sha512' || algorithm === 'ed448' ? 'iso20' : undefined
}
