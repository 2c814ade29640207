import { randomBytes } from 'node:crypto'

/** Gives `size` fresh random bytes. Keys and IVs come from {@link systemRandom}; tests pass {@link seededRandom}. */
export type RandomBytes = (size: number) => Uint8Array

/** Cryptographically strong bytes from the operating system. */
export const systemRandom: RandomBytes = (size) => Uint8Array.from(randomBytes(size))

/** The same bytes for the same seed (xorshift32): repeatable tests and load, never keys. */
export function seededRandom(seed: number): RandomBytes {
  // A zero state would stay zero for ever.
  let state = seed | 0 || 0x9e3779b9 | 0
  const next = (): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state & 0xff
  }
  return (size) => Uint8Array.from({ length: size }, next)
}
