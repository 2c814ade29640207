import { setImmediate } from 'node:timers/promises'

import { bytesFromHex, type Signer } from '#base'

import type { Certificate } from '../certificate/certificate.ts'
import { contextPrimitiveTag } from '../der/der-reader.ts'
import {
  writeElement,
  writeExplicit,
  writeObjectIdentifier,
  writeOctetString,
  writeSequence,
  writeTime,
  writeUnsignedInteger,
} from '../der/der-writer.ts'
import { CRL_BYTES_MAX } from './certificate-revocation-list.ts'
import { RevocationError } from './errors.ts'
import { CRL_ENTRY_EXTENSION, CRL_EXTENSION } from './object-identifiers.ts'
import { writeReason } from './reason-code.ts'
import type { RevocationReason } from './revocation-status.ts'
import { signStructure, writeSignatureAlgorithm } from './signed-structure.ts'

/** A certificate to be listed as revoked. */
interface RevokedCertificate {
  readonly serialNumberHex: string
  readonly revokedAtMs: number
  /** `unspecified` and absent are the same: RFC 5280 section 5.3.1 wants no entry extension for it. */
  readonly reason?: RevocationReason
}

/** A few milliseconds. */
const ENTRIES_AT_ONCE = 1_000

export interface CrlOrder {
  readonly issuer: Certificate
  /** Higher than that of every CRL the issuer has signed before; positive. */
  readonly number: bigint
  readonly thisUpdateMs: number
  readonly nextUpdateMs: number
  readonly revoked: readonly RevokedCertificate[]
}

/**
 * A complete CRL for everything `issuer` has issued, DER. Times are cut to whole seconds.
 *
 * @throws {RevocationError} ERR_REVOCATION_ISSUE when the issuer may not sign CRLs, the signer's kind of key is not
 * its, the times are reversed, or an entry cannot be (removeFromCRL belongs into delta CRLs, twice the same number);
 * ERR_REVOCATION_CRL_TOO_LARGE (over {@link CRL_BYTES_MAX}: nobody here would read it)
 */
export async function signCrl(order: CrlOrder, signer: Signer): Promise<Uint8Array> {
  checkOrder(order, signer)
  const { issuer, thisUpdateMs, nextUpdateMs, revoked } = order
  const entries = revoked.length === 0 ? [] : [writeSequence(await writeEntries(revoked))]
  const signed = writeSequence(
    writeUnsignedInteger(Uint8Array.of(1)),
    writeSignatureAlgorithm(signer),
    issuer.subject.der,
    writeTime(thisUpdateMs),
    writeTime(nextUpdateMs),
    ...entries,
    writeExplicit(0, writeSequence(...writeExtensions(order))),
  )
  const der = await signStructure(signed, signer)
  if (der.length > CRL_BYTES_MAX) {
    const what = `CRL of ${revoked.length} entries and ${der.length} bytes, limit ${CRL_BYTES_MAX}`
    throw new RevocationError('ERR_REVOCATION_CRL_TOO_LARGE', what)
  }
  return der
}

function checkOrder({ issuer, number, thisUpdateMs, nextUpdateMs, revoked }: CrlOrder, signer: Signer): void {
  const { basicConstraints, keyUsage, publicKeyAlgorithm } = issuer
  if (basicConstraints?.ca !== true) throw issueError('the issuer of a CRL is a CA')
  if (keyUsage !== undefined && !keyUsage.includes('cRLSign'))
    throw issueError('the key usage of the issuer does not allow to sign CRLs')
  if (publicKeyAlgorithm !== signer.algorithm)
    throw issueError(`signer of ${signer.algorithm} for another key`)
  if (!(thisUpdateMs < nextUpdateMs)) throw issueError('the CRL ends before it begins')
  if (number <= 0n) throw issueError('the number of a CRL is positive')
  if (new Set(revoked.map(({ serialNumberHex }) => serialNumberHex)).size < revoked.length)
    throw issueError('the same serial number twice')
  if (revoked.some(({ reason }) => reason === 'removeFromCRL'))
    throw issueError('removeFromCRL belongs into delta CRLs')
}

/** Takes seconds for the largest CRLs, and leaves others their turn meanwhile. */
async function writeEntries(revoked: CrlOrder['revoked']): Promise<Uint8Array> {
  const entries: Uint8Array[] = []
  for (const each of revoked) {
    entries.push(writeEntry(each))
    if (entries.length % ENTRIES_AT_ONCE === 0) await setImmediate()
  }
  return Buffer.concat(entries)
}

function writeEntry({ serialNumberHex, revokedAtMs, reason }: RevokedCertificate): Uint8Array {
  const extensions =
    reason === undefined || reason === 'unspecified'
      ? []
      : [writeSequence(writeExtension(CRL_ENTRY_EXTENSION.reasonCode, writeReason(reason)))]
  return writeSequence(
    writeUnsignedInteger(bytesFromHex(serialNumberHex)),
    writeTime(revokedAtMs),
    ...extensions,
  )
}

function writeExtensions({ issuer, number }: CrlOrder): readonly Uint8Array[] {
  const hex = number.toString(16)
  const extensions = [
    writeExtension(
      CRL_EXTENSION.number,
      writeUnsignedInteger(bytesFromHex(hex.length % 2 === 0 ? hex : `0${hex}`)),
    ),
  ]
  if (issuer.subjectKeyIdentifier === undefined) return extensions
  const identifier = writeElement(contextPrimitiveTag(0), issuer.subjectKeyIdentifier)
  return [writeExtension(CRL_EXTENSION.authorityKeyIdentifier, writeSequence(identifier)), ...extensions]
}

/** An extension that is not critical. */
function writeExtension(oid: string, value: Uint8Array): Uint8Array {
  return writeSequence(writeObjectIdentifier(oid), writeOctetString(value))
}

const issueError = (what: string): RevocationError => new RevocationError('ERR_REVOCATION_ISSUE', what)
