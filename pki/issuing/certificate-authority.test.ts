import 'reflect-metadata'
import { generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto'

import * as x509 from '@peculiar/x509'
import { beforeAll, describe, expect, test } from 'vitest'

import { bytesFromHex, hexFromBytes, seededRandom, type SignatureAlgorithm } from '#base'

import { Certificate } from '../certificate/certificate.ts'
import { softwareSigner } from '../keys/software-signer.ts'
import { validatePath } from '../path/path-validation.ts'
import {
  CERTIFICATE_PROFILES,
  certificateProfile,
  type CertificateProfileName,
} from '../profiles/certificate-profiles.ts'
import { DAY_MS, NOW_MS } from '../testing/forge.ts'
import { CertificateAuthority, type CertificateOrder, issueRoot } from './certificate-authority.ts'

const YEAR_MS = 365 * DAY_MS
const random = seededRandom(7)
const P256 = { namedCurve: 'prime256v1' }

/** A CA with its key, of any kind of key. */
class TestAuthority {
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject

  constructor(algorithm: SignatureAlgorithm = 'ecdsa-p256-sha256') {
    const { publicKey, privateKey } =
      algorithm === 'ed448'
        ? generateKeyPairSync('ed448')
        : generateKeyPairSync('ec', {
            namedCurve: algorithm === 'ecdsa-p256-sha256' ? 'prime256v1' : 'secp521r1',
          })
    this.publicKey = publicKey
    this.privateKey = privateKey
  }

  under(certificate: Certificate): CertificateAuthority {
    return new CertificateAuthority({ certificate, signer: softwareSigner(this.privateKey), random })
  }
}

function order(over: Partial<CertificateOrder> = {}): CertificateOrder {
  return {
    profile: 'contract',
    subject: { commonName: 'DEEVOC12345678X', organizationName: 'Example', countryName: 'DE' },
    publicKey: generateKeyPairSync('ec', P256).publicKey,
    notBeforeMs: NOW_MS,
    notAfterMs: NOW_MS + YEAR_MS,
    ...over,
  }
}

function rootOrder(keys: TestAuthority, over: Partial<CertificateOrder> = {}): CertificateOrder {
  const subject = { commonName: 'Root', organizationName: 'Example' }
  const notAfterMs = NOW_MS + 40 * YEAR_MS
  return order({ profile: 'mo-root', subject, publicKey: keys.publicKey, notAfterMs, ...over })
}

let keys: TestAuthority
let root: Certificate
let authority: CertificateAuthority
beforeAll(async () => {
  keys = new TestAuthority()
  root = await issueRoot(rootOrder(keys), { signer: softwareSigner(keys.privateKey), random })
  authority = keys.under(root)
})

const PROFILES = Object.keys(CERTIFICATE_PROFILES).filter(
  (name): name is CertificateProfileName => name in CERTIFICATE_PROFILES,
)

/** A root of the edition that has such certificates; its own key serves as the subject's too. */
async function authorityFor(
  profile: CertificateProfileName,
): Promise<{ ca: TestAuthority; issuer: CertificateAuthority }> {
  const { editions } = certificateProfile(profile)
  if (editions?.includes('iso2') !== false) return { ca: keys, issuer: authority }
  const ca = new TestAuthority('ecdsa-p521-sha512')
  const certificate = await issueRoot(rootOrder(ca), { signer: softwareSigner(ca.privateKey), random })
  return { ca, issuer: ca.under(certificate) }
}

describe('every profile', () => {
  test.each(PROFILES)('%s: three independent readers agree on what was issued', async (profile) => {
    const { ca, issuer } = await authorityFor(profile)
    const issued = await issuer.issue(order({ profile, publicKey: ca.publicKey }))
    const theirs = new X509Certificate(issued.der)
    const third = new x509.X509Certificate(Uint8Array.from(issued.der))
    expect(theirs.verify(ca.publicKey)).toBe(true)
    expect(theirs.checkIssued(new X509Certificate(issuer.certificate.der))).toBe(true)
    expect(theirs.ca).toBe(issued.basicConstraints?.ca)
    expect(third.serialNumber).toBe(issued.serialNumberHex)
    const constraints = third.getExtension(x509.BasicConstraintsExtension)
    expect([constraints?.ca, constraints?.pathLength, constraints?.critical]).toEqual([
      issued.basicConstraints?.ca,
      issued.basicConstraints?.pathLength,
      true,
    ])
    expect(third.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId).toBe(
      hexFromBytes(issued.subjectKeyIdentifier ?? new Uint8Array()),
    )
    expect(third.getExtension(x509.KeyUsagesExtension)?.critical).toBe(true)
    expect(new Set(issued.keyUsage)).toEqual(new Set(CERTIFICATE_PROFILES[profile].keyUsage))
    expect(issued.authorityKeyIdentifier).toEqual(issuer.certificate.subjectKeyIdentifier)
    expect(issued.der.length).toBeLessThanOrEqual(800)
  })
})

test('the subject has its attributes in the order C, O, DC, CN', async () => {
  const issued = await authority.issue(order({ profile: 'cps' }))
  expect(issued.distinguishedName).toBe('CN=DEEVOC12345678X, DC=CPS, O=Example, C=DE')
  expect(issued.issuer.der).toEqual(root.subject.der)
})

const named = (commonName: string): Pick<CertificateOrder, 'subject'> => ({ subject: { commonName } })

test('a path of issued certificates is valid', async () => {
  const sub1Keys = new TestAuthority()
  const sub2Keys = new TestAuthority()
  const sub1 = await authority.issue(
    order({ profile: 'mo-sub1', publicKey: sub1Keys.publicKey, ...named('Sub1') }),
  )
  const sub2 = await sub1Keys
    .under(sub1)
    .issue(order({ profile: 'mo-sub2', publicKey: sub2Keys.publicKey, ...named('Sub2') }))
  const leaf = await sub2Keys.under(sub2).issue(order())
  const verdict = validatePath({
    leaf,
    intermediates: [sub1, sub2],
    roots: [root],
    atMs: NOW_MS,
    use: 'contract',
  })
  expect(verdict).toEqual({ valid: true, path: [leaf, sub2, sub1, root] })
})

test.each(['ecdsa-p521-sha512', 'ed448'] as const)(
  '%s: a root and what it issues verify',
  async (algorithm) => {
    const large = new TestAuthority(algorithm)
    const top = await issueRoot(rootOrder(large), { signer: softwareSigner(large.privateKey), random })
    const leaf = await large.under(top).issue(order({ publicKey: large.publicKey }))
    expect(new X509Certificate(leaf.der).verify(large.publicKey)).toBe(true)
    expect(validatePath({ leaf, intermediates: [], roots: [top], atMs: NOW_MS, use: 'contract' }).valid).toBe(
      true,
    )
  },
)

test('serial numbers are positive, of 16 bytes and never the same', async () => {
  const issued = await Promise.all(Array.from({ length: 20 }, () => authority.issue(order())))
  const numbers = issued.map(({ serialNumberHex }) => serialNumberHex)
  expect(new Set(numbers).size).toBe(20)
  expect(numbers.every((number) => /^[4-7][0-9a-f]{31}$/.test(number))).toBe(true)
})

test('dates from 2050 on are written as RFC 5280 has it, and read back', async () => {
  const issued = await issueRoot(rootOrder(keys, { notAfterMs: Date.UTC(2066, 5, 1, 2, 3, 4, 5) }), {
    signer: softwareSigner(keys.privateKey),
    random,
  })
  expect(issued.validToMs).toBe(Date.UTC(2066, 5, 1, 2, 3, 4))
  expect(new X509Certificate(issued.der).validTo).toBe('Jun  1 02:03:04 2066 GMT')
})

test('a server certificate names its hosts', async () => {
  const hostNames = ['localhost', '127.0.0.1', '::1', 'fe80::a:1', '::ffff:10.0.0.1', 'central.example']
  const { der } = await authority.issue(order({ profile: 'tls-server', hostNames }))
  const server = new X509Certificate(der)
  expect(['localhost', 'central.example'].every((name) => server.checkHost(name) === name)).toBe(true)
  expect(
    ['127.0.0.1', '::1', 'fe80::a:1', '::ffff:10.0.0.1'].map((address) => server.checkIP(address)),
  ).not.toContain(undefined)
  expect(server.checkHost('other.example')).toBeUndefined()
})

test('the key identifier is that of RFC 5280 method 2', async () => {
  const { publicKey } = new TestAuthority()
  const issued = await authority.issue(order({ publicKey }))
  const point = publicKey.export({ type: 'spki', format: 'der' }).subarray(-65)
  const digest = await crypto.subtle.digest('SHA-1', Uint8Array.from(point))
  const expected = bytesFromHex(`4${Buffer.from(digest).toString('hex').slice(-15)}`)
  expect(issued.subjectKeyIdentifier).toEqual(expected)
})

describe('orders that are refused: ERR_PKI_ISSUE', () => {
  test.each<{ what: string; over: Partial<CertificateOrder> }>([
    { what: 'a validity that ends before it begins', over: { notAfterMs: NOW_MS - 1 } },
    { what: 'a certificate that outlives its issuer', over: { notAfterMs: NOW_MS + 41 * YEAR_MS } },
    { what: 'no date at all', over: { notAfterMs: Number.NaN } },
    { what: 'an empty name', over: { subject: { commonName: '' } } },
    { what: 'a name of 65 characters', over: { subject: { commonName: 'x'.repeat(65) } } },
    { what: 'a country that is none', over: { subject: { commonName: 'x', countryName: 'Germany' } } },
  ])('$what', async ({ over }) => {
    await expect(authority.issue(order(over))).rejects.toMatchObject({ code: 'ERR_PKI_ISSUE' })
  })

  test('a CA below a CA of path length 0', async () => {
    const sub = new TestAuthority()
    const sub2 = await authority.issue(order({ profile: 'mo-sub2', publicKey: sub.publicKey }))
    await expect(sub.under(sub2).issue(order({ profile: 'mo-sub1' }))).rejects.toMatchObject({
      code: 'ERR_PKI_ISSUE',
    })
  })

  test('a CA that is none, or whose signer has another kind of key', async () => {
    const leaf = await authority.issue(order({ publicKey: keys.publicKey }))
    expect(() => keys.under(leaf)).toThrow(expect.objectContaining({ code: 'ERR_PKI_ISSUE' }))
    expect(() => new TestAuthority('ed448').under(root)).toThrow(
      expect.objectContaining({ code: 'ERR_PKI_ISSUE' }),
    )
  })

  test('a root signed with another key than its own', async () => {
    const other = softwareSigner(new TestAuthority().privateKey)
    await expect(issueRoot(rootOrder(keys), { signer: other, random })).rejects.toMatchObject({
      code: 'ERR_PKI_ISSUE',
    })
  })
})

test('a key of another kind is refused: ERR_PKI_KEY_ALGORITHM', async () => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
  await expect(authority.issue(order({ publicKey }))).rejects.toMatchObject({ code: 'ERR_PKI_KEY_ALGORITHM' })
})

