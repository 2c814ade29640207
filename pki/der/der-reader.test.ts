import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { bytesFromHex, hexFromBytes } from '#base'

import { PkiError } from '../errors.ts'
import { DerReader, TAG } from './der-reader.ts'
import { writeElement, writeObjectIdentifier, writeUnsignedInteger } from './der-writer.ts'

const reader = (hex: string): DerReader => new DerReader(bytesFromHex(hex))

describe('what is not DER is refused', () => {
  test.each([
    { what: 'nothing at all', hex: '' },
    { what: 'a tag without a length', hex: '30' },
    { what: 'a length beyond the input', hex: '300500' },
    { what: 'an indefinite length', hex: '30800000' },
    { what: 'a length of five bytes', hex: '30850000000001' },
    { what: 'a cut off length', hex: '3082ff' },
    { what: 'a long form for a short length', hex: '30810100' },
    { what: 'a long form with a leading zero', hex: `30820080${'00'.repeat(128)}` },
    { what: 'a tag of more than one byte', hex: '1f810100' },
  ])('$what: ERR_PKI_DER', ({ hex }) => {
    expect(() => reader(hex).readAny()).toThrow(expect.objectContaining({ code: 'ERR_PKI_DER' }))
  })

  test('another tag than the expected one: ERR_PKI_DER', () => {
    expect(() => reader('0500').read(TAG.integer)).toThrow(expect.objectContaining({ code: 'ERR_PKI_DER' }))
  })

  test.each(['0200', '02020001', '0202ff80'])('the integer %s: ERR_PKI_DER', (hex) => {
    expect(() => reader(hex).readInteger()).toThrow(expect.objectContaining({ code: 'ERR_PKI_DER' }))
  })

  test.each(['0100', '010101', '01020000'])('the boolean %s: ERR_PKI_DER', (hex) => {
    expect(() => reader(hex).readBoolean()).toThrow(expect.objectContaining({ code: 'ERR_PKI_DER' }))
  })

  test.each(['0300', '030108', '030101', '03020781'])('the bit string %s: ERR_PKI_DER', (hex) => {
    expect(() => reader(hex).readBitString()).toThrow(expect.objectContaining({ code: 'ERR_PKI_DER' }))
  })

  test.each([
    '0600',
    '060155'.replace('55', '80'),
    '06028001',
    '060a2affffffffffffffff7f',
    `0641${'01'.repeat(65)}`,
  ])('the object identifier %s: ERR_PKI_DER', (hex) => {
    expect(() => reader(hex).readObjectIdentifier()).toThrow(expect.objectContaining({ code: 'ERR_PKI_DER' }))
  })

  test('bytes after the last element: ERR_PKI_TRAILING_BYTES', () => {
    const two = reader('05000500')
    two.readAny()
    expect(() => two.end()).toThrow(expect.objectContaining({ code: 'ERR_PKI_TRAILING_BYTES' }))
  })
})

describe('what the writer writes, the reader reads', () => {
  test('elements of any length', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70_000, size: 'max' }), (content) => {
        const all = new DerReader(writeElement(TAG.octetString, content))
        expect(hexFromBytes(all.read(TAG.octetString).content)).toBe(hexFromBytes(content))
        expect(() => all.end()).not.toThrow()
      }),
      { numRuns: 30 },
    )
  })

  test('object identifiers', () => {
    const arcs = fc.array(fc.integer({ min: 0, max: 2 ** 40 }), { maxLength: 6 })
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 }),
        fc.integer({ min: 0, max: 39 }),
        arcs,
        (first, second, rest) => {
          const dotted = [first, second, ...rest].join('.')
          expect(new DerReader(writeObjectIdentifier(dotted)).readObjectIdentifier()).toBe(dotted)
        },
      ),
    )
  })

  test('unsigned integers, whatever their padding', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 70 }), (bytes) => {
        const content = new DerReader(writeUnsignedInteger(bytes)).readInteger()
        expect(BigInt(`0x${hexFromBytes(content)}`)).toBe(BigInt(`0x${hexFromBytes(bytes)}`))
      }),
    )
  })
})

test('arbitrary bytes give elements inside the input or our error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      try {
        const { encoded, content } = new DerReader(bytes).readAny()
        expect(encoded.length).toBeLessThanOrEqual(bytes.length)
        expect(content.length).toBeLessThan(encoded.length)
      } catch (error) {
        expect(error).toBeInstanceOf(PkiError)
      }
    }),
  )
})
