import { codeOf, equalBytes, type RandomBytes } from '#base'

import type { Certificate } from '../certificate/certificate.ts'
import { certificateIdOf, type CertificateIdHash } from './certificate-id.ts'
import { CRL_BYTES_MAX, parseCrl } from './certificate-revocation-list.ts'
import { CrlEvidence } from './crl-evidence.ts'
import { crlAddressesOf, ocspAddressesOf } from './distribution-point.ts'
import { RevocationError, type RevocationErrorCode } from './errors.ts'
import type { EvidenceNetwork } from './guarded-http.ts'
import { OcspEvidence } from './ocsp-evidence.ts'
import { writeOcspRequest } from './ocsp-request.ts'
import { OCSP_RESPONSE_BYTES_MAX, parseOcspResponse } from './ocsp-response.ts'
import type { LastingEvidence, RevocationStatus } from './revocation-status.ts'

/** A certificate of the field names one responder and at most one CRL; a hostile one does not get many requests. */
const ADDRESSES_MAX = 2
/** After these the same responder is not worth another question. */
const UNANSWERED: ReadonlySet<string> = new Set<RevocationErrorCode>([
  'ERR_REVOCATION_ADDRESS',
  'ERR_REVOCATION_FETCH',
  'ERR_REVOCATION_TIMEOUT',
])
const NONCE_BYTES = 32

/** What was answered; `source` says which kind of evidence it is and `address` who gave it. */
export interface FetchedEvidence {
  readonly source: 'ocsp' | 'crl'
  readonly address: string
  readonly der: Uint8Array
  /** `der`, parsed. */
  readonly evidence: LastingEvidence
  readonly status: Exclude<RevocationStatus, { status: 'unknown' }>
}

export interface EvidenceQuestion {
  readonly certificate: Certificate
  readonly issuer: Certificate
  readonly atMs: number
  readonly signal?: AbortSignal
}

/** Whether the certificate says where its status is to be had. */
export function namesStatusSource(certificate: Certificate): boolean {
  try {
    return ocspAddressesOf(certificate).length + crlAddressesOf(certificate).length > 0
  } catch {
    // Something is there, only not to be understood: not the same as nothing.
    return true
  }
}

/** Asks the addresses a certificate names: OCSP first, then CRLs. */
export class RevocationFetcher {
  readonly #network: EvidenceNetwork
  readonly #random: RandomBytes | undefined

  /** With `random`, requests carry a nonce: fresher, but a responder that prepares its answers ignores it. */
  constructor({ network, random }: { readonly network: EvidenceNetwork; readonly random?: RandomBytes }) {
    this.#network = network
    this.#random = random
  }

  /**
   * The first evidence that says good or revoked, verified as `OcspEvidence` and `CrlEvidence` do.
   *
   * @throws {RevocationError} why the last one that was asked gave none; ERR_REVOCATION_EXTENSION when the certificate
   * names nobody
   * @throws {PkiError} when its answer was not DER
   */
  async fetch(question: EvidenceQuestion): Promise<FetchedEvidence> {
    const { certificate } = question
    const attempts = [
      ...ocspAddressesOf(certificate)
        .slice(0, ADDRESSES_MAX)
        .map((address) => () => this.#askResponder(address, question)),
      ...crlAddressesOf(certificate)
        .slice(0, ADDRESSES_MAX)
        .map((address) => () => this.#getCrl(address, question)),
    ]
    let failure: unknown = new RevocationError(
      'ERR_REVOCATION_EXTENSION',
      'the certificate names neither an OCSP responder nor a CRL',
    )
    for (const attempt of attempts) {
      if (question.signal?.aborted === true)
        throw new RevocationError('ERR_REVOCATION_TIMEOUT', 'no time left to ask')
      try {
        return await attempt()
      } catch (error) {
        failure = error
      }
    }
    throw failure
  }

  /** A responder that does not know the certificate by one hash may know it by the other. */
  async #askResponder(address: string, question: EvidenceQuestion): Promise<FetchedEvidence> {
    try {
      return await this.#askByHash(address, 'sha256', question)
    } catch (error) {
      if (UNANSWERED.has(codeOf(error) ?? '')) throw error
      return this.#askByHash(address, 'sha1', question)
    }
  }

  async #askByHash(
    address: string,
    hashAlgorithm: CertificateIdHash,
    question: EvidenceQuestion,
  ): Promise<FetchedEvidence> {
    const nonce = this.#random?.(NONCE_BYTES)
    const bytes = writeOcspRequest({
      certificateIds: [certificateIdOf({ ...question, hashAlgorithm })],
      ...(nonce === undefined ? {} : { nonce }),
    })
    const der = await this.#network({
      address,
      body: { bytes, contentType: 'application/ocsp-request' },
      bytesMax: OCSP_RESPONSE_BYTES_MAX,
      ...signalOf(question),
    })
    const response = parseOcspResponse(der)
    if (nonce !== undefined && response.nonce !== undefined && !equalBytes(nonce, response.nonce))
      throw new RevocationError(
        'ERR_REVOCATION_OCSP',
        'the response is to another request: its nonce differs',
      )
    const evidence = new OcspEvidence([response])
    return decided({ source: 'ocsp', address, der, evidence }, question)
  }

  async #getCrl(address: string, question: EvidenceQuestion): Promise<FetchedEvidence> {
    const der = await this.#network({ address, bytesMax: CRL_BYTES_MAX, ...signalOf(question) })
    const evidence = new CrlEvidence({ crls: [parseCrl(der)] })
    return decided({ source: 'crl', address, der, evidence }, question)
  }
}

function decided(answer: Omit<FetchedEvidence, 'status'>, question: EvidenceQuestion): FetchedEvidence {
  const status = answer.evidence.statusOf(question)
  if (status.status !== 'unknown') return { ...answer, status }
  const code = answer.source === 'ocsp' ? 'ERR_REVOCATION_OCSP' : 'ERR_REVOCATION_CRL'
  throw new RevocationError(code, status.why)
}

const signalOf = ({ signal }: EvidenceQuestion): { signal?: AbortSignal } =>
  signal === undefined ? {} : { signal }
