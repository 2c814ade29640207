import { type Clock, CodedError } from '#base'

import type { Certificate } from '../certificate/certificate.ts'
import { type CachedStatus, EvidenceCache } from './evidence-cache.ts'
import type { EvidenceStore } from './evidence-folder.ts'
import { namesStatusSource, type RevocationFetcher } from './revocation-fetcher.ts'
import type { RevocationStatus } from './revocation-status.ts'

/**
 * What to do about a certificate whose status is unknown. One that was revoked is never accepted.
 *
 * - `hard-fail`: refuse it
 * - `soft-fail`: accept it when its issuer names nobody to ask, or when nobody has been answering for no longer than
 *   `graceMs`: since the last answer ended, or without one since the first question
 */
export type RevocationPolicy =
  | { readonly mode: 'hard-fail' }
  | { readonly mode: 'soft-fail'; readonly graceMs: number }

/** What was found out about one certificate of a path. */
export interface CertificateRevocation {
  readonly certificate: Certificate
  readonly status: RevocationStatus
  /** Whether the policy lets the certificate pass. */
  readonly accepted: boolean
  /** How long ago the issuer said it: `status`, or the outdated answer that `status` unknown rests on. */
  readonly answerAgeMs: number | undefined
}

/** A failed question is not repeated before, whoever asks: a dead responder must not slow down every installation. */
const RETRY_MS = 60_000
const IN_FLIGHT_MAX = 64
/** Certificates whose status is kept fresh, the least recently checked go first. */
const TRACKED_MAX = 2_000
const REFRESHES_AT_ONCE = 4
/** Part of the life of an answer after which it is fetched anew. */
const REFRESH_AFTER = 0.75
/** CRLs of a year are not unheard of; a revocation is to be noticed within a day all the same. */
const REFRESH_AT_LEAST_MS = 24 * 60 * 60 * 1000

const NEVER_ASKED = {
  retryAtMs: 0,
  fetchedAtMs: Number.NEGATIVE_INFINITY,
  why: 'there was no answer in time',
} as const

interface Link {
  readonly certificate: Certificate
  readonly issuer: Certificate
}

interface Tracked extends Link {
  /** Since when nobody has answered; `undefined` while there are answers. */
  outageSinceMs?: number | undefined
  retryAtMs: number
  fetchedAtMs: number
  /** Why the last question had no answer. */
  why: string
}

/** Asks for revocations, remembers the answers, and judges them by a policy: the one way for all programs. */
export class RevocationChecker {
  readonly #fetcher: RevocationFetcher
  readonly #cache: EvidenceCache
  readonly #clock: Clock
  readonly #onStoreFailure: (error: unknown) => void
  /** By certificate and issuer; least recently checked first. */
  readonly #tracked = new Map<string, Tracked>()
  readonly #inFlight = new Map<string, Promise<void>>()

  constructor({
    fetcher,
    store,
    clock,
    onStoreFailure = () => {},
  }: {
    readonly fetcher: RevocationFetcher
    readonly store: EvidenceStore
    readonly clock: Clock
    /** What could not be stored is used all the same, until the process ends: to be logged. */
    readonly onStoreFailure?: (error: unknown) => void
  }) {
    this.#fetcher = fetcher
    this.#cache = new EvidenceCache({ store })
    this.#clock = clock
    this.#onStoreFailure = onStoreFailure
  }

