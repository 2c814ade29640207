import { beforeAll, describe, expect, test } from 'vitest'

import type { Certificate } from '../certificate/certificate.ts'
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
import { DAY_MS, extension, type Forged, NOW_MS } from '../testing/forge.ts'
import { parseCrl } from './certificate-revocation-list.ts'
import { CrlEvidence } from './crl-evidence.ts'
import type { RevocationReason, RevocationStatus } from './revocation-status.ts'
import { CERT_SIGN_ONLY, crlOf, forgeCa, forgeLeaf, HOUR_MS, type TestCa } from './revocation.fixture.ts'
import { signStructure, writeSignatureAlgorithm } from './signed-structure.ts'

const ADDRESS = 'http://crl.example/ca.crl'
const LISTED = [{ serialNumberHex: '0a01', revokedAtMs: NOW_MS - HOUR_MS, reason: 'keyCompromise' }] as const

let ca: TestCa
let leaf: Forged

beforeAll(async () => {
  ca = await forgeCa()
  leaf = await forgeLeaf(ca, { crl: ADDRESS })
})

function statusBy(
  crls: readonly Uint8Array[],
  { certificate = leaf.certificate, issuer = ca.certificate, atMs = NOW_MS } = {},
): RevocationStatus {
  return new CrlEvidence({ crls: crls.map(parseCrl) }).statusOf({ certificate, issuer, atMs })
}

/** A CRL with one extension of the list and one of an entry for nobody's certificate. */
function craft({
  number = 1,
  thisUpdateMs = NOW_MS - HOUR_MS,
  nextUpdateMs = NOW_MS + DAY_MS,
  issuer = ca.certificate.subject.der,
  scope,
  extra,
  baseNumber,
  entry,
}: {
  readonly number?: number
  readonly thisUpdateMs?: number
  readonly nextUpdateMs?: number
  readonly issuer?: Uint8Array
  readonly scope?: Uint8Array
  readonly extra?: Uint8Array
  readonly baseNumber?: number
  readonly entry?: { readonly reason?: number; readonly extra?: Uint8Array }
}): Promise<Uint8Array> {
  const entryExtensions = [
    ...(entry?.reason === undefined
      ? []
      : [extensionOf('2.5.29.21', writeElement(0x0a, Uint8Array.of(entry.reason)))]),
    ...(entry?.extra === undefined ? [] : [entry.extra]),
  ]
  const entries =
    entry === undefined
      ? []
      : [
          writeSequence(
            writeSequence(
              writeUnsignedInteger(Uint8Array.of(0x0a, 0x01)),
              writeTime(NOW_MS - HOUR_MS),
              ...(entryExtensions.length === 0 ? [] : [writeSequence(...entryExtensions)]),
            ),
          ),
        ]
  const extensions = [
    extensionOf('2.5.29.20', integer(number)),
    ...(scope === undefined ? [] : [extensionOf('2.5.29.28', writeSequence(scope), 'critical')]),
    ...(baseNumber === undefined ? [] : [extensionOf('2.5.29.27', integer(baseNumber), 'critical')]),
    ...(extra === undefined ? [] : [extra]),
  ]
  const signed = writeSequence(
    integer(1),
    writeSignatureAlgorithm(ca.signer),
    issuer,
    writeTime(thisUpdateMs),
    writeTime(nextUpdateMs),
    ...entries,
    writeExplicit(0, writeSequence(...extensions)),
  )
  return signStructure(signed, ca.signer)
}

const integer = (value: number): Uint8Array => writeUnsignedInteger(Uint8Array.of(value))
const extensionOf = (oid: string, value: Uint8Array, critical?: 'critical'): Uint8Array =>
  writeSequence(
    writeObjectIdentifier(oid),
    ...(critical === undefined ? [] : [DER_TRUE]),
    writeOctetString(value),
  )
const flag = (n: number): Uint8Array => writeElement(0x80 + n, Uint8Array.of(0xff))
const pointName = (address: string): Uint8Array =>
  writeElement(0xa0, writeElement(0xa0, writeElement(0x86, Buffer.from(address))))
/** onlySomeReasons: a BIT STRING under an implicit tag; bit 0 is the highest. */
const reasons = (...octets: readonly number[]): Uint8Array => writeElement(0x83, Uint8Array.of(7, ...octets))

