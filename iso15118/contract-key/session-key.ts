import { createHash } from 'node:crypto'

/** The counter of the first and only round of the concatenation KDF. */
const COUNTER = Uint8Array.of(0, 0, 0, 1)

/** AlgorithmID 0x01, PartyUInfo 'U', PartyVInfo 'V', without length fields (V2G2-818). */
const OTHER_INFO = Uint8Array.of(0x01, 0x55, 0x56)

/**
 * The concatenation KDF of NIST SP 800-56A as ISO 15118 applies it, one round: the leading `keyBytes` bytes of
 * hash(counter ‖ Z ‖ OtherInfo). `sharedSecret` is Z at the full width of the curve. The caller clears the result.
 */
export function deriveSessionKey({
  sharedSecret,
  hash,
  keyBytes,
}: {
  readonly sharedSecret: Uint8Array
  readonly hash: 'sha256' | 'sha512'
  readonly keyBytes: number
}): Uint8Array {
  const digest = createHash(hash).update(COUNTER).update(sharedSecret).update(OTHER_INFO).digest()
  try {
    return Uint8Array.from(digest.subarray(0, keyBytes))
  } finally {
    digest.fill(0)
  }
}
