import fc from 'fast-check'
import { expect, test } from 'vitest'

import { parseJson } from './json-body.ts'

const refused = (message: string) => expect.objectContaining({ code: 'ERR_POOL_BODY', message })

test.each([
  '{"emaid":"A","emaid":"B"}',
  '{"emaid":"A","\\u0065maid":"B"}',
  '{"a":{"b":1},"c":[{"b":1,"b" : 1}]}',
  '{"__proto__":1,"__proto__":2}',
  '{"a\\"b":1,"a\\"b":2}',
])('%s names a member twice', (text) => {
  expect(() => parseJson(text)).toThrow(refused('The body names a member more than once.'))
})

test.each([
  '{"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}]}',
  '{"a":"{\\"a\\":1","b":"\\"a\\":"}',
  '{"a":"x","A":"a"}',
])('%s names none twice', (text) => {
  expect(parseJson(text)).toEqual(JSON.parse(text))
})

test.each(['{"a":"\\u0000"}', '{"a":["b\\\\\\u0000c"]}', '{"a\\u0000":1}'])(
  '%s holds U+0000, which not every database keeps',
  (text) => {
    expect(() => parseJson(text)).toThrow(refused('The body contains the character U+0000.'))
  },
)

test.each(['{"a":"\\\\u0000"}', '{"a":"\\u01000"}', '{"a":"u0000"}'])('%s holds none', (text) => {
  expect(parseJson(text)).toEqual(JSON.parse(text))
})

test('a body of the largest size is read or refused in no time, whatever it is made of', () => {
  const from = performance.now()
  for (const text of ['\\"', '"', '{', '"\\', '{"a":', '"" ', '\\\\'])
    expect(() => parseJson(text.repeat(65_536 / text.length))).toThrow(
      expect.objectContaining({ code: 'ERR_POOL_BODY' }),
    )
  expect(parseJson(`"${'\\'.repeat(65_536)}"`)).toHaveLength(32_768)
  expect(performance.now() - from).toBeLessThan(1_000)
})

test('what JSON.stringify writes is read as it was, and arbitrary text is refused or read as JSON.parse reads it', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      const text = JSON.stringify(value)
      expect(parseJson(text)).toEqual(JSON.parse(text))
    }),
  )
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        expect(parseJson(text)).toEqual(JSON.parse(text))
      } catch (error) {
        expect(error).toMatchObject({ code: 'ERR_POOL_BODY' })
      }
    }),
  )
})