test('nothing is signed that is against its profile: ERR_PKI_LINT, and the key of the CA is not used', async () => {
  let signatures = 0
  const real = softwareSigner(keys.privateKey)
  const counted = new CertificateAuthority({
    certificate: root,
    random,
    signer: { algorithm: real.algorithm, sign: (data) => (signatures++, real.sign(data)) },
  })
  const mixed = new TestAuthority('ecdsa-p521-sha512').publicKey
  await expect(counted.issue(order({ profile: 'secc', publicKey: mixed }))).rejects.toMatchObject({
    code: 'ERR_PKI_LINT',
    message: expect.stringContaining('ERR_LINT_ALGORITHM'),
  })
  await expect(counted.issue(order({ serialNumber: Uint8Array.of(1) }))).rejects.toMatchObject({
    code: 'ERR_PKI_LINT',
    message: expect.stringContaining('ERR_LINT_SERIAL_NUMBER'),
  })
  expect(signatures).toBe(0)
  await counted.issue(order())
  expect(signatures).toBe(1)
})

test('signatures differ in length: none is given out that makes its certificate too large', async () => {
  const wide = '\u{1F50C}'.repeat(64)
  const sizes = new Set<number>()
  // With some of these letters the length of the signature decides.
  for (let attempt = 0; attempt < 240; attempt++) {
    const commonName = `${'\u{1F50C}'.repeat(31)}${'x'.repeat(attempt % 8)}`
    const issued = await authority
      .issue(order({ subject: { commonName, organizationName: wide } }))
      .catch((error: unknown) => error)
    if (issued instanceof Certificate) sizes.add(issued.der.length)
    else expect(issued).toMatchObject({ code: 'ERR_PKI_LINT' })
  }
  expect(Math.max(...sizes)).toBe(800)
})

test('a signer that does not hold the key of the CA is noticed: ERR_PKI_ISSUE', async () => {
  const signer = softwareSigner(new TestAuthority().privateKey)
  const wrong = new CertificateAuthority({ certificate: root, signer, random })
  await expect(wrong.issue(order())).rejects.toMatchObject({ code: 'ERR_PKI_ISSUE' })
})

test('certificates say where their revocation is told, as other readers understand it', async () => {
  const revocation = { ocspUrl: 'http://pki.example/ocsp/cpo', crlUrl: 'http://pki.example/crl/cpo.crl' }
  const ca = new CertificateAuthority({
    certificate: root,
    signer: softwareSigner(keys.privateKey),
    random,
    revocation,
  })
  const issued = await ca.issue(order())
  expect(new X509Certificate(issued.der).infoAccess).toBe(`OCSP - URI:${revocation.ocspUrl}`)
  const third = new x509.X509Certificate(Uint8Array.from(issued.der))
  const points = third.getExtension(x509.CRLDistributionPointsExtension)?.distributionPoints ?? []
  expect(
    points.map((point) => point.distributionPoint?.fullName?.map((name) => name.uniformResourceIdentifier)),
  ).toEqual([[revocation.crlUrl]])
})
