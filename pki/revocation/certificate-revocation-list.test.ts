import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'

import { CodedError } from '#base'

import { contextTag, TAG } from '../der/der-reader.ts'
import {
  DER_TRUE,
  writeElement,
  writeExplicit,
  writeObjectIdentifier,
  writeOctetString,
  writeSequence,
  writeTime,
  writeUnsignedInteger,
} from '../der/der-writer.ts'
import { writePem } from '../der/pem.ts'
import { DAY_MS, NOW_MS } from '../testing/forge.ts'
import { CRL_BYTES_MAX, parseCrl } from './certificate-revocation-list.ts'
import type { CrlOrder } from './crl-writer.ts'
import { CERT_SIGN_ONLY, crlOf, forgeCa, forgeLeaf, HOUR_MS, type TestCa } from './revocation.fixture.ts'
import { signStructure, writeSignatureAlgorithm } from './signed-structure.ts'

const refusing = (code: string): unknown => expect.objectContaining({ code })
const ONE = writeUnsignedInteger(Uint8Array.of(1))

let ca: TestCa

beforeAll(async () => {
  ca = await forgeCa()
})

const extensionOf = (oid: string, value: Uint8Array, critical = false): Uint8Array =>
  writeSequence(writeObjectIdentifier(oid), ...(critical ? [DER_TRUE] : []), writeOctetString(value))

/** A CRL of members that need not make sense. */
function craft({
  version = ONE,
  algorithm = writeSignatureAlgorithm(ca.signer),
  times = [writeTime(NOW_MS - HOUR_MS), writeTime(NOW_MS + DAY_MS)],
  entries = [],
  extensions = [],
}: {
  readonly version?: Uint8Array
  readonly algorithm?: Uint8Array
  readonly times?: readonly Uint8Array[]
  readonly entries?: readonly Uint8Array[]
  readonly extensions?: readonly Uint8Array[]
}): Promise<Uint8Array> {
  const signed = writeSequence(
    version,
    algorithm,
    ca.certificate.subject.der,
    ...times,
    ...(entries.length === 0 ? [] : [writeSequence(...entries)]),
    ...(extensions.length === 0 ? [] : [writeExplicit(0, writeSequence(...extensions))]),
  )
  return signStructure(signed, ca.signer)
}

const entry = (...extensions: readonly Uint8Array[]): Uint8Array =>
  writeSequence(ONE, writeTime(NOW_MS), ...(extensions.length === 0 ? [] : [writeSequence(...extensions)]))

const readOrRefused = (bytes: Uint8Array): void => {
  try {
    const { entries, issuer } = parseCrl(bytes)
    entries.find({ issuer, serialNumberHex: '0a01' })
  } catch (error) {
    expect(error).toBeInstanceOf(CodedError)
  }
}

