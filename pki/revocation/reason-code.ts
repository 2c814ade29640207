import { DerReader, TAG } from '../der/der-reader.ts'
import { writeElement } from '../der/der-writer.ts'
import { RevocationError } from './errors.ts'
import { REVOCATION_REASONS, type RevocationReason } from './revocation-status.ts'

/**
 * Reads a CRLReason, DER.
 *
 * @throws {RevocationError} ERR_REVOCATION_CRL for a number that RFC 5280 section 5.3.1 does not have
 * @throws {PkiError} ERR_PKI_DER, ERR_PKI_TRAILING_BYTES
 */
export function readReason(der: Uint8Array): RevocationReason {
  const reader = new DerReader(der)
  const { content } = reader.read(TAG.enumerated)
  reader.end()
  const reason = content.length === 1 ? REVOCATION_REASONS[content[0] ?? 0] : undefined
  if (reason === undefined) throw new RevocationError('ERR_REVOCATION_CRL', 'unknown reason of a revocation')
  return reason
}

/** CRLReason, DER. */
export function writeReason(reason: RevocationReason): Uint8Array {
  return writeElement(TAG.enumerated, Uint8Array.of(REVOCATION_REASONS.indexOf(reason)))
}
