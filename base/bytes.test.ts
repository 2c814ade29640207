import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { base64FromBytes, bytesFromBase64, bytesFromHex, hexFromBytes } from './bytes.ts'

const refusing = (code: string): unknown => expect.objectContaining({ code })

test('any bytes survive both text forms', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(bytesFromBase64(base64FromBytes(bytes), bytes.length)).toEqual(bytes)
      expect(bytesFromHex(hexFromBytes(bytes))).toEqual(bytes)
    }),
  )
})

describe('base64', () => {
  test.each([
    'A',
    'AA',
    'AAA',
    '=',
    '==',
    '====',
    'A===',
    'AA=A',
    'AAAA=',
    'AAAA==',
    'AA-_',
    'AA==\n',
    'é===',
  ])('%j is refused: ERR_BYTES_BASE64', (text) => {
    expect(() => bytesFromBase64(text, 100)).toThrow(refusing('ERR_BYTES_BASE64'))
  })

  test('of more bytes than allowed is refused before it is looked at: ERR_BYTES_TOO_LONG', () => {
    expect(bytesFromBase64('AAA=', 2)).toHaveLength(2)
    expect(() => bytesFromBase64('????', 2)).toThrow(refusing('ERR_BYTES_TOO_LONG'))
  })

  test('of many megabytes is decoded', () => {
    const size = 12 * 1024 * 1024
    expect(bytesFromBase64('AAAA'.repeat(size / 3), size)).toHaveLength(size)
  })
})

test.each(['0', '0g', '0x00', '00 ', '00\n'])('the hexadecimal %j is refused: ERR_BYTES_HEX', (text) => {
  expect(() => bytesFromHex(text)).toThrow(refusing('ERR_BYTES_HEX'))
})
