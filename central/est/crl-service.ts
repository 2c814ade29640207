import { messageOf, type Clock } from '#base'
import { signCrl } from '#pki'

import { PoolError } from '../pool-error.ts'
import type { IssuedStore } from './issued-store.ts'
import type { StatusAnswer } from './ocsp-service.ts'
import type { OperatorCa } from './operator-ca.ts'

const DAY_MS = 86_400_000
/** A CRL is renewed long before it ends, so that one outage leaves nobody without. */
const CRL_VALIDITY_MS = 7 * DAY_MS
const CRL_AGE_MAX_MS = DAY_MS
/** A key that has failed is left alone for so long: everybody may ask for a CRL. */
const RETRY_AFTER_MS = 10_000

interface SignedCrl {
  readonly der: Uint8Array
  readonly signedAtMs: number
  /** How many were revoked when it was made. */
  readonly revocations: number
}

interface Attempt {
  readonly startedAtMs: number
  readonly revocations: number
  readonly crl: Promise<SignedCrl>
}

/** The CRLs of the operator CAs, signed when one is due and somebody asks for it. */
export class CrlService {
  readonly #store: IssuedStore
  readonly #clock: Clock
  readonly #crls = new Map<string, SignedCrl>()
  /** Of each CA the last one, under way or failed. */
  readonly #attempts = new Map<string, Attempt>()

  constructor({ store, clock }: { readonly store: IssuedStore; readonly clock: Clock }) {
    this.#store = store
    this.#clock = clock
  }

  /**
   * The CA's present CRL: never older than a day, nor than the last revocation, whichever process made it. While none can
   * be signed the last one, as long as it is valid.
   *
   * @throws {PoolError} ERR_EST_KEY_FAILED
   */
  async current(ca: OperatorCa): Promise<StatusAnswer> {
    const nowMs = this.#clock()
    const revocations = await this.#store.countRevoked(ca.keySha256)
    const held = this.#crls.get(ca.certificate.fingerprintSha256Hex)
    if (held?.revocations === revocations && nowMs - held.signedAtMs < CRL_AGE_MAX_MS) return held
    try {
      return await this.#renewed(ca, revocations)
    } catch (error) {
      if (held === undefined || nowMs - held.signedAtMs >= CRL_VALIDITY_MS) throw error
      return { der: held.der, because: asPoolError(error) }
    }
  }

  #renewed(ca: OperatorCa, revocations: number): Promise<SignedCrl> {
    const name = ca.certificate.fingerprintSha256Hex
    const startedAtMs = this.#clock()
    const last = this.#attempts.get(name)
    if (last?.revocations === revocations && startedAtMs - last.startedAtMs < RETRY_AFTER_MS) return last.crl
    const crl = this.#sign(ca, { startedAtMs, revocations })
    this.#attempts.set(name, { startedAtMs, revocations, crl })
    return crl
  }

  async #sign(
    ca: OperatorCa,
    { startedAtMs, revocations }: { readonly startedAtMs: number; readonly revocations: number },
  ): Promise<SignedCrl> {
    const order = {
      issuer: ca.certificate,
      number: await this.#store.nextCrlNumber(ca.keySha256),
      thisUpdateMs: startedAtMs,
      nextUpdateMs: startedAtMs + CRL_VALIDITY_MS,
      // RFC 5280 §3.3: an entry stays until a CRL from after its certificate's end had it. The longest anybody can hold
      // an older one is its validity.
      revoked: await this.#store.listRevoked(ca.keySha256, startedAtMs - CRL_VALIDITY_MS),
    }
    const signed = { der: await signCrl(order, ca.signer), signedAtMs: startedAtMs, revocations }
    this.#crls.set(ca.certificate.fingerprintSha256Hex, signed)
    return signed
  }
}

function asPoolError(cause: unknown): PoolError {
  if (cause instanceof PoolError) return cause
  return new PoolError('ERR_EST_KEY_FAILED', `No CRL can be made: ${messageOf(cause)}.`, { cause })
}
