import type { Clock } from '#base'

/** Guesses at a secret of 256 bits are hopeless anyway; this keeps them from costing anything. */
const FAILURES_MAX = 20
const WINDOW_MS = 60_000
/** Entries kept at once; beyond it all are forgotten, which only helps for a minute and costs no memory. */
const KEYS_MAX = 10_000

/** Counts failures by key (a client id from a source) in windows of a minute. */
export class FailureLimit {
  readonly #clock: Clock
  readonly #windows = new Map<string, { readonly endsAtMs: number; failures: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether `key` has failed too often to be listened to now. */
  isExceeded(key: string): boolean {
    return (this.#current(key)?.failures ?? 0) >= FAILURES_MAX
  }

  add(key: string): void {
    const window = this.#current(key)
    if (window !== undefined) {
      window.failures += 1
      return
    }
    if (this.#windows.size >= KEYS_MAX) this.#windows.clear()
    this.#windows.set(key, { endsAtMs: this.#clock() + WINDOW_MS, failures: 1 })
  }

  #current(key: string): { failures: number } | undefined {
    const window = this.#windows.get(key)
    if (window !== undefined && this.#clock() < window.endsAtMs) return window
    this.#windows.delete(key)
    return undefined
  }
}
