import { describe, expect, test } from 'vitest'

import { bytesFromHex } from '#base'

import { TAG } from '../der/der-reader.ts'
import {
  writeElement,
  writeObjectIdentifier,
  writeSequence,
  writeSetOfOne,
  writeText,
} from '../der/der-writer.ts'
import { DistinguishedName } from './distinguished-name.ts'

const CN = '2.5.4.3'
const O = '2.5.4.10'

const attribute = (oid: string, value: string, tag: number = TAG.utf8String): Uint8Array =>
  writeSequence(writeObjectIdentifier(oid), writeText(tag, value))
const name = (...attributes: readonly Uint8Array[]): DistinguishedName =>
  new DistinguishedName(writeSequence(...attributes.map(writeSetOfOne)))
/** One relative name of several attributes. */
const pair = (...attributes: readonly Uint8Array[]): DistinguishedName =>
  new DistinguishedName(writeSequence(writeElement(TAG.set, ...attributes)))

test('the text is the reverse of the encoding', () => {
  const dc = attribute('0.9.2342.19200300.100.1.25', 'V2G', TAG.ia5String)
  const whole = name(
    attribute('2.5.4.6', 'DE', TAG.printableString),
    attribute(O, 'Hubject GmbH'),
    dc,
    attribute(CN, 'Root'),
  )
  expect(whole.text).toBe('CN=Root, DC=V2G, O=Hubject GmbH, C=DE')
  expect(whole.values('DC')).toEqual(['V2G'])
})

test('what would be read as syntax is escaped, what is not text is shown in hexadecimal', () => {
  expect(name(attribute(CN, 'a, O=b')).text).toBe('CN=a\\, O=b')
  const bits = writeSequence(writeObjectIdentifier('1.2.3'), bytesFromHex('03020780'))
  expect(name(bits).text).toBe('1.2.3=#03020780')
})

describe('names are equal by RFC 5280 section 7.1', () => {
  test.each([
    { what: 'the string type', other: attribute(CN, 'Root CA', TAG.printableString) },
    { what: 'case', other: attribute(CN, 'ROOT ca') },
    { what: 'runs of spaces', other: attribute(CN, ' Root   CA ') },
    { what: 'a BMPString', other: bmpCommonName('Root CA') },
  ])('without regard to $what', ({ other }) => {
    expect(name(attribute(CN, 'Root CA')).equals(name(other))).toBe(true)
  })

  test('within a relative name of several attributes, in any order', () => {
    const [a, b] = [attribute(CN, 'a'), attribute(O, 'b')]
    expect(pair(a, b).equals(pair(b, a))).toBe(true)
    expect(pair(a, b).equals(name(a, b))).toBe(false)
  })
})

describe('names differ', () => {
  const root = name(attribute(O, 'x'), attribute(CN, 'Root CA'))
  test.each([
    { what: 'by order', other: name(attribute(CN, 'Root CA'), attribute(O, 'x')) },
    {
      what: 'by one attribute more',
      other: name(attribute(O, 'x'), attribute(CN, 'Root CA'), attribute(CN, 'y')),
    },
    { what: 'by type', other: name(attribute(O, 'x'), attribute(O, 'Root CA')) },
    { what: 'by a value that looks like two attributes', other: name(attribute(O, 'x","2.5.4.3=Root CA')) },
    { what: 'by an inner space', other: name(attribute(O, 'x'), attribute(CN, 'RootCA')) },
  ])('$what', ({ other }) => {
    expect(root.equals(other)).toBe(false)
  })
})

const bad = (octet: number): Uint8Array =>
  writeSequence(writeObjectIdentifier(CN), writeElement(TAG.utf8String, Uint8Array.of(octet)))

test('texts that are not UTF-8 stay different', () => {
  expect(name(bad(0xfe)).equals(name(bad(0xff)))).toBe(false)
  expect(name(bad(0xff)).text).toBe('CN=#0c01ff')
})

test('a name is within those it begins with', () => {
  const whole = name(attribute(O, 'Example'), attribute(CN, 'x'))
  expect(whole.isWithin(name(attribute(O, 'EXAMPLE')))).toBe(true)
  expect(whole.isWithin(whole)).toBe(true)
  expect(whole.isWithin(name())).toBe(true)
  expect(whole.isWithin(name(attribute(CN, 'x')))).toBe(false)
  expect(name(attribute(O, 'Example')).isWithin(whole)).toBe(false)
})

test('a name with bytes after its end is refused: ERR_PKI_TRAILING_BYTES', () => {
  expect(() => new DistinguishedName(bytesFromHex('300000'))).toThrow(
    expect.objectContaining({ code: 'ERR_PKI_TRAILING_BYTES' }),
  )
})

function bmpCommonName(text: string): Uint8Array {
  const value = writeElement(TAG.bmpString, new Uint8Array(Buffer.from(text, 'utf16le').swap16()))
  return writeSequence(writeObjectIdentifier(CN), value)
}
