/** Memory of this process over a run; bytes. */
export interface MemoryUse {
  readonly residentStart: number
  readonly residentEnd: number
  /**
   * The least heap in use seen in the first and in the second half of the run: what is left after a collection, and so
   * equal when nothing leaks. Resident memory is not: the engine keeps what it once had for garbage.
   */
  readonly heapFirstHalf: number
  readonly heapSecondHalf: number
}

/** Watches the memory of this process; call `sample` now and then. */
export class MemoryWatch {
  readonly #residentStart = process.memoryUsage.rss()
  readonly #least = { first: Infinity, second: Infinity }

  sample(half: 'first' | 'second'): void {
    this.#least[half] = Math.min(this.#least[half], process.memoryUsage().heapUsed)
  }

  /** A run too short to be sampled in a half counts what is in use at its end. */
  end(): MemoryUse {
    const { first, second } = this.#least
    const { heapUsed, rss } = process.memoryUsage()
    return {
      residentStart: this.#residentStart,
      residentEnd: rss,
      heapFirstHalf: first === Infinity ? heapUsed : first,
      heapSecondHalf: second === Infinity ? heapUsed : second,
    }
  }
}