describe('a CRL of the issuer', () => {
  test('that does not list the certificate says good, and until when', async () => {
    expect(statusBy([await crlOf(ca)])).toEqual({
      status: 'good',
      source: 'crl',
      thisUpdateMs: NOW_MS - HOUR_MS,
      nextUpdateMs: NOW_MS + DAY_MS,
    })
  })

  test('that lists it says revoked, when and why', async () => {
    expect(statusBy([await crlOf(ca, { revoked: LISTED })])).toMatchObject({
      status: 'revoked',
      source: 'crl',
      revokedAtMs: NOW_MS - HOUR_MS,
      reason: 'keyCompromise',
    })
  })

  test('decides over an older one, whatever the order they are given in', async () => {
    const older = await crlOf(ca, { revoked: LISTED, thisUpdateMs: NOW_MS - 2 * HOUR_MS })
    const newer = await crlOf(ca, { number: 2n })
    expect(statusBy([older, newer]).status).toBe('good')
    expect(statusBy([newer, older]).status).toBe('good')
  })

  test.each([
    { what: 'five minutes before thisUpdate', offsetMs: -HOUR_MS - 300_000, status: 'good' },
    { what: 'a moment before that', offsetMs: -HOUR_MS - 300_001, status: 'unknown' },
    { what: 'five minutes after nextUpdate', offsetMs: DAY_MS + 300_000, status: 'good' },
    { what: 'a moment after that', offsetMs: DAY_MS + 300_001, status: 'unknown' },
    { what: 'at a time that is none', offsetMs: Number.NaN, status: 'unknown' },
  ])('says $status $what', async ({ offsetMs, status }) => {
    expect(statusBy([await crlOf(ca)], { atMs: NOW_MS + offsetMs }).status).toBe(status)
  })
})

const unknown = (why: RegExp): unknown => ({ status: 'unknown', why: expect.stringMatching(why) })

describe('nothing is known from', () => {
  test('no CRL at all', () => {
    expect(statusBy([])).toEqual(unknown(/no CRL/))
  })

  test('a CRL of somebody of the same name', async () => {
    const twin = await forgeCa()
    expect(statusBy([await crlOf(twin)])).toEqual(unknown(/not signed/))
  })

  test('a CRL of somebody else', async () => {
    expect(statusBy([await crlOf(await forgeCa({ subject: 'Other' }))])).toEqual(unknown(/no CRL/))
  })

  test('a CRL of an issuer whose key usage has no cRLSign', async () => {
    const der = await crlOf(ca)
    const { certificate } = await forgeCa({ keys: ca.keys, keyUsage: CERT_SIGN_ONLY })
    expect(statusBy([der], { issuer: certificate })).toEqual(unknown(/not signed/))
  })

  test('a CRL whose signature is damaged', async () => {
    const der = await crlOf(ca)
    const last = der.length - 1
    der[last] = (der[last] ?? 0) ^ 1
    expect(statusBy([der])).toEqual(unknown(/not signed/))
  })

  test('a CRL with a critical extension nobody knows', async () => {
    const der = await craft({ extra: extensionOf('1.2.3.4', Uint8Array.of(5, 0), 'critical') })
    expect(statusBy([der])).toEqual(unknown(/1\.2\.3\.4/))
  })

  test('a CRL with an entry whose critical extension nobody knows, also for others', async () => {
    const entry = { extra: extensionOf('1.2.3.4', Uint8Array.of(5, 0), 'critical') }
    const other = await forgeLeaf(ca, { serialNumber: '0b' })
    expect(statusBy([await craft({ entry })], other)).toEqual(unknown(/1\.2\.3\.4/))
  })

  test.each([
    { what: 'CA certificates only', scope: flag(2) },
    { what: 'attribute certificates only', scope: flag(5) },
    { what: 'another distribution point', scope: pointName('http://crl.example/other.crl') },
  ])('a CRL for $what', async ({ scope }) => {
    expect(statusBy([await craft({ scope })])).toEqual(unknown(/no CRL/))
  })

  test('a certificate whose distribution points cannot be read', async () => {
    const extensions = [extension('2.5.29.31', false, '0500')]
    const odd = await forgeLeaf(ca, { extensions })
    expect(statusBy([await crlOf(ca)], odd)).toEqual(unknown(/cannot be read/))
  })

  test('a delta CRL without its complete one', async () => {
    expect(statusBy([await craft({ number: 2, baseNumber: 1 })])).toEqual(unknown(/no CRL/))
  })
})