  /**
   * The status of every certificate of `path` but the root, which is last: from the cache while it may be used, else
   * fetched, all at once. The path must be a valid one: issuers are believed to be the issuers. When `signal` ends
   * the waiting, what is missing is unknown, and fetching goes on for whoever asks next. Rejects for no peer's doing.
   */
  check(
    path: readonly Certificate[],
    options: { readonly atMs: number; readonly policy: RevocationPolicy; readonly signal?: AbortSignal },
  ): Promise<readonly CertificateRevocation[]> {
    return Promise.all(linksOf(path).map((link) => this.#checkLink(link, options)))
  }

  /**
   * Fetches anew what was checked lately and has little time left or no answer at all. A failure leaves the old
   * answer in place.
   */
  async refreshDue({ signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    const nowMs = this.#clock()
    const links = [...this.#tracked.values()]
    const work = async (): Promise<void> => {
      for (let link = links.shift(); link !== undefined; link = links.shift()) {
        if (signal?.aborted === true) return
        const cached = await this.#cache.find({ ...link, atMs: nowMs })
        if (isDue(cached, link, nowMs)) await this.#fetch(link)
      }
    }
    await Promise.all(Array.from({ length: REFRESHES_AT_ONCE }, work))
  }

  async #checkLink(
    link: Link,
    { atMs, policy, signal }: { atMs: number; policy: RevocationPolicy; signal?: AbortSignal },
  ): Promise<CertificateRevocation> {
    const { certificate } = link
    const question = { ...link, atMs }
    let cached = await this.#cache.find(question)
    if (cached?.age !== 'current' && namesStatusSource(certificate)) {
      await unlessAborted(this.#fetch(link), signal)
      cached = await this.#cache.find(question)
    }
    const tracked = this.#track(link)
    const answerAgeMs = cached === undefined ? undefined : atMs - cached.status.thisUpdateMs
    // An outdated answer is no longer one, unless it says revoked: that lasts, and silence does not lift a hold.
    if (cached !== undefined && (cached.age === 'current' || cached.status.status === 'revoked')) {
      return { certificate, status: cached.status, accepted: cached.status.status === 'good', answerAgeMs }
    }
    if (!namesStatusSource(certificate)) {
      const status = { status: 'unknown', why: 'it names neither an OCSP responder nor a CRL' } as const
      return { certificate, status, accepted: policy.mode === 'soft-fail', answerAgeMs }
    }
    const outageSinceMs = cached?.status.nextUpdateMs ?? tracked.outageSinceMs ?? atMs
    const accepted = policy.mode === 'soft-fail' && atMs - outageSinceMs <= policy.graceMs
    return { certificate, status: { status: 'unknown', why: tracked.why }, accepted, answerAgeMs }
  }

  /** One question at a time for each certificate, and none soon after one that failed. Never rejects for a peer's doing. */
  #fetch(link: Link): Promise<void> {
    const key = keyOf(link)
    const running = this.#inFlight.get(key)
    if (running !== undefined) return running
    const tracked = this.#track(link)
    if (this.#clock() < tracked.retryAtMs) return Promise.resolve()
    if (this.#inFlight.size >= IN_FLIGHT_MAX) {
      tracked.why = `more than ${IN_FLIGHT_MAX} questions about revocations are open`
      return Promise.resolve()
    }
    const fetching = this.#fetchNow(tracked).finally(() => void this.#inFlight.delete(key))
    this.#inFlight.set(key, fetching)
    return fetching
  }

  async #fetchNow(tracked: Tracked): Promise<void> {
    const question = { ...tracked, atMs: this.#clock() }
    try {
      const fetched = await this.#fetcher.fetch(question)
      await this.#cache.add(question, fetched).catch(this.#onStoreFailure)
      tracked.fetchedAtMs = question.atMs
      tracked.outageSinceMs = undefined
      // Whoever answers with what is outdated is not asked again at once.
      tracked.retryAtMs = fetched.status.nextUpdateMs < question.atMs ? question.atMs + RETRY_MS : 0
    } catch (error) {
      if (!(error instanceof CodedError)) throw error
      tracked.outageSinceMs ??= question.atMs
      tracked.retryAtMs = question.atMs + RETRY_MS
      tracked.why = `${error.code}: ${error.message}`
    }
  }

  #track(link: Link): Tracked {
    const key = keyOf(link)
    const tracked = this.#tracked.get(key) ?? { ...link, ...NEVER_ASKED }
    this.#tracked.delete(key)
    this.#tracked.set(key, tracked)
    const [oldest] = this.#tracked.keys()
    if (this.#tracked.size > TRACKED_MAX && oldest !== undefined) this.#tracked.delete(oldest)
    return tracked
  }
}

/**
 * Keeps the answers of a checker fresh until `signal` ends it; rejects never but for a bug.
 * `sleep` is `setTimeout` of `node:timers/promises` in programs.
 */
export async function keepRevocationFresh(
  checker: RevocationChecker,
  {
    intervalMs,
    sleep,
    signal,
  }: {
    readonly intervalMs: number
    readonly sleep: (delayMs: number, value: undefined, options: { signal: AbortSignal }) => Promise<unknown>
    readonly signal: AbortSignal
  },
): Promise<void> {
  while (!signal.aborted) {
    await checker.refreshDue({ signal })
    await sleep(intervalMs, undefined, { signal }).catch((error: unknown) => {
      if (!signal.aborted) throw error
    })
  }
}

function linksOf(path: readonly Certificate[]): readonly Link[] {
  return path.flatMap((certificate, index) => {
    const issuer = path[index + 1]
    return issuer === undefined ? [] : [{ certificate, issuer }]
  })
}

function isDue(cached: CachedStatus | undefined, { fetchedAtMs }: Tracked, nowMs: number): boolean {
  if (cached?.age !== 'current') return true
  const { thisUpdateMs, nextUpdateMs } = cached.status
  const knownSinceMs = Math.max(thisUpdateMs, fetchedAtMs)
  return (
    nowMs >= thisUpdateMs + (nextUpdateMs - thisUpdateMs) * REFRESH_AFTER ||
    nowMs - knownSinceMs >= REFRESH_AT_LEAST_MS
  )
}

const keyOf = ({ certificate, issuer }: Link): string =>
  certificate.fingerprintSha256Hex + issuer.fingerprintSha256Hex

function unlessAborted(work: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return work
  return new Promise((resolve, reject) => {
    const stop = (): void => resolve()
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}
