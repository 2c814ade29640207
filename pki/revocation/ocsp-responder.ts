import type { Signer } from '#base'

import type { Certificate } from '../certificate/certificate.ts'
import { contextPrimitiveTag, contextTag, TAG } from '../der/der-reader.ts'
import {
  writeElement,
  writeExplicit,
  writeObjectIdentifier,
  writeOctetString,
  writeSequence,
  writeText,
} from '../der/der-writer.ts'
import { keyHashOf, writeCertificateId } from './certificate-id.ts'
import { RevocationError } from './errors.ts'
import { OCSP } from './object-identifiers.ts'
import { writeNonce } from './ocsp-request.ts'
import { OCSP_RESPONSE_STATUSES, type OcspAnswer } from './ocsp-response.ts'
import { writeReason } from './reason-code.ts'
import { signStructure } from './signed-structure.ts'

export interface OcspResponseOrder {
  /** Whose key `signer` holds: the issuer of the certificates, or a delegate it has named for OCSP signing. */
  readonly responder: Certificate
  /** A delegate's certificate travels with the response; the issuer's would only make it longer. */
  readonly includeCertificate: boolean
  readonly producedAtMs: number
  /** In the hash the request came with. Without `nextUpdateMs` clients ask again every time, or after a day. */
  readonly answers: readonly OcspAnswer[]
  /** That of the request. */
  readonly nonce?: Uint8Array
}

/**
 * A successful response, DER. Times are cut to whole seconds.
 *
 * @throws {RevocationError} ERR_REVOCATION_ISSUE when there is nothing to answer, the signer's kind of key is not the
 * responder's, or an answer ends before it begins
 */
export async function signOcspResponse(order: OcspResponseOrder, signer: Signer): Promise<Uint8Array> {
  checkOrder(order, signer)
  const { responder, includeCertificate, producedAtMs, answers, nonce } = order
  const extensions = nonce === undefined ? [] : [writeExplicit(1, writeSequence(writeNonce(nonce)))]
  const signed = writeSequence(
    writeExplicit(2, writeOctetString(keyHashOf(responder))),
    writeGeneralizedTime(producedAtMs),
    writeSequence(...answers.map(writeAnswer)),
    ...extensions,
  )
  const certificates = includeCertificate ? [writeExplicit(0, writeSequence(responder.der))] : []
  const basic = await signStructure(signed, signer, ...certificates)
  const bytes = writeSequence(writeObjectIdentifier(OCSP.basicResponse), writeOctetString(basic))
  return writeSequence(writeStatus('successful'), writeExplicit(0, bytes))
}

type OcspErrorStatus = Exclude<(typeof OCSP_RESPONSE_STATUSES)[number], undefined | 'successful'>

/** A response without answer, DER, unsigned: `malformedRequest`, `unauthorized` (not our certificates), `tryLater`… */
export function ocspErrorResponse(status: OcspErrorStatus): Uint8Array {
  return writeSequence(writeStatus(status))
}

function writeStatus(status: OcspErrorStatus | 'successful'): Uint8Array {
  return writeElement(TAG.enumerated, Uint8Array.of(OCSP_RESPONSE_STATUSES.indexOf(status)))
}

function checkOrder({ responder, answers }: OcspResponseOrder, signer: Signer): void {
  if (answers.length === 0) throw issueError('a response answers for at least one certificate')
  if (responder.publicKeyAlgorithm !== signer.algorithm)
    throw issueError(`signer of ${signer.algorithm} for another key`)
  const reversed = answers.some(
    ({ thisUpdateMs, nextUpdateMs }) => nextUpdateMs !== undefined && !(thisUpdateMs < nextUpdateMs),
  )
  if (reversed) throw issueError('an answer ends before it begins')
}

function writeAnswer({ certificateId, status, thisUpdateMs, nextUpdateMs }: OcspAnswer): Uint8Array {
  const next = nextUpdateMs === undefined ? [] : [writeExplicit(0, writeGeneralizedTime(nextUpdateMs))]
  return writeSequence(
    writeCertificateId(certificateId),
    writeCertificateStatus(status),
    writeGeneralizedTime(thisUpdateMs),
    ...next,
  )
}

function writeCertificateStatus(status: OcspAnswer['status']): Uint8Array {
  if (status.status === 'good') return writeElement(contextPrimitiveTag(0))
  if (status.status === 'unknown') return writeElement(contextPrimitiveTag(2))
  const { revokedAtMs, reason } = status
  const reasons = reason === 'unspecified' ? [] : [writeExplicit(0, writeReason(reason))]
  return writeElement(contextTag(1), writeGeneralizedTime(revokedAtMs), ...reasons)
}

/** Times of OCSP are GeneralizedTime in every year. */
function writeGeneralizedTime(timeMs: number): Uint8Array {
  const digits = new Date(timeMs).toISOString().slice(0, 19).replace(/[-:T]/g, '')
  return writeText(TAG.generalizedTime, `${digits}Z`)
}

const issueError = (what: string): RevocationError => new RevocationError('ERR_REVOCATION_ISSUE', what)