describe('a CRL', () => {
  test('that was signed is read with its number, times, entries and reasons', async () => {
    const der = await crlOf(ca, {
      number: 300n,
      revoked: [
        { serialNumberHex: '0a01', revokedAtMs: NOW_MS - 2 * HOUR_MS, reason: 'keyCompromise' },
        { serialNumberHex: 'ff', revokedAtMs: NOW_MS - 3 * HOUR_MS },
      ],
    })
    const crl = parseCrl(der)
    expect(crl).toMatchObject({
      number: 300n,
      thisUpdateMs: NOW_MS - HOUR_MS,
      nextUpdateMs: NOW_MS + DAY_MS,
      baseNumber: undefined,
      unsupportedExtension: undefined,
      entries: { count: 2, unsupportedExtension: undefined },
    })
    const leaf = await forgeLeaf(ca)
    expect(crl.entryOf(leaf.certificate)).toMatchObject({
      reason: 'keyCompromise',
      revokedAtMs: NOW_MS - 2 * HOUR_MS,
    })
    const other = await forgeLeaf(ca, { serialNumber: '00ff' })
    expect(crl.entryOf(other.certificate)).toMatchObject({ reason: 'unspecified' })
    expect(crl.isSignedBy(ca.certificate)).toBe(true)
    expect(crl.isSignedBy(leaf.certificate)).toBe(false)
  })

  test('in PEM is the same one', async () => {
    const pem = writePem('X509 CRL', await crlOf(ca, { number: 7n }))
    expect(parseCrl(Buffer.from(pem)).number).toBe(7n)
  })

  test('has no entry for a certificate of another issuer with the same serial number', async () => {
    const crl = parseCrl(await crlOf(ca, { revoked: [{ serialNumberHex: '0a01', revokedAtMs: NOW_MS }] }))
    const stranger = await forgeLeaf(await forgeCa({ subject: 'Other CA' }))
    expect(crl.entryOf(stranger.certificate)).toBeUndefined()
  })

  test('with a negative serial number does not list the positive one of the same bits', async () => {
    const negative = writeElement(TAG.integer, Uint8Array.of(0xff))
    const crl = parseCrl(await craft({ entries: [writeSequence(negative, writeTime(NOW_MS))] }))
    const leaf = await forgeLeaf(ca, { serialNumber: '00ff' })
    expect(crl.entryOf(leaf.certificate)).toBeUndefined()
  })

  test.each([
    {
      what: 'a version that is not 2',
      code: 'ERR_REVOCATION_CRL',
      over: { version: writeUnsignedInteger(Uint8Array.of(2)) },
    },
    {
      what: 'another algorithm inside than outside',
      code: 'ERR_REVOCATION_CRL',
      over: { algorithm: writeSequence(writeObjectIdentifier('1.3.101.113')) },
    },
    { what: 'no nextUpdate', code: 'ERR_REVOCATION_CRL', over: { times: [writeTime(NOW_MS)] } },
    {
      what: 'a date that is none',
      code: 'ERR_PKI_CERTIFICATE',
      over: { times: [writeElement(TAG.utcTime, Buffer.from('261301000000Z')), writeTime(NOW_MS)] },
    },
    {
      what: 'a negative number',
      code: 'ERR_REVOCATION_CRL',
      over: { extensions: [extensionOf('2.5.29.20', writeElement(TAG.integer, Uint8Array.of(0xff)))] },
    },
    {
      what: 'the same extension twice',
      code: 'ERR_PKI_DUPLICATE_EXTENSION',
      over: { extensions: [extensionOf('2.5.29.20', ONE), extensionOf('2.5.29.20', ONE)] },
    },
    {
      what: 'a scope whose flag is no BOOLEAN',
      code: 'ERR_REVOCATION_EXTENSION',
      over: {
        extensions: [extensionOf('2.5.29.28', writeSequence(writeElement(0x81, Uint8Array.of(1))), true)],
      },
    },
    {
      what: 'a scope of too many names',
      code: 'ERR_REVOCATION_EXTENSION',
      over: {
        extensions: [
          extensionOf(
            '2.5.29.28',
            writeSequence(
              writeElement(
                contextTag(0),
                writeElement(contextTag(0), ...Array.from({ length: 33 }, () => writeElement(0x82))),
              ),
            ),
            true,
          ),
        ],
      },
    },
  ])('with $what is refused: $code', async ({ code, over }) => {
    const der = await craft(over)
    expect(() => parseCrl(der)).toThrow(refusing(code))
  })

  test.each([
    {
      what: 'a reason that does not exist',
      code: 'ERR_REVOCATION_CRL',
      over: { entries: [entry(extensionOf('2.5.29.21', writeElement(0x0a, Uint8Array.of(7))))] },
    },
    {
      what: 'an entry of an issuer that is no directory name',
      code: 'ERR_REVOCATION_CRL',
      over: {
        entries: [entry(extensionOf('2.5.29.29', writeSequence(writeElement(0x82, Buffer.from('a')))))],
      },
    },
    {
      what: 'a serial number without end',
      code: 'ERR_REVOCATION_CRL',
      over: { entries: [writeSequence(writeUnsignedInteger(new Uint8Array(65).fill(1)), writeTime(NOW_MS))] },
    },
    {
      what: 'a serial number with a byte too many',
      code: 'ERR_PKI_DER',
      over: { entries: [writeSequence(writeElement(TAG.integer, Uint8Array.of(0, 1)), writeTime(NOW_MS))] },
    },
    {
      what: 'no date',
      code: 'ERR_PKI_DER',
      over: { entries: [writeSequence(ONE)] },
    },
    {
      what: 'something behind its extensions',
      code: 'ERR_REVOCATION_CRL',
      over: { entries: [writeSequence(ONE, writeTime(NOW_MS), writeSequence(), ONE)] },
    },
  ])('whose entry has $what is read, but not its entry: $code', async ({ code, over }) => {
    const crl = parseCrl(await craft(over))
    const { issuer } = crl
    expect(() => crl.entryOf({ issuer, serialNumberHex: '01' })).toThrow(refusing(code))
  })

  test('over the limit of bytes is refused before it is read: ERR_REVOCATION_CRL_TOO_LARGE', () => {
    const der = new Uint8Array(CRL_BYTES_MAX + 1)
    der[0] = TAG.sequence
    expect(() => parseCrl(der)).toThrow(refusing('ERR_REVOCATION_CRL_TOO_LARGE'))
  })

  test('of hundred thousands of entries is searched in a blink, in PEM too', async () => {
    const ordinary = writeSequence(writeUnsignedInteger(new Uint8Array(16).fill(1)), writeTime(NOW_MS))
    const count = Math.floor((CRL_BYTES_MAX - 1_000) / ordinary.length)
    const der = await craft({ entries: [Buffer.alloc(count * ordinary.length, ordinary)] })
    const crl = parseCrl(Buffer.from(writePem('X509 CRL', der)))
    expect(crl.isSignedBy(ca.certificate)).toBe(true)
    const { issuer, entries } = crl
    expect(entries.count).toBe(count)
    expect(entries.find({ issuer, serialNumberHex: '01'.repeat(16) })).toMatchObject({ revokedAtMs: NOW_MS })
    expect(entries.find({ issuer, serialNumberHex: '01'.repeat(15) })).toBeUndefined()
  })

  test('with bytes behind it is refused: ERR_PKI_TRAILING_BYTES', async () => {
    const der = await crlOf(ca)
    expect(() => parseCrl(Uint8Array.of(...der, 0))).toThrow(refusing('ERR_PKI_TRAILING_BYTES'))
  })

  test('that is something else is refused: ERR_REVOCATION_CRL', () => {
    expect(() => parseCrl(Buffer.from('hello'))).toThrow(refusing('ERR_REVOCATION_CRL'))
  })

  test('of arbitrary bytes, or damaged anywhere, is read or refused with a code', async () => {
    const der = await crlOf(ca, {
      revoked: [{ serialNumberHex: '0a01', revokedAtMs: NOW_MS, reason: 'superseded' }],
    })
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), readOrRefused))
    fc.assert(
      fc.property(fc.nat(der.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const damaged = Uint8Array.from(der)
        damaged[at] = (damaged[at] ?? 0) ^ flip
        readOrRefused(damaged)
      }),
      { numRuns: 500 },
    )
  })
})

