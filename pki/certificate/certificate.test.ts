import { X509Certificate } from 'node:crypto'
import { readdirSync } from 'node:fs'

import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'

import { bytesFromBase64, bytesFromHex, concatBytes, hexFromBytes } from '#base'

import { DerReader, TAG } from '../der/der-reader.ts'
import { writeElement, writeSequence } from '../der/der-writer.ts'
import { PkiError } from '../errors.ts'
import {
  extension,
  forge,
  forgeDer,
  type Forged,
  type Forgery,
  KEY_CERT_SIGN,
  NOW_MS,
} from '../testing/forge.ts'
import { hasShared, readShared, readSharedText, SHARED } from '../testing/shared.ts'
import { interpretExtensions } from './certificate-extensions.ts'
import { Certificate, CERTIFICATE_BYTES_MAX, parseCertificate, parseCertificates } from './certificate.ts'

const withZero = async (forgery: Forgery): Promise<Uint8Array> => {
  const der = hexFromBytes(await forgeDer({ ...forgery, serialNumber: '01' }))
  return bytesFromHex(der.replace('a003020102020101', 'a003020102020100'))
}

const refusing = (code: string): unknown => expect.objectContaining({ code })

let root: Forged
beforeAll(async () => {
  root = await forge({
    subject: [{ C: ['DE'] }, { O: ['Example'] }, { DC: ['V2G'] }, { CN: ['Root'] }],
    ca: 2,
    keyUsage: KEY_CERT_SIGN,
    serialNumber: '00bbbb01',
  })
})

test('a certificate tells what is in it', () => {
  const { certificate } = root
  expect(certificate).toMatchObject({
    commonName: 'Root',
    organizationName: 'Example',
    domainComponents: ['V2G'],
    distinguishedName: 'CN=Root, DC=V2G, O=Example, C=DE',
    serialNumberHex: 'bbbb01',
    validFromMs: NOW_MS - 86_400_000,
    validToMs: NOW_MS + 86_400_000,
    publicKeyAlgorithm: 'ecdsa-p256-sha256',
    signatureAlgorithm: 'ecdsa-p256-sha256',
    basicConstraints: { ca: true, pathLength: 2 },
    keyUsage: ['keyCertSign'],
    extendedKeyUsage: undefined,
    isSelfIssued: true,
  })
  expect(certificate.isSignedBy(certificate)).toBe(true)
  expect(certificate.publicKey.equals(new X509Certificate(certificate.der).publicKey)).toBe(true)
})

test('it does not change with the bytes it was read from', () => {
  const bytes = Uint8Array.from(root.certificate.der)
  const certificate = parseCertificate(bytes)
  bytes.fill(0)
  expect(certificate.equals(root.certificate)).toBe(true)
})

describe('forms', () => {
  test('PEM as text or bytes, with explanations and CRLF around it', () => {
    const pem = `subject: CN=Root\r\n${root.certificate.toPem().replaceAll('\n', '\r\n')}trailer\r\n`
    expect(parseCertificate(pem).equals(root.certificate)).toBe(true)
    expect(parseCertificate(new TextEncoder().encode(pem)).equals(root.certificate)).toBe(true)
    expect(root.certificate.toPem()).toBe(new X509Certificate(root.certificate.der).toString())
  })

  test('a bundle of several, and nothing', () => {
    const bundle = root.certificate.toPem().repeat(3)
    expect(parseCertificates(bundle)).toHaveLength(3)
    expect(parseCertificates('')).toEqual([])
    expect(() => parseCertificate(bundle)).toThrow(refusing('ERR_PKI_TRAILING_BYTES'))
    expect(() => parseCertificate('')).toThrow(refusing('ERR_PKI_CERTIFICATE'))
  })

  test.each([
    { what: 'without an end', pem: '-----BEGIN CERTIFICATE-----\nMAA=\n' },
    { what: 'with another end', pem: '-----BEGIN CERTIFICATE-----\nMAA=\n-----END X-----\n' },
    { what: 'that is not base64', pem: '-----BEGIN CERTIFICATE-----\n?\n-----END CERTIFICATE-----\n' },
    { what: 'of absurd length', pem: 'x'.repeat(3 * 1024 * 1024) },
  ])('PEM $what: ERR_PKI_PEM', ({ pem }) => {
    expect(() => parseCertificates(pem)).toThrow(refusing('ERR_PKI_PEM'))
  })
})

