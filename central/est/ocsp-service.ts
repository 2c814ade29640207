import type { Clock } from '#base'
import { isIssuerOf, readOcspRequest, signOcspResponse, type OcspAnswer } from '#pki'

import { RateLimit } from '../http/rate-limit.ts'
import { PoolError } from '../pool-error.ts'
import type { IssuedStore } from './issued-store.ts'
import type { OperatorCa } from './operator-ca.ts'

type OcspRequest = ReturnType<typeof readOcspRequest>

/** How long an OCSP answer may be used: stations ask about once a day, and a revocation should not take longer to arrive. */
const OCSP_VALIDITY_MS = 86_400_000
/** Until half its time is over an answer is given to everybody who asks, so that it serves each for half a day at least. */
const OCSP_KEPT_MS = OCSP_VALIDITY_MS / 2
/** Of about 500 bytes each. */
const ANSWERS_MAX = 20_000
/** Ten a second, which small HSMs do, are 400,000 certificates in the time an answer is kept. */
const CA_SIGNATURES_PER_MINUTE_MAX = 600
/** As many again for what cannot be kept: those who ask with a nonce cannot take the signatures of all others. */
const UNKEPT_SIGNATURES_PER_MINUTE_MAX = 300
/** An operator's one address asks for all of its stations. */
const SOURCE_SIGNATURES_PER_MINUTE_MAX = 200

/** A signed answer (DER). `because`: why it is an earlier one that is still valid, and none of now. */
export interface StatusAnswer {
  readonly der: Uint8Array
  readonly because?: PoolError
}

interface KeptAnswer {
  readonly der: Uint8Array
  readonly signedAtMs: number
  /** What it says; another status makes it void. */
  readonly says: string
}

/** A question about one certificate as far as it is understood. */
interface Question {
  readonly ca: OperatorCa
  readonly certificateId: OcspAnswer['certificateId']
  readonly status: OcspAnswer['status']
  /** The address that asks, to count by. */
  readonly source: string
}

/** An answer to be kept under `name`. */
interface Renewal {
  readonly name: string
  readonly says: string
  readonly question: Question
}

/**
 * The OCSP responder of the operator CAs (RFC 6960), which sign themselves. An answer is signed once and given until it
 * is half as old as it may be, or the status changes, whichever process changed it: that is looked up each time. What
 * asks with a nonce or for several certificates gets an answer of its own. Signatures are limited by CA and by source.
 */
export class OcspService {
  readonly #store: Pick<IssuedStore, 'find'>
  readonly #clock: Clock
  readonly #answers = new Map<string, KeptAnswer>()
  readonly #underWay = new Map<string, Promise<KeptAnswer>>()
  readonly #kept: RateLimit
  readonly #unkept: RateLimit
  readonly #sources: RateLimit

  constructor({ store, clock }: { readonly store: Pick<IssuedStore, 'find'>; readonly clock: Clock }) {
    this.#store = store
    this.#clock = clock
    this.#kept = new RateLimit({ clock, perMinute: CA_SIGNATURES_PER_MINUTE_MAX })
    this.#unkept = new RateLimit({ clock, perMinute: UNKEPT_SIGNATURES_PER_MINUTE_MAX })
    this.#sources = new RateLimit({ clock, perMinute: SOURCE_SIGNATURES_PER_MINUTE_MAX })
  }