describe('signing a CRL refuses', () => {
  test('what contradicts itself: ERR_REVOCATION_ISSUE', async () => {
    const twice = { serialNumberHex: '01', revokedAtMs: NOW_MS }
    const orders: readonly Partial<CrlOrder>[] = [
      { nextUpdateMs: NOW_MS - HOUR_MS },
      { number: 0n },
      { revoked: [twice, twice] },
      { revoked: [{ ...twice, reason: 'removeFromCRL' }] },
      { issuer: (await forgeLeaf(ca)).certificate },
      { issuer: (await forgeCa({ keyUsage: CERT_SIGN_ONLY })).certificate },
    ]
    for (const order of orders) {
      await expect(crlOf(ca, order)).rejects.toMatchObject({ code: 'ERR_REVOCATION_ISSUE' })
    }
  })

  test('another kind of key: ERR_REVOCATION_ISSUE', async () => {
    const signer = { ...ca.signer, algorithm: 'ed448' } as const
    await expect(crlOf({ ...ca, signer })).rejects.toMatchObject({ code: 'ERR_REVOCATION_ISSUE' })
  })

  test('to give out more than is read: ERR_REVOCATION_CRL_TOO_LARGE', async () => {
    const revoked = ['01', '02'].map((first) => ({
      serialNumberHex: first.padEnd(CRL_BYTES_MAX, '0'),
      revokedAtMs: NOW_MS,
    }))
    await expect(crlOf(ca, { revoked: revoked.slice(1) })).resolves.toBeInstanceOf(Uint8Array)
    await expect(crlOf(ca, { revoked })).rejects.toMatchObject({ code: 'ERR_REVOCATION_CRL_TOO_LARGE' })
  })

  test('to keep everybody waiting while it writes many entries', async () => {
    const revoked = Array.from({ length: 5_000 }, (_, index) => ({
      serialNumberHex: (0x1000 + index).toString(16),
      revokedAtMs: NOW_MS,
    }))
    let turns = 0
    const other = setInterval(() => void turns++, 0)
    const crl = parseCrl(await crlOf(ca, { revoked }))
    clearInterval(other)
    expect(crl.entries.count).toBe(5_000)
    expect(turns).toBeGreaterThan(1)
  })
})
