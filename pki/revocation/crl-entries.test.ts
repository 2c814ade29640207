import fc from 'fast-check'
import { expect, test } from 'vitest'

import { CodedError } from '#base'

import { DistinguishedName } from '../certificate/distinguished-name.ts'
import { TAG } from '../der/der-reader.ts'
import {
  DER_TRUE,
  writeElement,
  writeObjectIdentifier,
  writeOctetString,
  writeSequence,
  writeText,
  writeTime,
  writeUnsignedInteger,
} from '../der/der-writer.ts'
import { NOW_MS } from '../testing/forge.ts'
import { CrlEntries } from './crl-entries.ts'
import { writeReason } from './reason-code.ts'
import { REVOCATION_REASONS, type RevocationReason } from './revocation-status.ts'

const nameOf = (text: string): DistinguishedName =>
  new DistinguishedName(
    writeSequence(
      writeElement(TAG.set, writeSequence(writeObjectIdentifier('2.5.4.3'), writeText(TAG.utf8String, text))),
    ),
  )
const ISSUERS = ['CRL issuer', 'second', 'third'].map(nameOf)
const [CRL_ISSUER = nameOf('')] = ISSUERS

interface Listed {
  readonly serialNumber: Uint8Array
  readonly reason: RevocationReason | undefined
  readonly issuer: DistinguishedName | undefined
}

const extension = (oid: string, value: Uint8Array, ...critical: readonly Uint8Array[]): Uint8Array =>
  writeSequence(writeObjectIdentifier(oid), ...critical, writeOctetString(value))

function written({ serialNumber, reason, issuer }: Listed, index: number): Uint8Array {
  const extensions = [
    ...(reason === undefined ? [] : [extension('2.5.29.21', writeReason(reason))]),
    ...(issuer === undefined
      ? []
      : [extension('2.5.29.29', writeSequence(writeElement(0xa4, issuer.der)), DER_TRUE)]),
  ]
  return writeSequence(
    writeUnsignedInteger(serialNumber),
    writeTime(NOW_MS + index * 1000),
    ...(extensions.length === 0 ? [] : [writeSequence(...extensions)]),
  )
}

const reasons = REVOCATION_REASONS.filter((reason) => reason !== undefined)
// Few numbers, so that many occur twice.
const listed = fc.record({
  serialNumber: fc.uint8Array({ minLength: 1, maxLength: 2 }).map((bytes) => Uint8Array.of(1, ...bytes)),
  reason: fc.option(fc.constantFrom(...reasons), { nil: undefined }),
  issuer: fc.option(fc.constantFrom(...ISSUERS), { nil: undefined }),
})

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

test('finds what reading one entry after the other finds', () => {
  fc.assert(
    fc.property(fc.array(listed, { maxLength: 30 }), (list) => {
      const entries = new CrlEntries(Buffer.concat(list.map(written)), CRL_ISSUER)
      expect(entries.count).toBe(list.length)
      let issuer = CRL_ISSUER
      const seen = new Set<string>()
      for (const [index, each] of list.entries()) {
        issuer = each.issuer ?? issuer
        const serialNumberHex = hexOf(each.serialNumber)
        const name = `${serialNumberHex} ${issuer.text}`
        const found = entries.find({ issuer, serialNumberHex })
        if (!seen.has(name)) {
          const { reason = 'unspecified' } = each
          expect(found).toEqual({ revokedAtMs: NOW_MS + index * 1000, reason })
        }
        seen.add(name)
      }
      for (const stranger of ISSUERS)
        expect(entries.find({ issuer: stranger, serialNumberHex: '02' })).toBeUndefined()
    }),
  )
})

const readOrRefused = (bytes: Uint8Array): void => {
  try {
    const entries = new CrlEntries(bytes, CRL_ISSUER)
    for (const issuer of ISSUERS) entries.find({ issuer, serialNumberHex: '0a01' })
  } catch (error) {
    expect(error).toBeInstanceOf(CodedError)
  }
}

test('of arbitrary bytes, or damaged anywhere, are read or refused with a code', () => {
  const whole = Buffer.concat(
    [0, 1, 2].map((n) =>
      written({ serialNumber: Uint8Array.of(10, n), reason: 'superseded', issuer: ISSUERS[n] }, n),
    ),
  )
  fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), readOrRefused))
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const damaged = Uint8Array.from(whole)
      damaged[at] = (damaged[at] ?? 0) ^ flip
      readOrRefused(damaged)
    }),
  )
})

test('two numbers with one hash are told apart', () => {
  // Found by search.
  const [one, other] = [Uint8Array.of(0x14, 0x17, 0x64), Uint8Array.of(0x28, 0x60, 0x00)]
  expect(indexHash(one)).toBe(indexHash(other))
  const content = written({ serialNumber: other, reason: undefined, issuer: undefined }, 0)
  const entries = new CrlEntries(content, CRL_ISSUER)
  expect(entries.find({ issuer: CRL_ISSUER, serialNumberHex: hexOf(other) })).toBeDefined()
  expect(entries.find({ issuer: CRL_ISSUER, serialNumberHex: hexOf(one) })).toBeUndefined()
})

/** FNV-1a, the highest 29 bits. */
const indexHash = (bytes: Uint8Array): number =>
  bytes.reduce((state, octet) => Math.imul(state ^ octet, 0x01000193), 0x811c9dc5) >>> 3