  /**
   * Answers a request (DER) of `source`.
   *
   * @throws {PoolError} ERR_EST_OCSP_REQUEST, ERR_EST_OCSP_ISSUER when it is about certificates of others,
   * ERR_EST_SIGNATURE_RATE, ERR_EST_KEY_FAILED
   */
  async answer(ca: OperatorCa, der: Uint8Array, source: string): Promise<StatusAnswer> {
    const { certificateIds, nonce } = readRequest(der)
    if (!certificateIds.every((id) => isIssuerOf(ca.certificate, id)))
      throw new PoolError('ERR_EST_OCSP_ISSUER', 'Another issuer answers for the certificate.')
    const questions = await Promise.all(
      certificateIds.map(async (certificateId): Promise<Question> => {
        const status = await this.#statusOf(ca, certificateId.serialNumberHex)
        return { ca, certificateId, status, source }
      }),
    )
    const [only, ...others] = questions
    const isPlain = nonce === undefined && others.length === 0
    // Numbers that were never given out are without end: their answers would push out the others.
    if (only !== undefined && isPlain && only.status.status !== 'unknown') return await this.#keptAnswer(only)
    this.#count(this.#unkept, ca, source)
    return { der: await this.#sign(ca, questions, nonce) }
  }

  async #keptAnswer(question: Question): Promise<StatusAnswer> {
    const { ca, certificateId, status } = question
    const { hashAlgorithm, serialNumberHex } = certificateId
    const name = `${ca.certificate.fingerprintSha256Hex} ${hashAlgorithm} ${serialNumberHex}`
    const says = JSON.stringify(status)
    const nowMs = this.#clock()
    const known = this.#answers.get(name)
    const held = known?.says === says ? known : undefined
    if (held !== undefined && nowMs - held.signedAtMs < OCSP_KEPT_MS) return held
    try {
      return await this.#renewed({ name, says, question })
    } catch (error) {
      const isValid = held !== undefined && nowMs - held.signedAtMs < OCSP_VALIDITY_MS
      if (isValid && error instanceof PoolError) return { der: held.der, because: error }
      throw error
    }
  }

  /** One signature for all who ask at the same time. */
  #renewed(renewal: Renewal): Promise<KeptAnswer> {
    const key = `${renewal.name} ${renewal.says}`
    const underWay = this.#underWay.get(key)
    if (underWay !== undefined) return underWay
    const renewed = this.#renew(renewal).finally(() => void this.#underWay.delete(key))
    this.#underWay.set(key, renewed)
    return renewed
  }

  async #renew({ name, says, question }: Renewal): Promise<KeptAnswer> {
    const signedAtMs = this.#clock()
    this.#count(this.#kept, question.ca, question.source)
    const answer = { der: await this.#sign(question.ca, [question], undefined), signedAtMs, says }
    // At the end of the map, whose beginning is what was signed longest ago.
    this.#answers.delete(name)
    this.#answers.set(name, answer)
    const [oldest] = this.#answers.keys()
    if (this.#answers.size > ANSWERS_MAX && oldest !== undefined) this.#answers.delete(oldest)
    return answer
  }

  #sign(ca: OperatorCa, questions: readonly Question[], nonce: OcspRequest['nonce']): Promise<Uint8Array> {
    const nowMs = this.#clock()
    const answers = questions.map(({ certificateId, status }): OcspAnswer => ({
      certificateId,
      status,
      thisUpdateMs: nowMs,
      nextUpdateMs: nowMs + OCSP_VALIDITY_MS,
    }))
    const order = { responder: ca.certificate, includeCertificate: false, producedAtMs: nowMs, answers }
    return signOcspResponse({ ...order, ...(nonce !== undefined && { nonce }) }, ca.signer)
  }

  #count(limit: RateLimit, { name, keySha256 }: OperatorCa, source: string): void {
    if (limit.isExceeded(keySha256) || this.#sources.isExceeded(source))
      throw new PoolError('ERR_EST_SIGNATURE_RATE', `Too many signatures are asked of ${name}, try later.`)
    limit.add(keySha256)
    this.#sources.add(source)
  }

  /** `good` is only what is known: a serial number that was never used may be a forgery. */
  async #statusOf({ keySha256 }: OperatorCa, serialNumberHex: string): Promise<OcspAnswer['status']> {
    const issued = await this.#store.find({ issuerKeySha256: keySha256, serialNumberHex })
    if (issued === undefined) return { status: 'unknown' }
    return issued.revocation === undefined ? { status: 'good' } : { status: 'revoked', ...issued.revocation }
  }
}

function readRequest(der: Uint8Array): OcspRequest {
  try {
    return readOcspRequest(der)
  } catch (cause) {
    throw new PoolError('ERR_EST_OCSP_REQUEST', 'The OCSP request cannot be read.', { cause })
  }
}