/** The certificate with the first occurrence of some bytes replaced by as many others. */
const patched = (from: string, to: string): Uint8Array =>
  Uint8Array.from(Buffer.from(hexFromBytes(root.certificate.der).replace(from, to), 'hex'))

describe('refused', () => {
  test('a byte after the end: ERR_PKI_TRAILING_BYTES', () => {
    const longer = concatBytes(root.certificate.der, Uint8Array.of(0))
    expect(() => parseCertificate(longer)).toThrow(refusing('ERR_PKI_TRAILING_BYTES'))
  })

  test('a byte after the signature, inside: ERR_PKI_TRAILING_BYTES', () => {
    const { content } = new DerReader(root.certificate.der).readAny()
    expect(() => parseCertificate(writeElement(TAG.sequence, content, Uint8Array.of(5, 0)))).toThrow(
      refusing('ERR_PKI_TRAILING_BYTES'),
    )
  })

  test('a certificate over the limit: ERR_PKI_CERTIFICATE_TOO_LARGE', () => {
    const huge = writeSequence(new Uint8Array(CERTIFICATE_BYTES_MAX))
    expect(() => parseCertificate(huge)).toThrow(refusing('ERR_PKI_CERTIFICATE_TOO_LARGE'))
  })

  test('an extension that occurs twice: ERR_PKI_DUPLICATE_EXTENSION', async () => {
    const twice = [extension('1.2.3', false), extension('1.2.3', false, '0101ff')]
    const der = await forgeDer({ subject: 'x', extensions: twice })
    expect(() => parseCertificate(der)).toThrow(refusing('ERR_PKI_DUPLICATE_EXTENSION'))
  })

  test.each([
    { what: 'another version', from: 'a003020102', to: 'a003020101', code: 'ERR_PKI_CERTIFICATE' },
    {
      what: 'a version that only begins like the right one',
      from: 'a003020102020400bbbb01',
      to: 'a0040202020002033bbb01',
      code: 'ERR_PKI_CERTIFICATE',
    },
    {
      what: 'a negative serial number',
      from: '020400bbbb01',
      to: '0204bbbbbb01',
      code: 'ERR_PKI_SERIAL_NUMBER',
    },
    {
      what: 'a serial number that is not minimal',
      from: '020400bbbb01',
      to: '020400000101',
      code: 'ERR_PKI_DER',
    },
    {
      what: 'two different signature algorithms',
      from: '2a8648ce3d040302',
      to: '2a8648ce3d040304',
      code: 'ERR_PKI_CERTIFICATE',
    },
    {
      what: 'a month that does not exist',
      from: hex('251231'),
      to: hex('251331'),
      code: 'ERR_PKI_CERTIFICATE',
    },
    {
      what: 'a day that does not exist',
      from: hex('260102'),
      to: hex('260230'),
      code: 'ERR_PKI_CERTIFICATE',
    },
    { what: 'a boolean that is neither', from: '0101ff020102', to: '010101020102', code: 'ERR_PKI_DER' },
    { what: 'a negative path length', from: '0101ff020102', to: '0101ff0201ff', code: 'ERR_PKI_CERTIFICATE' },
  ])('$what: $code', ({ from, to, code }) => {
    const bytes = patched(from, to)
    expect(() => parseCertificate(bytes.subarray(0, root.certificate.der.length))).toThrow(refusing(code))
  })

  test('a serial number of zero, but of a root: ERR_PKI_SERIAL_NUMBER', async () => {
    const issued = await withZero({ subject: 'x', issuer: root })
    expect(() => parseCertificate(issued)).toThrow(refusing('ERR_PKI_SERIAL_NUMBER'))
    expect(parseCertificate(await withZero({ subject: 'x' })).serialNumberHex).toBe('00')
  })

  test('a serial number of more than 20 bytes: ERR_PKI_SERIAL_NUMBER', async () => {
    const der = await forgeDer({ subject: 'x', serialNumber: '01'.repeat(21) })
    expect(() => parseCertificate(der)).toThrow(refusing('ERR_PKI_SERIAL_NUMBER'))
  })

  test.each([
    { what: 'alternative names without one', oid: '2.5.29.17', value: '3000', code: 'ERR_PKI_DER' },
    { what: 'a name of no kind', oid: '2.5.29.17', value: '30038901ff', code: 'ERR_PKI_CERTIFICATE' },
    { what: 'name constraints on nothing', oid: '2.5.29.30', value: '3000', code: 'ERR_PKI_CERTIFICATE' },
    { what: 'an empty list of subtrees', oid: '2.5.29.30', value: '3002a000', code: 'ERR_PKI_DER' },
    { what: 'policies without one', oid: '2.5.29.32', value: '3000', code: 'ERR_PKI_DER' },
    {
      what: 'a policy twice',
      oid: '2.5.29.32',
      value: '300c300406022901300406022901',
      code: 'ERR_PKI_CERTIFICATE',
    },
    { what: 'a mapping of one policy', oid: '2.5.29.33', value: '3006300406022901', code: 'ERR_PKI_DER' },
    { what: 'policy constraints on nothing', oid: '2.5.29.36', value: '3000', code: 'ERR_PKI_CERTIFICATE' },
    { what: 'a negative number', oid: '2.5.29.36', value: '30038001ff', code: 'ERR_PKI_CERTIFICATE' },
    { what: 'a padded number', oid: '2.5.29.36', value: '300480020001', code: 'ERR_PKI_CERTIFICATE' },
    { what: 'an absurd number', oid: '2.5.29.54', value: '0203010000', code: 'ERR_PKI_CERTIFICATE' },
    { what: 'bytes after a value', oid: '2.5.29.54', value: '02010000', code: 'ERR_PKI_TRAILING_BYTES' },
  ])('$what in extension $oid: $code', async ({ oid, value, code }) => {
    const der = await forgeDer({ subject: 'x', extensions: [extension(oid, true, value)] })
    expect(() => parseCertificate(der)).toThrow(refusing(code))
  })

  test('a key that is not on its curve, when it is used: ERR_PKI_PUBLIC_KEY', () => {
    const point = hexFromBytes(root.certificate.publicKeyDer).slice(-128)
    const certificate = parseCertificate(patched(point, 'ab'.repeat(64)))
    expect(() => certificate.publicKey).toThrow(refusing('ERR_PKI_PUBLIC_KEY'))
  })
})