const listed = (reason: RevocationReason) => [
  { serialNumberHex: '0a01', revokedAtMs: NOW_MS - DAY_MS, reason },
]

describe('a CRL that was due to be replaced', () => {
  const OVER = { thisUpdateMs: NOW_MS - DAY_MS, nextUpdateMs: NOW_MS - HOUR_MS }
  test('still says revoked, which lasts, and that it is outdated', async () => {
    const crl = await crlOf(ca, { ...OVER, revoked: listed('superseded') })
    const revoked = { status: 'revoked', reason: 'superseded', revokedAtMs: NOW_MS - DAY_MS }
    expect(statusBy([crl])).toMatchObject({ ...revoked, outdated: true })
    expect(statusBy([crl], { atMs: NOW_MS - 2 * HOUR_MS })).not.toHaveProperty('outdated')
    const other = await forgeLeaf(ca, { serialNumber: '0b' })
    expect(statusBy([crl], other)).toEqual(unknown(/due to be replaced/))
  })

  test('says nothing of a hold, which may have been lifted', async () => {
    const crl = await crlOf(ca, { ...OVER, revoked: listed('certificateHold') })
    expect(statusBy([crl])).toEqual(unknown(/due to be replaced/))
    expect(statusBy([crl], { atMs: NOW_MS - 2 * HOUR_MS }).status).toBe('revoked')
  })

  test('yields to a newer one, also to one that says nothing any more', async () => {
    const older = await crlOf(ca, { ...OVER, revoked: listed('superseded') })
    const newer = { thisUpdateMs: NOW_MS - 2 * HOUR_MS }
    expect(statusBy([older, await crlOf(ca, newer)]).status).toBe('good')
    const alsoOver = await crlOf(ca, { ...newer, nextUpdateMs: NOW_MS - HOUR_MS })
    expect(statusBy([older, alsoOver])).toEqual(unknown(/due to be replaced/))
  })

  test('must be signed like any other, and not be from the future', async () => {
    const forged = await crlOf(await forgeCa(), { ...OVER, revoked: listed('superseded') })
    expect(statusBy([forged])).toEqual(unknown(/due to be replaced/))
    const crl = await crlOf(ca, { ...OVER, revoked: listed('superseded') })
    expect(statusBy([crl], { atMs: NOW_MS - 2 * DAY_MS })).toEqual(unknown(/future/))
    expect(statusBy([crl], { atMs: Number.NaN })).toEqual(unknown(/future/))
  })
})

describe('the entries of a CRL', () => {
  const broken = writeSequence(integer(1))
  const crlBy = (signer: TestCa['signer']): Promise<Uint8Array> =>
    signStructure(
      writeSequence(
        integer(1),
        writeSignatureAlgorithm(signer),
        ca.certificate.subject.der,
        writeTime(NOW_MS - HOUR_MS),
        writeTime(NOW_MS + DAY_MS),
        writeSequence(broken),
      ),
      signer,
    )

  test('are not looked at before its signature', async () => {
    expect(statusBy([await crlBy((await forgeCa()).signer)])).toEqual(unknown(/not signed/))
    expect(statusBy([await crlBy(ca.signer)])).toEqual(unknown(/entries of the CRL cannot be read/))
  })

  test('say nothing when that of the certificate cannot be read', async () => {
    const entry = { extra: extensionOf('2.5.29.21', writeElement(0x0a, Uint8Array.of(7))) }
    const crl = await craft({ entry })
    expect(statusBy([crl])).toEqual(unknown(/entry of the certificate/))
    expect(statusBy([crl], await forgeLeaf(ca, { serialNumber: '0b' })).status).toBe('good')
  })
})

