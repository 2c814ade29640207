import type { Clock } from '#base'

const WINDOW_MS = 60_000
/** Entries kept at once; beyond it all are forgotten, which only helps for a minute and costs no memory. */
const KEYS_MAX = 10_000

/** Counts by key (a client id, a source) in windows of a minute. */
export class RateLimit {
  readonly #clock: Clock
  readonly #perMinute: number
  readonly #windows = new Map<string, { readonly endsAtMs: number; count: number }>()

  constructor({ clock, perMinute }: { readonly clock: Clock; readonly perMinute: number }) {
    this.#clock = clock
    this.#perMinute = perMinute
  }

  /** Whether `key` has been counted as often as it may be now. */
  isExceeded(key: string): boolean {
    return (this.#current(key)?.count ?? 0) >= this.#perMinute
  }

  add(key: string): void {
    const window = this.#current(key)
    if (window !== undefined) {
      window.count += 1
      return
    }
    if (this.#windows.size >= KEYS_MAX) this.#windows.clear()
    this.#windows.set(key, { endsAtMs: this.#clock() + WINDOW_MS, count: 1 })
  }

  /** Whole seconds until `key` is counted anew. */
  secondsLeft(key: string): number {
    const window = this.#current(key)
    return window === undefined ? 0 : Math.ceil((window.endsAtMs - this.#clock()) / 1_000)
  }

  #current(key: string): { readonly endsAtMs: number; count: number } | undefined {
    const window = this.#windows.get(key)
    if (window !== undefined && this.#clock() < window.endsAtMs) return window
    this.#windows.delete(key)
    return undefined
  }
}

/** Whom to count by: an IPv4 address, or of an IPv6 address the first 64 bits, as one subscriber has all of the others. */
export function sourceOf(address: string): string {
  const [, ipv4] = /^::ffff:([\d.]+)$/i.exec(address) ?? []
  if (ipv4 !== undefined) return ipv4
  if (!address.includes(':')) return address
  const [head = '', tail = ''] = address.split('::')
  const [before, after] = [head, tail].map((groups) => groups.split(':').filter((group) => group !== ''))
  const zeros = Array<string>(Math.max(0, 8 - (before?.length ?? 0) - (after?.length ?? 0))).fill('0')
  return [...(before ?? []), ...zeros, ...(after ?? [])].slice(0, 4).join(':')
}