test('a signature algorithm with parameters it should not have is an unknown one', () => {
  const [signed, algorithm, signature] = parts(root.certificate.der)
  const withNull = writeSequence(
    new DerReader(algorithm).enter(TAG.sequence).readAny().encoded,
    writeElement(TAG.null),
  )
  const content = new DerReader(signed).enter(TAG.sequence)
  const fields: Uint8Array[] = []
  while (!content.atEnd) fields.push(content.readAny().encoded)
  fields[2] = withNull
  const certificate = parseCertificate(writeSequence(writeSequence(...fields), withNull, signature))
  expect(certificate).toMatchObject({
    signatureAlgorithm: undefined,
    publicKeyAlgorithm: 'ecdsa-p256-sha256',
  })
  expect(certificate.isSignedBy(root.certificate)).toBe(false)
})

test('extensions on names and policies are read', async () => {
  const extensions = [
    extension('2.5.29.17', false, '300a8202612e8704c0000201'),
    extension('2.5.29.30', true, '3010a006300482026162a106300481026162'),
    extension('2.5.29.36', true, '3006800101810100'),
    extension('2.5.29.54', true, '020102'),
  ]
  const { certificate } = await forge({ subject: 'x', ca: true, extensions })
  expect(certificate.restrictions).toMatchObject({
    subjectAltNames: [
      { kind: 'dNSName', text: 'a.' },
      { kind: 'iPAddress', bytes: bytesFromHex('c0000201') },
    ],
    nameConstraints: {
      permitted: [{ kind: 'dNSName', text: 'ab' }],
      excluded: [{ kind: 'rfc822Name', text: 'ab' }],
    },
    policyConstraints: { requireExplicitPolicy: 1, inhibitPolicyMapping: 0 },
    inhibitAnyPolicy: 2,
  })
})

