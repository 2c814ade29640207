/** The signature algorithms of ISO 15118: P-256 with SHA-256 (-2), P-521 with SHA-512 and Ed448 (-20). */
export type SignatureAlgorithm = 'ecdsa-p256-sha256' | 'ecdsa-p521-sha512' | 'ed448'

/**
 * Signs with a private key that may live in a file, a process or an HSM.
 *
 * `sign` hashes `data` itself and gives the raw signature: r‖s with each half left-padded to the curve's size
 * (64 bytes for P-256, 132 for P-521), 114 bytes for Ed448. It may reject when the key store is unreachable;
 * signing again is harmless.
 */
export interface Signer {
  readonly algorithm: SignatureAlgorithm
  sign(data: Uint8Array): Promise<Uint8Array>
}

/** Checks raw signatures (as {@link Signer} gives them) of one public key. A malformed signature is `false`, not an error. */
export interface Verifier {
  readonly algorithm: SignatureAlgorithm
  verify(data: Uint8Array, signature: Uint8Array): boolean
}
