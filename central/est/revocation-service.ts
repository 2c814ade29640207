import type { Clock } from '#base'
import type { Reach } from '#opcp'
import {
  isIssuerOf,
  ocspErrorResponse,
  readOcspRequest,
  signCrl,
  signOcspResponse,
  type Certificate,
  type OcspAnswer,
  type RevocationReason,
} from '#pki'

import type { Caller } from '../http/caller.ts'
import { PoolError } from '../pool-error.ts'
import { readEndEntityName } from './end-entity-name.ts'
import type { IssuedStore } from './issued-store.ts'
import type { OperatorCa, OperatorCas } from './operator-ca.ts'

const DAY_MS = 86_400_000
/** How long an OCSP answer may be used: stations ask about once a day, and a revocation should not take longer to arrive. */
const OCSP_VALIDITY_MS = DAY_MS
/** A CRL is renewed long before it ends, so that one outage leaves nobody without. */
const CRL_VALIDITY_MS = 7 * DAY_MS
const CRL_AGE_MAX_MS = DAY_MS

interface Parts {
  readonly cas: OperatorCas
  readonly store: IssuedStore
  readonly clock: Clock
}

interface SignedCrl {
  readonly der: Promise<Uint8Array>
  readonly signedAtMs: number
  /** How many were revoked when it was made. */
  readonly revocations: number
}

/** Revokes what the operator CAs have issued, and says so by OCSP and CRL. */
export class RevocationService {
  readonly #parts: Parts
  readonly #crls = new Map<OperatorCa, SignedCrl>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /**
   * Revokes a certificate for ever. Doing it again changes neither time nor reason.
   *
   * @throws {PoolError} ERR_EST_CERTIFICATE_UNKNOWN when no CA here has issued it, ERR_POOL_NOT_OWNER
   */
  async revoke(
    certificate: Certificate,
    { reason, caller, reach }: { reason: RevocationReason; caller: Caller; reach: Reach },
  ): Promise<void> {
    const { cas, store, clock } = this.#parts
    const ca = cas.all.find((candidate) => candidate.hasIssued(certificate))
    if (ca === undefined) throw unknownCertificate()
    requireOwner(ca, certificate, { caller, reach })
    const name = { issuerKeySha256: ca.keySha256, serialNumberHex: certificate.serialNumberHex }
    // The name of a signing service says nothing about its owner; the records do.
    if (reach === 'own' && ca.kind === 'cps' && (await store.find(name))?.requester !== caller.clientId)
      throw new PoolError('ERR_POOL_NOT_OWNER', 'The certificate belongs to another client.')
    if ((await store.revoke(name, { revokedAtMs: clock(), reason })) === 'unknown') throw unknownCertificate()
  }

  /**
   * The answer to an OCSP request (DER), signed by the CA itself. What cannot be read, or is about another issuer, gets
   * the error response that RFC 6960 §2.3 has for it.
   */
  async answerOcsp(ca: OperatorCa, der: Uint8Array): Promise<Uint8Array> {
    const request = readOrUndefined(der)
    if (request === undefined) return ocspErrorResponse('malformedRequest')
    const { certificateIds, nonce } = request
    if (!certificateIds.every((id) => isIssuerOf(ca.certificate, id)))
      return ocspErrorResponse('unauthorized')
    const nowMs = this.#parts.clock()
    const answers = await Promise.all(
      certificateIds.map(async (certificateId): Promise<OcspAnswer> => ({
        certificateId,
        status: await this.#statusOf(ca, certificateId.serialNumberHex),
        thisUpdateMs: nowMs,
        nextUpdateMs: nowMs + OCSP_VALIDITY_MS,
      })),
    )
    const order = { responder: ca.certificate, includeCertificate: false, producedAtMs: nowMs, answers }
    return signOcspResponse({ ...order, ...(nonce !== undefined && { nonce }) }, ca.signer)
  }

  /** The CA's present CRL, DER: never older than a day, nor than the last revocation, whichever process made it. */
  async currentCrl(ca: OperatorCa): Promise<Uint8Array> {
    const nowMs = this.#parts.clock()
    const revocations = await this.#parts.store.countRevoked(ca.keySha256)
    const held = this.#crls.get(ca)
    if (held?.revocations === revocations && nowMs - held.signedAtMs < CRL_AGE_MAX_MS) return await held.der
    const signed = { der: this.#signCrl(ca, nowMs), signedAtMs: nowMs, revocations }
    this.#crls.set(ca, signed)
    // A signature that failed is tried again by whoever asks next.
    signed.der.catch(() => this.#crls.get(ca) === signed && this.#crls.delete(ca))
    return await signed.der
  }

  async #signCrl(ca: OperatorCa, thisUpdateMs: number): Promise<Uint8Array> {
    const { store } = this.#parts
    const order = {
      issuer: ca.certificate,
      number: await store.nextCrlNumber(ca.keySha256),
      thisUpdateMs,
      nextUpdateMs: thisUpdateMs + CRL_VALIDITY_MS,
      // RFC 5280 §3.3: an entry stays until a CRL from after its certificate's end had it. The longest anybody can hold
      // an older one is its validity.
      revoked: await store.listRevoked(ca.keySha256, thisUpdateMs - CRL_VALIDITY_MS),
    }
    return signCrl(order, ca.signer)
  }

  /** `good` is only what is known: a serial number that was never used may be a forgery. */
  async #statusOf(ca: OperatorCa, serialNumberHex: string): Promise<OcspAnswer['status']> {
    const issued = await this.#parts.store.find({ issuerKeySha256: ca.keySha256, serialNumberHex })
    if (issued === undefined) return { status: 'unknown' }
    return issued.revocation === undefined ? { status: 'good' } : { status: 'revoked', ...issued.revocation }
  }
}

/** What the certificate alone says, before anything is looked up. */
function requireOwner(
  { kind, edition }: OperatorCa,
  { commonName }: Certificate,
  { caller, reach }: { caller: Caller; reach: Reach },
): void {
  if (reach === 'any') return
  const role = ROLE_OF[kind]
  if (!caller.roles.has(role))
    throw new PoolError('ERR_POOL_NOT_OWNER', `The certificate belongs to a client with the role ${role}.`)
  readEndEntityName(kind, commonName, edition).requireOwner(caller)
}

const ROLE_OF = { cpo: 'CPO', mo: 'MO_HUBJECT_PKI', oem: 'OEM', veh: 'OEM', cps: 'CPS' } as const

function readOrUndefined(der: Uint8Array): ReturnType<typeof readOcspRequest> | undefined {
  try {
    return readOcspRequest(der)
  } catch {
    return undefined
  }
}

function unknownCertificate(): PoolError {
  return new PoolError('ERR_EST_CERTIFICATE_UNKNOWN', 'The certificate was not issued here.')
}
