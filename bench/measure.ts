/** What one thing costs: the median over rounds, and the quartiles as its spread. */
export interface Cost {
  readonly name: string
  readonly medianUs: number
  readonly lowUs: number
  readonly highUs: number
}

const ROUNDS = 15
/** Long enough that the clock's resolution and a garbage collection do not show. */
const ROUND_MS = 40

/**
 * Measures things that must be compared in one run: every round measures each of them once, so that a machine that
 * slows down slows all of them. The first rounds, in which the compiler still works, do not count.
 */
export function measure(things: Readonly<Record<string, () => unknown>>): Cost[] {
  const samples = new Map(Object.keys(things).map((name) => [name, [] as number[]]))
  for (let round = -3; round < ROUNDS; round++) {
    for (const [name, thing] of Object.entries(things)) {
      const costUs = costOf(thing)
      if (round >= 0) samples.get(name)?.push(costUs)
    }
  }
  return [...samples].map(([name, costs]) => {
    const sorted = costs.toSorted((a, b) => a - b)
    return {
      name,
      medianUs: quantile(sorted, 0.5),
      lowUs: quantile(sorted, 0.25),
      highUs: quantile(sorted, 0.75),
    }
  })
}

/** Results are kept where the compiler cannot prove them unused. */
const results: { last?: unknown } = {}

function costOf(thing: () => unknown): number {
  const startMs = performance.now()
  let count = 0
  while (performance.now() - startMs < ROUND_MS) {
    for (let i = 0; i < 16; i++) results.last = thing()
    count += 16
  }
  return ((performance.now() - startMs) / count) * 1000
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN
}