describe('hostile bytes', () => {
  test('arbitrary and mutated bytes give a certificate or our error', () => {
    const der = root.certificate.der
    const mutated = fc
      .array(fc.tuple(fc.nat(der.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
      .map((changes) => changes.reduce((bytes, [at, octet]) => bytes.with(at, octet), der))
    const cut = fc.nat(der.length - 1).map((length) => der.subarray(0, length))
    fc.assert(
      fc.property(fc.oneof(mutated, cut, fc.uint8Array({ maxLength: 200 })), (bytes) => {
        try {
          expect(parseCertificate(bytes)).toBeInstanceOf(Certificate)
        } catch (error) {
          expect(error).toBeInstanceOf(PkiError)
        }
      }),
      { numRuns: 2000 },
    )
  })

  test('arbitrary values of extensions are read or refused with our error', () => {
    const oid = fc.constantFrom('17', '19', '30', '32', '33', '35', '36', '37', '54')
    // Lengths that fit make values that are read further than their first element.
    const value = fc
      .uint8Array({ maxLength: 12 })
      .chain((inner) =>
        fc.constantFrom(
          inner,
          writeSequence(inner),
          writeSequence(writeSequence(inner)),
          writeSequence(writeElement(0xa0, inner)),
        ),
      )
    fc.assert(
      fc.property(oid, value, (arc, bytes) => {
        try {
          interpretExtensions([{ oid: `2.5.29.${arc}`, critical: true, value: bytes }])
        } catch (error) {
          expect(error).toBeInstanceOf(PkiError)
        }
      }),
      { numRuns: 2000 },
    )
  })

  test('a changed certificate that still parses is no longer signed', () => {
    const der = root.certificate.der
    fc.assert(
      fc.property(fc.nat(der.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = parsedOr(() => parseCertificate(der.with(at, (der[at] ?? 0) ^ flip)))
        expect(changed?.isSignedBy(root.certificate) ?? false).toBe(false)
      }),
    )
  })
})

const real = hasShared
  ? readdirSync(new URL('vectors/real-certificates/', SHARED)).filter((name) => name.endsWith('.der'))
  : []

describe.skipIf(!hasShared)('certificates of real V2G PKIs (not run without ../shared)', () => {
  test.each(real)('%s is read like OpenSSL reads it', (name) => {
    const der = readShared(`vectors/real-certificates/${name}`)
    const ours = parseCertificate(der)
    const theirs = new X509Certificate(der)
    expect(ours.serialNumberHex).toBe(theirs.serialNumber.toLowerCase())
    expect(ours.validFromMs).toBe(Date.parse(theirs.validFrom))
    expect(ours.validToMs).toBe(Date.parse(theirs.validTo))
    expect(ours.distinguishedName.split(', ').toReversed().join('\n')).toBe(theirs.subject)
    expect(ours.fingerprintSha256Hex).toBe(theirs.fingerprint256.replaceAll(':', '').toLowerCase())
    expect(ours.publicKey.equals(theirs.publicKey)).toBe(true)
    expect(ours.basicConstraints?.ca ?? false).toBe(theirs.ca)
  })

  test('explicit cA FALSE, the years 1970 and 9999, key identifiers of eight bytes', () => {
    const cps = parseCertificate(readShared('vectors/real-certificates/3321748f5b63.der'))
    expect(cps.basicConstraints).toEqual({ ca: false })
    expect(cps.subjectKeyIdentifier).toHaveLength(8)
    const bmw = parseCertificate(readShared('vectors/real-certificates/942b6234afd4.der'))
    expect([bmw.validFromMs, bmw.validToMs]).toEqual([
      Date.UTC(1970, 0, 1, 0, 1),
      Date.UTC(9999, 11, 31, 23, 59),
    ])
    expect(bmw.serialNumberHex).toBe('03')
  })

  test('every published OPCP certificate is read', () => {
    const { certificates }: { certificates: readonly { derBase64: string; serialHex: string }[] } =
      JSON.parse(readSharedText('vectors/opcp/opcp-golden-vectors.json'))
    expect(certificates.length).toBeGreaterThan(0)
    for (const { derBase64, serialHex } of certificates) {
      expect(parseCertificate(bytesFromBase64(derBase64, 2000)).serialNumberHex).toBe(
        serialHex.replace(/^00/, ''),
      )
    }
  })
})

function hex(text: string): string {
  return Buffer.from(text, 'latin1').toString('hex')
}

function parsedOr(parse: () => Certificate): Certificate | undefined {
  try {
    return parse()
  } catch {
    return undefined
  }
}

function parts(der: Uint8Array): readonly [Uint8Array, Uint8Array, Uint8Array] {
  const outer = new DerReader(der).enter(TAG.sequence)
  return [outer.readAny().encoded, outer.readAny().encoded, outer.readAny().encoded]
}
