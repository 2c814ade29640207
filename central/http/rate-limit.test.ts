import { expect, test } from 'vitest'

import { RateLimit, sourceOf } from './rate-limit.ts'

test('a key counts by itself and is free again after a minute', () => {
  let nowMs = 0
  const limit = new RateLimit({ clock: () => nowMs, perMinute: 2 })
  for (let i = 0; i < 2; i++) {
    expect(limit.isExceeded('a')).toBe(false)
    limit.add('a')
  }
  expect([limit.isExceeded('a'), limit.isExceeded('b')]).toEqual([true, false])
  nowMs = 60_000
  expect(limit.isExceeded('a')).toBe(false)
})

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:db8::6', '2001:db8:0:0'],
  ['2001:db8:1:2::', '2001:db8:1:2'],
  ['::1', '0:0:0:0'],
])('%s counts as %s', (address, source) => {
  expect(sourceOf(address)).toBe(source)
})
