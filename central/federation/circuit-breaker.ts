import type { Clock } from '#base'

const FAILURES_MAX = 3
const OPEN_MS = 30_000

/** Leaves a peer alone for 30 s after three failures in a row; then one call tries it, and others once that succeeded. */
export class CircuitBreaker {
  readonly #clock: Clock
  #failures = 0
  #closedAtMs = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether a call may be made now; every call that may is to be followed by its outcome. */
  admits(): boolean {
    if (this.#failures < FAILURES_MAX) return true
    const nowMs = this.#clock()
    if (nowMs < this.#closedAtMs) return false
    this.#closedAtMs = nowMs + OPEN_MS
    return true
  }

  succeeded(): void {
    this.#failures = 0
  }

  failed(): void {
    this.#failures++
    if (this.#failures >= FAILURES_MAX) this.#closedAtMs = this.#clock() + OPEN_MS
  }
}
