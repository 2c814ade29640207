/** Names the question a client asked, over all pools that pass it on. */
export const QUESTION_HEADER = 'x-evouch-question'

/** What a request says of the way it came. */
export interface Hop {
  /** `broadcast: true`: to be answered from own data alone (opcp-digest A48). */
  readonly isCopy: boolean
  /** RFC 9110 §7.6.3, as it came. */
  readonly via: string | undefined
  readonly question: string | undefined
}

/** The way a request came, by its headers. */
export function hopOf({
  flag,
  header,
}: {
  readonly flag: (name: string) => boolean | undefined
  readonly header: (name: string) => string | undefined
}): Hop {
  return { isCopy: flag('broadcast') ?? false, via: header('via'), question: header(QUESTION_HEADER) }
}

/** Pools and proxies that a question may pass. */
const HOPS_MAX = 8
/** How long a question may come back. */
const QUESTION_AGE_MAX_MS = 60_000
const QUESTIONS_MAX = 10_000
const QUESTION_PATTERN = /^[A-Za-z0-9-]{1,64}$/

/** Keeps questions from going round between pools, also when one of them drops a header. */
export class LoopGuard {
  readonly #pool: string
  readonly #seenAtMs = new Map<string, number>()

  /** `pool`: what this pool is called in Via, the same in all its processes; a token of RFC 9110. */
  constructor(pool: string) {
    this.#pool = pool
  }

  /** The headers to pass the question on with; `undefined` when it must not be passed on. `fresh`: names a new one. */
  pass(
    { isCopy, via = '', question }: Hop,
    { nowMs, fresh }: { nowMs: number; fresh: () => string },
  ): Readonly<Record<string, string>> | undefined {
    const hops = via
      .split(',')
      .map((hop) => hop.trim())
      .filter((hop) => hop !== '')
    if (isCopy || hops.length >= HOPS_MAX || hops.some((hop) => hop.split(/\s+/)[1] === this.#pool))
      return undefined
    const id = question !== undefined && QUESTION_PATTERN.test(question) ? question : fresh()
    if (!this.#isNew(id, nowMs)) return undefined
    return { via: [...hops, `1.1 ${this.#pool}`].join(', '), [QUESTION_HEADER]: id }
  }

  /** The oldest come first; when there are too many, the oldest is forgotten early. */
  #isNew(id: string, nowMs: number): boolean {
    for (const [seen, atMs] of this.#seenAtMs) {
      if (nowMs - atMs < QUESTION_AGE_MAX_MS && this.#seenAtMs.size < QUESTIONS_MAX) break
      this.#seenAtMs.delete(seen)
    }
    if (this.#seenAtMs.has(id)) return false
    this.#seenAtMs.set(id, nowMs)
    return true
  }
}
