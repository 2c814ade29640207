import { describe, expect, test } from 'vitest'

import { systemRandom } from '#base'

import { newSecret, rotated, secretsAt, type EndpointSecrets } from './endpoint-secrets.ts'

const FIRST: EndpointSecrets<string> = { current: 'a', previous: undefined }
const HOUR_MS = 3_600_000

describe('a secret that is replaced', () => {
  const during = rotated(FIRST, { next: 'b', overlapMs: HOUR_MS, nowMs: 0 })

  test('signs until the end of the overlap, and the new one beside it', () => {
    expect(secretsAt(FIRST, 0)).toEqual({ secret: 'a', nextSecret: undefined })
    expect(secretsAt(during, HOUR_MS - 1)).toEqual({ secret: 'a', nextSecret: 'b' })
    expect(secretsAt(during, HOUR_MS)).toEqual({ secret: 'b', nextSecret: undefined })
  })

  test('signs nothing more without an overlap, not even what is under way', () => {
    const at = rotated(FIRST, { next: 'b', overlapMs: 0, nowMs: HOUR_MS })
    expect(secretsAt(at, 0)).toEqual({ secret: 'b', nextSecret: undefined })
  })

  test('again during the overlap goes on signing, and the one to come is another', () => {
    const again = rotated(during, { next: 'c', overlapMs: HOUR_MS, nowMs: HOUR_MS / 2 })
    expect(secretsAt(again, HOUR_MS)).toEqual({ secret: 'a', nextSecret: 'c' })
    expect(secretsAt(again, 2 * HOUR_MS)).toEqual({ secret: 'c', nextSecret: undefined })
  })

  test('again after the overlap leaves the first one behind', () => {
    const again = rotated(during, { next: 'c', overlapMs: HOUR_MS, nowMs: 2 * HOUR_MS })
    expect(secretsAt(again, 2 * HOUR_MS)).toEqual({ secret: 'b', nextSecret: 'c' })
  })
})

test('a new secret is printable and has 256 bits', () => {
  expect(newSecret(systemRandom)).toMatch(/^whsec_[\w-]{43}$/)
  expect(newSecret(systemRandom)).not.toBe(newSecret(systemRandom))
})
