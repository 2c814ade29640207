import { messageOf, type Clock } from '#base'
import { signCrl } from '#pki'

import { PoolError } from '../pool-error.ts'
import type { IssuedStore, KeptCrl } from './issued-store.ts'
import type { StatusAnswer } from './ocsp-service.ts'
import type { OperatorCa } from './operator-ca.ts'

const DAY_MS = 86_400_000
/** A CRL is renewed long before it ends, so that one outage leaves nobody without. */
const CRL_VALIDITY_MS = 7 * DAY_MS
const CRL_AGE_MAX_MS = DAY_MS
/** A key that has failed is left alone for so long: everybody may ask for a CRL. */
const RETRY_AFTER_MS = 10_000

/** What a CRL is asked for. */
interface Due {
  readonly atMs: number
  /** How many are revoked by now. */
  readonly revocations: number
}

interface Attempt {
  readonly startedAtMs: number
  readonly revocations: number
  readonly crl: Promise<KeptCrl>
}

/** The CRLs of the operator CAs, signed when one is due and somebody asks for it. */
export class CrlService {
  readonly #store: IssuedStore
  readonly #clock: Clock
  readonly #crls = new Map<string, KeptCrl>()
  /** Of each CA the last one, under way or failed. */
  readonly #attempts = new Map<string, Attempt>()

  constructor({ store, clock }: { readonly store: IssuedStore; readonly clock: Clock }) {
    this.#store = store
    this.#clock = clock
  }

  /**
   * The CA's present CRL: never older than a day, nor than the last revocation, whichever process made it. While none can
   * be signed the last one, as long as it is valid, after a restart too.
   *
   * @throws {PoolError} ERR_EST_KEY_FAILED
   */
  async current(ca: OperatorCa): Promise<StatusAnswer> {
    const name = ca.certificate.fingerprintSha256Hex
    const due = { atMs: this.#clock(), revocations: await this.#store.countRevoked(ca.keySha256) }
    const held = this.#crls.get(name)
    if (held !== undefined && isPresent(held, due)) return held
    try {
      return await this.#renewed(ca, due)
    } catch (error) {
      const last = this.#crls.get(name)
      if (last === undefined || due.atMs >= last.nextUpdateMs) throw error
      return { der: last.der, because: asPoolError(error) }
    }
  }

  #renewed(ca: OperatorCa, due: Due): Promise<KeptCrl> {
    const name = ca.certificate.fingerprintSha256Hex
    const last = this.#attempts.get(name)
    if (last?.revocations === due.revocations && due.atMs - last.startedAtMs < RETRY_AFTER_MS) return last.crl
    const crl = this.#renew(ca, due)
    this.#attempts.set(name, { startedAtMs: due.atMs, revocations: due.revocations, crl })
    return crl
  }

  async #renew(ca: OperatorCa, due: Due): Promise<KeptCrl> {
    const name = ca.certificate.fingerprintSha256Hex
    const issuer = { issuerKeySha256: ca.keySha256, caCertificateSha256: name }
    const last = await this.#store.lastCrl(issuer)
    if (last !== undefined) this.#crls.set(name, last)
    if (last !== undefined && isPresent(last, due)) return last
    const crl = await this.#sign(ca, { due, last })
    // Kept before anybody gets it: it may have been the last one with an entry.
    await this.#store.keepCrl(issuer, crl)
    this.#crls.set(name, crl)
    return crl
  }

  async #sign(
    ca: OperatorCa,
    { due, last }: { readonly due: Due; readonly last: KeptCrl | undefined },
  ): Promise<KeptCrl> {
    const number = await this.#store.nextCrlNumber(ca.keySha256)
    const nextUpdateMs = due.atMs + CRL_VALIDITY_MS
    const order = {
      issuer: ca.certificate,
      number,
      thisUpdateMs: due.atMs,
      nextUpdateMs,
      // RFC 5280 §3.3: an entry stays until a CRL from after its certificate's end had it.
      revoked: await this.#store.listRevoked(ca.keySha256, last?.signedAtMs ?? 0),
    }
    const der = await signCrl(order, ca.signer)
    return { der, number, signedAtMs: due.atMs, nextUpdateMs, revocations: due.revocations }
  }
}

function isPresent({ signedAtMs, revocations }: KeptCrl, due: Due): boolean {
  return revocations === due.revocations && due.atMs - signedAtMs < CRL_AGE_MAX_MS
}

function asPoolError(cause: unknown): PoolError {
  if (cause instanceof PoolError) return cause
  return new PoolError('ERR_EST_KEY_FAILED', `No CRL can be made: ${messageOf(cause)}.`, { cause })
}
