import { existsSync, readFileSync } from 'node:fs'

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { emaidCheckDigit, IdentifierError, parseEmaid, parsePcid } from './identifiers.ts'

const VECTORS = new URL('../../shared/vectors/emaid-check-digit.json', import.meta.url)
const present = existsSync(VECTORS)
const checkDigits: Readonly<Record<string, string>> = present
  ? JSON.parse(readFileSync(VECTORS, 'utf8')).vectors
  : {}

const characters = (count: number) => fc.stringMatching(new RegExp(`^[0-9A-Za-z]{${count}}$`))

describe('an EMAID', () => {
  test.each([
    { text: 'DE-8AA-C12345678', asIssued: 'DE8AAC12345678', key: 'DE8AAC12345678' },
    { text: 'de-8aa-c12345678-x', asIssued: 'de8aac12345678x', key: 'DE8AAC12345678X' },
    { text: 'TUAABcAz2BK7JRa', asIssued: 'TUAABcAz2BK7JRa', key: 'TUAABCAZ2BK7JRA' },
  ])('$text is compared as $key', ({ text, asIssued, key }) => {
    expect(parseEmaid(text)).toEqual({ asIssued, key, providerId: key.slice(0, 5) })
  })

  test.each([
    { what: 'empty', text: '' },
    { what: 'too short', text: 'DE8AAC1234567' },
    { what: 'too long', text: 'DE8AAC123456789A' },
    { what: 'partly hyphenated', text: 'DE-8AAC12345678' },
    { what: 'hyphenated before the check digit only', text: 'DE8AAC12345678-X' },
    { what: 'with an underscore', text: 'DE8AA_12345678' },
    { what: 'with a digit in the country', text: 'D18AAC12345678' },
    { what: 'followed by a line break', text: 'DE8AAC12345678\n' },
    { what: 'with a letter that is not ASCII', text: 'DE8AAC1234567İ' },
    { what: 'endless', text: 'DE8AA'.padEnd(100_000, 'C') },
  ])('$what is refused', ({ text }) => {
    expect(() => parseEmaid(text)).toThrow(expect.objectContaining({ code: 'ERR_IDENTIFIER_EMAID' }))
  })

  test('may be longer in ISO 15118-20, up to 36 characters', () => {
    const long = 'DE8AAC'.padEnd(33, '1')
    expect(parseEmaid(long, 'iso20').key).toBe(long)
    expect(() => parseEmaid(long)).toThrow(IdentifierError)
    expect(() => parseEmaid('DE8AAC'.padEnd(37, '1'), 'iso20')).toThrow(IdentifierError)
  })

  test('reads as the same key in every form', () => {
    const parts = fc.tuple(fc.stringMatching(/^[A-Za-z]{2}$/), characters(3), characters(9))
    fc.assert(
      fc.property(parts, (written) => {
        const { key } = parseEmaid(written.join('-'))
        expect(parseEmaid(written.join('')).key).toBe(key)
        expect(parseEmaid(key).key).toBe(key)
        expect(parseEmaid(key + emaidCheckDigit({ key })).providerId).toBe(key.slice(0, 5))
      }),
    )
  })

  test('is parsed or refused with a code, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 80, unit: 'binary' }), (text) => {
        try {
          expect(parseEmaid(text, 'iso20').key).toMatch(/^[0-9A-Z]{14,36}$/)
        } catch (error) {
          expect(error).toBeInstanceOf(IdentifierError)
        }
      }),
    )
  })
})

describe.skipIf(!present)('the published EMAID check digits (not run: ../shared is absent)', () => {
  test.each(Object.entries(checkDigits))('%s → %s', (key, checkDigit) => {
    expect(emaidCheckDigit({ key })).toBe(checkDigit)
    expect(emaidCheckDigit(parseEmaid(key + checkDigit))).toBe(checkDigit)
  })
})

describe('a PCID', () => {
  test('keeps its case and is compared in upper case', () => {
    expect(parsePcid('hubjectopenpnc0001')).toEqual({
      asIssued: 'hubjectopenpnc0001',
      key: 'HUBJECTOPENPNC0001',
      wmi: 'HUB',
    })
  })

  test.each(['', 'HUBJECTOPENPNC00', 'HUBJECTOPENPNC00011', 'HUBJECTOPENPNC-001', 'HUBJECTOPENPNC0001 '])(
    '"%s" is refused',
    (text) => {
      expect(() => parsePcid(text)).toThrow(expect.objectContaining({ code: 'ERR_IDENTIFIER_PCID' }))
    },
  )

  test('has up to 64 characters in ISO 15118-20', () => {
    expect(parsePcid('W'.repeat(64), 'iso20').wmi).toBe('WWW')
    expect(() => parsePcid('W'.repeat(65), 'iso20')).toThrow(IdentifierError)
    expect(() => parsePcid('W'.repeat(64))).toThrow(IdentifierError)
  })
})