describe('CRLs with a scope', () => {
  test.each([
    { what: 'user certificates', scope: flag(1) },
    { what: 'the distribution point the certificate names', scope: pointName(ADDRESS) },
  ])('for $what speak for a leaf', async ({ scope }) => {
    expect(statusBy([await craft({ scope })]).status).toBe('good')
  })

  test('for user certificates do not speak for a CA', async () => {
    const sub: Certificate = (await forgeLeaf(ca, { subject: 'Sub', ca: true })).certificate
    expect(statusBy([await craft({ scope: flag(1) })], { certificate: sub }).status).toBe('unknown')
    expect(statusBy([await craft({ scope: flag(2) })], { certificate: sub }).status).toBe('good')
  })

  test('for some reasons say good only together', async () => {
    const compromise = await craft({ scope: reasons(0b0110_0000, 0) })
    const others = await craft({ scope: reasons(0b0001_1111, 0b1000_0000) })
    expect(statusBy([compromise])).toMatchObject({
      status: 'unknown',
      why: expect.stringMatching(/some reasons/),
    })
    expect(statusBy([compromise, others]).status).toBe('good')
  })

  test('for some reasons are decided by the newest, reason for reason', async () => {
    const compromise = { scope: reasons(0b0110_0000, 0) }
    const older = await craft({ ...compromise, entry: { reason: 1 }, thisUpdateMs: NOW_MS - 2 * HOUR_MS })
    const others = await craft({
      scope: reasons(0b0001_1111, 0b1000_0000),
      thisUpdateMs: NOW_MS - 3 * HOUR_MS,
    })
    expect(statusBy([older, await craft(compromise), others]).status).toBe('good')
  })

  test('for some reasons say revoked alone', async () => {
    const compromise = await craft({ scope: reasons(0b0110_0000, 0), entry: { reason: 1 } })
    expect(statusBy([compromise])).toMatchObject({ status: 'revoked', reason: 'keyCompromise' })
  })
})

describe('a delta CRL', () => {
  test('adds a revocation to the complete one', async () => {
    const delta = await craft({ number: 2, baseNumber: 1, thisUpdateMs: NOW_MS, entry: { reason: 4 } })
    expect(statusBy([await craft({}), delta])).toMatchObject({ status: 'revoked', thisUpdateMs: NOW_MS })
  })

  test('takes a certificate on hold back', async () => {
    const complete = await craft({ entry: { reason: 6 } })
    const delta = await craft({ number: 2, baseNumber: 1, entry: { reason: 8 } })
    expect(statusBy([complete])).toMatchObject({ status: 'revoked', reason: 'certificateHold' })
    expect(statusBy([complete, delta]).status).toBe('good')
  })

  test('ends with the complete one, whichever ends first', async () => {
    const [short, long] = [NOW_MS + HOUR_MS, NOW_MS + DAY_MS]
    for (const [complete, delta] of [
      [short, long],
      [long, short],
    ] as const) {
      const crls = [
        await craft({ nextUpdateMs: complete }),
        await craft({ number: 2, baseNumber: 1, nextUpdateMs: delta }),
      ]
      expect(statusBy(crls)).toMatchObject({ status: 'good', nextUpdateMs: short })
    }
  })

  test('of another issuer, or of another key by its identifier, is left alone', async () => {
    const over = { number: 2, baseNumber: 1, entry: { reason: 4 } }
    const other = await craft({ ...over, issuer: leaf.certificate.subject.der })
    const keyed = await craft({
      ...over,
      extra: extensionOf('2.5.29.35', writeSequence(writeElement(0x80, Uint8Array.of(1)))),
    })
    expect(statusBy([await craft({}), other]).status).toBe('good')
    expect(statusBy([await craft({}), keyed]).status).toBe('good')
  })

  test('of another key is left alone', async () => {
    const delta = await craft({ number: 2, baseNumber: 1, entry: { reason: 4 } })
    const last = delta.length - 1
    delta[last] = (delta[last] ?? 0) ^ 1
    expect(statusBy([await craft({}), delta]).status).toBe('good')
  })

  test('from the future is left alone', async () => {
    const delta = await craft({
      number: 2,
      baseNumber: 1,
      entry: { reason: 4 },
      thisUpdateMs: NOW_MS + HOUR_MS,
    })
    expect(statusBy([await craft({}), delta]).status).toBe('good')
  })

  test.each([
    { what: 'begins after the complete one', number: 3, baseNumber: 2 },
    { what: 'is not newer than it', number: 1, baseNumber: 1 },
    { what: 'has another scope', number: 2, baseNumber: 1, scope: flag(1) },
  ])('that $what is left alone', async (over) => {
    const delta = await craft({ ...over, entry: { reason: 4 } })
    expect(statusBy([await craft({}), delta]).status).toBe('good')
  })
})

/** IssuingDistributionPoint indirectCRL, and a certificate whose distribution point names the CRL issuer. */
async function indirect(): Promise<{ crl: Uint8Array; crlIssuer: Certificate; certificate: Certificate }> {
  const crlIssuer = await forgeCa({ subject: 'CRL Issuer', ca: false, keyUsage: '03020102' })
  const point = writeSequence(
    writeSequence(writeElement(0xa2, writeElement(0xa4, crlIssuer.certificate.subject.der))),
  )
  const extensions = [extension('2.5.29.31', false, Buffer.from(point).toString('hex'))]
  const { certificate } = await forgeLeaf(ca, { extensions })
  const issuerName = extensionOf(
    '2.5.29.29',
    writeSequence(writeElement(0xa4, ca.certificate.subject.der)),
    'critical',
  )
  const signed = writeSequence(
    writeUnsignedInteger(Uint8Array.of(1)),
    writeSignatureAlgorithm(crlIssuer.signer),
    crlIssuer.certificate.subject.der,
    writeTime(NOW_MS - HOUR_MS),
    writeTime(NOW_MS + DAY_MS),
    writeSequence(
      writeSequence(
        writeUnsignedInteger(Uint8Array.of(0x0a, 0x01)),
        writeTime(NOW_MS - HOUR_MS),
        writeSequence(issuerName),
      ),
    ),
    writeExplicit(0, writeSequence(extensionOf('2.5.29.28', writeSequence(flag(4)), 'critical'))),
  )
  return {
    crl: await signStructure(signed, crlIssuer.signer),
    crlIssuer: crlIssuer.certificate,
    certificate,
  }
}

describe('a CRL of another CRL issuer', () => {
  test('counts only by a certificate of its name', async () => {
    const twin = await forgeCa()
    const { certificate } = await forgeCa({ subject: 'Another name', keys: twin.keys })
    const evidence = new CrlEvidence({
      crls: [parseCrl(await crlOf(twin))],
      crlIssuers: [certificate],
      mayIssueCrl: () => true,
    })
    const question = { certificate: leaf.certificate, issuer: ca.certificate, atMs: NOW_MS }
    expect(evidence.statusOf(question).status).toBe('unknown')
  })

  test('counts when its path holds, and only then', async () => {
    const { crl, crlIssuer, certificate } = await indirect()
    const judged = (mayIssue: boolean): RevocationStatus =>
      new CrlEvidence({
        crls: [parseCrl(crl)],
        crlIssuers: [crlIssuer],
        mayIssueCrl: () => mayIssue,
      }).statusOf({ certificate, issuer: ca.certificate, atMs: NOW_MS })
    expect(judged(true).status).toBe('revoked')
    expect(judged(false).status).toBe('unknown')
  })

  test('does not count when nobody validates paths', async () => {
    const { crl, crlIssuer, certificate } = await indirect()
    const evidence = new CrlEvidence({ crls: [parseCrl(crl)], crlIssuers: [crlIssuer] })
    expect(evidence.statusOf({ certificate, issuer: ca.certificate, atMs: NOW_MS }).status).toBe('unknown')
  })

  test('does not vouch for its own signer, however the paths go round', async () => {
    const newKey = await forgeCa({ issuer: ca })
    const crl = parseCrl(await crlOf(newKey))
    const evidence: CrlEvidence = new CrlEvidence({
      crls: [crl],
      crlIssuers: [newKey.certificate],
      mayIssueCrl: ({ crlIssuer, issuer, atMs }) =>
        evidence.statusOf({ certificate: crlIssuer, issuer, atMs }).status === 'good',
    })
    const question = { certificate: leaf.certificate, issuer: ca.certificate, atMs: NOW_MS }
    expect(evidence.statusOf(question).status).toBe('unknown')
  })
})
