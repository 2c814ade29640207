import { randomUUID, webcrypto } from 'node:crypto'

import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'

import { bytesFromBase64, bytesFromHex } from '#base'

import { type Certificate, parseCertificate } from '../certificate/certificate.ts'
import type { RevocationStatus } from '../revocation/revocation-status.ts'
import {
  DAY_MS,
  DIGITAL_SIGNATURE,
  DIGITAL_SIGNATURE_AND_KEY_AGREEMENT,
  extension,
  forge,
  type Forged,
  type Forgery,
  generateKeys,
  KEY_AGREEMENT,
  KEY_CERT_SIGN,
  NOW_MS,
} from '../testing/forge.ts'
import { hasShared, readSharedText } from '../testing/shared.ts'
import { type PathValidation, validatePath } from './path-validation.ts'
import type { PathVerdict } from './path-verdict.ts'
import { VerifiedSignatures } from './verified-signatures.ts'

const CA = { ca: true, keyUsage: KEY_CERT_SIGN } as const
const EXTENDED_KEY_USAGE = '2.5.29.37'
const CLIENT_AUTH = '300a06082b06010505070302'
const SERVER_AUTH = '300a06082b06010505070301'

let root: Forged
let sub1: Forged
let sub2: Forged
let leaf: Forged
let pcid: Record<string, string[]>[]
beforeAll(async () => {
  pcid = [{ O: ['Example'] }, { CN: ['EVOV1234567890ABCD'] }]
  root = await forge({ subject: 'Root', ...CA })
  sub1 = await forge({ subject: 'Sub1', issuer: root, ...CA, ca: 1 })
  sub2 = await forge({ subject: 'Sub2', issuer: sub1, ...CA, ca: 0 })
  leaf = await forge({ subject: pcid, issuer: sub2 })
})

function validate(over: Partial<PathValidation> = {}): PathVerdict {
  return validatePath({
    leaf: leaf.certificate,
    intermediates: [sub1.certificate, sub2.certificate],
    roots: [root.certificate],
    atMs: NOW_MS,
    use: 'oem-provisioning',
    ...over,
  })
}

const path = (...members: readonly Forged[]): PathVerdict => ({
  valid: true,
  path: members.map(({ certificate }) => certificate),
})
const refusing = (code: string, at?: Forged): unknown =>
  expect.objectContaining(
    at === undefined ? { valid: false, code } : { valid: false, code, certificate: at.certificate },
  )

const identified = (hex: string): Partial<Forgery> => ({
  extensions: [extension('2.5.29.14', false, `0402${hex}`)],
})

describe('a path is found', () => {
  test('leaf first, root last', () => {
    expect(validate()).toEqual(path(leaf, sub2, sub1, root))
  })

  test('whatever the order of the intermediates, and with strangers, the root and the leaf among them', async () => {
    const stranger = await forge({ subject: 'Stranger', ...CA })
    const pool = [sub2, stranger, root, sub1, leaf, sub2].map(({ certificate }) => certificate)
    fc.assert(
      fc.property(fc.shuffledSubarray(pool, { minLength: pool.length }), (intermediates) => {
        expect(validate({ intermediates })).toEqual(path(leaf, sub2, sub1, root))
      }),
    )
  })

  test('to the root that signed, among others of the same name', async () => {
    const twins = await Promise.all(Array.from({ length: 9 }, () => forge({ subject: 'Root', ...CA })))
    const roots = [...twins, root].map(({ certificate }) => certificate)
    expect(validate({ roots })).toEqual(path(leaf, sub2, sub1, root))
  })

  test('through the sub CA that is still valid, when an expired one has the same name and key', async () => {
    const old = await forge({
      subject: 'Sub2',
      issuer: sub1,
      ...CA,
      keys: sub2.keys,
      validToMs: NOW_MS - 1000,
    })
    const intermediates = [old.certificate, sub1.certificate, sub2.certificate]
    expect(validate({ intermediates })).toEqual(path(leaf, sub2, sub1, root))
  })

  test('through a cross certificate to another root, when the first one is not trusted', async () => {
    const other = await forge({ subject: 'Other root', ...CA })
    const cross = await forge({ subject: 'Root', issuer: other, ...CA, keys: root.keys })
    const intermediates = [cross, sub2, sub1].map(({ certificate }) => certificate)
    expect(validate({ intermediates, roots: [other.certificate] })).toEqual(
      path(leaf, sub2, sub1, cross, other),
    )
  })

  test('first through the issuer whose key identifier fits, among more namesakes than are tried', async () => {
    const twins = await Promise.all(
      Array.from({ length: 40 }, (_, at) =>
        forge({ subject: 'Sub2', issuer: sub1, ...CA, keys: root.keys, ...identified(`aa${10 + at}`) }),
      ),
    )
    const right = await forge({
      subject: 'Sub2',
      issuer: sub1,
      ...CA,
      keys: sub2.keys,
      ...identified('bbbb'),
    })
    const child = await forge({
      subject: pcid,
      issuer: sub2,
      extensions: [extension('2.5.29.35', false, '30048002bbbb')],
    })
    const intermediates = [...twins, right, sub1].map(({ certificate }) => certificate)
    expect(validate({ leaf: child.certificate, intermediates })).toEqual(path(child, right, sub1, root))
  })

  test('up to the first and the last second of validity', () => {
    const { validFromMs, validToMs } = leaf.certificate
    expect(validate({ atMs: validFromMs }).valid).toBe(true)
    expect(validate({ atMs: validToMs + 999 }).valid).toBe(true)
  })

  test('for a leaf without any extension, for every use but those that need a domain component', () => {
    const uses = ['any', 'contract', 'oem-provisioning'] as const
    expect(uses.map((use) => validate({ use }).valid)).toEqual([true, true, true])
  })
})

const evilLeaf = async (forgery: Omit<Forgery, 'subject'>): Promise<{ leaf: Certificate }> => ({
  leaf: (await forge({ subject: pcid, issuer: sub2, ...forgery })).certificate,
})

describe('the evil set', () => {
  test('an expired leaf: ERR_PATH_EXPIRED', async () => {
    const verdict = validate(await evilLeaf({ validToMs: NOW_MS - 1000 }))
    expect(verdict).toEqual(refusing('ERR_PATH_EXPIRED'))
    expect(verdict).toMatchObject({
      message: 'CN=EVOV1234567890ABCD, O=Example: expired at 2025-12-31T23:59:59Z',
    })
  })

  test('at no time at all: ERR_PATH_NOT_YET_VALID', () => {
    expect(validate({ atMs: Number.NaN })).toEqual(refusing('ERR_PATH_NOT_YET_VALID', leaf))
  })

  test('a leaf that is not valid yet: ERR_PATH_NOT_YET_VALID', async () => {
    expect(validate(await evilLeaf({ validFromMs: NOW_MS + 1000 }))).toEqual(
      refusing('ERR_PATH_NOT_YET_VALID'),
    )
  })

  test('an expired sub CA: ERR_PATH_EXPIRED', async () => {
    const old = await forge({
      subject: 'Sub2',
      issuer: sub1,
      ...CA,
      keys: sub2.keys,
      validToMs: NOW_MS - 1000,
    })
    const verdict = validate({ intermediates: [old.certificate, sub1.certificate] })
    expect(verdict).toEqual(refusing('ERR_PATH_EXPIRED', old))
  })

  test('an expired root, as the shell model has it: ERR_PATH_EXPIRED', async () => {
    const old = await forge({ subject: 'Root', ...CA, keys: root.keys, validToMs: NOW_MS - 1000 })
    expect(validate({ roots: [old.certificate] })).toEqual(refusing('ERR_PATH_EXPIRED', old))
  })

  test('an evil twin of the root, trusted or not: ERR_PATH_SIGNATURE', async () => {
    const twin = await forge({ subject: 'Root', ...CA })
    expect(validate({ roots: [twin.certificate] })).toEqual(refusing('ERR_PATH_SIGNATURE', sub1))
    const evilSub = await forge({ subject: 'Sub1', issuer: twin, ...CA })
    const evil = await forge({ subject: pcid, issuer: evilSub })
    const intermediates = [evilSub.certificate]
    expect(validate({ leaf: evil.certificate, intermediates })).toEqual(
      refusing('ERR_PATH_SIGNATURE', evilSub),
    )
  })

  test('a foreign root that comes with the message: ERR_PATH_UNTRUSTED_ROOT', async () => {
    const twin = await forge({ subject: 'Root', ...CA })
    const foreign = await forge({ subject: 'Foreign root', ...CA })
    for (const evil of [twin, foreign]) {
      const below = await forge({ subject: pcid, issuer: evil })
      const verdict = validate({ leaf: below.certificate, intermediates: [evil.certificate] })
      expect(verdict).toEqual(refusing('ERR_PATH_UNTRUSTED_ROOT', evil))
    }
  })

  test('a missing sub CA: ERR_PATH_NO_ISSUER', () => {
    expect(validate({ intermediates: [sub2.certificate] })).toEqual(refusing('ERR_PATH_NO_ISSUER', sub2))
    expect(validate({ intermediates: [] })).toEqual(refusing('ERR_PATH_NO_ISSUER', leaf))
    expect(validate({ roots: [] })).toEqual(refusing('ERR_PATH_NO_ISSUER', sub1))
  })

  test('a leaf issued by a leaf: ERR_PATH_NOT_A_CA', async () => {
    const plain = await forge({ subject: 'Plain', issuer: sub2 })
    const explicit = await forge({ subject: 'Explicit', issuer: sub2, ca: false })
    for (const parent of [plain, explicit]) {
      const child = await forge({ subject: pcid, issuer: parent })
      const intermediates = [parent, sub2, sub1].map(({ certificate }) => certificate)
      expect(validate({ leaf: child.certificate, intermediates })).toEqual(
        refusing('ERR_PATH_NOT_A_CA', parent),
      )
    }
  })

  test('a CA below a CA of path length 0: ERR_PATH_PATH_LENGTH', async () => {
    const deep = await forge({ subject: 'Sub3', issuer: sub2, ...CA })
    const child = await forge({ subject: pcid, issuer: deep })
    const intermediates = [deep, sub2, sub1].map(({ certificate }) => certificate)
    expect(validate({ leaf: child.certificate, intermediates })).toEqual(
      refusing('ERR_PATH_PATH_LENGTH', sub2),
    )
  })

  test('a root that allows no CA below it: ERR_PATH_PATH_LENGTH', async () => {
    const strict = await forge({ subject: 'Root', ...CA, ca: 0, keys: root.keys })
    expect(validate({ roots: [strict.certificate] })).toEqual(refusing('ERR_PATH_PATH_LENGTH', strict))
  })

  test('a CA whose key usage does not sign certificates: ERR_PATH_KEY_USAGE', async () => {
    const mute = await forge({ subject: 'Mute', issuer: sub1, ca: true, keyUsage: DIGITAL_SIGNATURE })
    const child = await forge({ subject: pcid, issuer: mute })
    const intermediates = [mute.certificate, sub1.certificate]
    expect(validate({ leaf: child.certificate, intermediates })).toEqual(refusing('ERR_PATH_KEY_USAGE', mute))
  })

  test('a leaf whose key usage signs certificates: ERR_PATH_KEY_USAGE', async () => {
    expect(validate(await evilLeaf({ keyUsage: KEY_CERT_SIGN }))).toEqual(refusing('ERR_PATH_KEY_USAGE'))
  })

  test('an issuer of that name with a key of another kind: ERR_PATH_ALGORITHM', async () => {
    const p521 = { name: 'ECDSA', namedCurve: 'P-521' }
    const keys = await webcrypto.subtle.generateKey(p521, true, ['sign', 'verify'])
    const other = await forge({ subject: 'Root', ...CA, keys })
    expect(validate({ roots: [other.certificate] })).toEqual(refusing('ERR_PATH_ALGORITHM', sub1))
    expect(validate({ roots: [other.certificate, root.certificate] }).valid).toBe(true)
  })

  test('a changed byte in the signature: ERR_PATH_SIGNATURE', () => {
    const { der } = leaf.certificate
    const changed = parseCertificate(der.with(der.length - 1, (der.at(-1) ?? 0) ^ 1))
    expect(validate({ leaf: changed })).toEqual(refusing('ERR_PATH_SIGNATURE'))
  })

  test('the right name but another key as issuer: ERR_PATH_SIGNATURE', async () => {
    expect(validate(await evilLeaf({ issuer: { ...sub2, keys: await generateKeys() } }))).toEqual(
      refusing('ERR_PATH_SIGNATURE'),
    )
  })

  test('a key that is not on its curve: ERR_PATH_PUBLIC_KEY', () => {
    const point = Buffer.from(leaf.certificate.publicKeyDer.subarray(-64)).toString('hex')
    const der = Buffer.from(leaf.certificate.der).toString('hex').replace(point, 'ab'.repeat(64))
    expect(validate({ leaf: parseCertificate(bytesFromHex(der)) })).toEqual(refusing('ERR_PATH_PUBLIC_KEY'))
  })

  test.each([
    { what: 'unknown', oid: '1.2.3.4', critical: true },
    { what: 'alternative names of the issuer, unread,', oid: '2.5.29.18', critical: true },
  ])(
    'a leaf, a CA or a root with a critical extension ($what): ERR_PATH_CRITICAL_EXTENSION',
    async ({ oid, critical }) => {
      const extensions = [extension(oid, critical)]
      expect(validate(await evilLeaf({ extensions }))).toEqual(refusing('ERR_PATH_CRITICAL_EXTENSION'))
      const ca = await forge({ subject: 'Sub2', issuer: sub1, ...CA, keys: sub2.keys, extensions })
      const intermediates = [ca.certificate, sub1.certificate]
      expect(validate({ intermediates })).toEqual(refusing('ERR_PATH_CRITICAL_EXTENSION', ca))
      const top = await forge({ subject: 'Root', ...CA, keys: root.keys, extensions })
      expect(validate({ roots: [top.certificate] })).toEqual(refusing('ERR_PATH_CRITICAL_EXTENSION', top))
    },
  )

  test('a critical policy with a qualifier nobody knows: ERR_PATH_CRITICAL_EXTENSION', async () => {
    // The policy 1.1.1 with the qualifier 1.2.3.4.
    const value = '3011300f060229013009300706032a03040500'
    const critical = await evilLeaf({ extensions: [extension('2.5.29.32', true, value)] })
    expect(validate(critical)).toEqual(refusing('ERR_PATH_CRITICAL_EXTENSION'))
    const uncritical = await evilLeaf({ extensions: [extension('2.5.29.32', false, value)] })
    expect(validate(uncritical).valid).toBe(true)
  })

  test('an algorithm the caller does not speak: ERR_PATH_ALGORITHM', () => {
    expect(validate({ algorithms: ['ecdsa-p521-sha512'] })).toEqual(refusing('ERR_PATH_ALGORITHM', leaf))
  })

  test('a self-signed leaf, even among the roots: ERR_PATH_UNTRUSTED_ROOT', async () => {
    const alone = await forge({ subject: pcid })
    const verdict = validate({ leaf: alone.certificate, roots: [alone.certificate, root.certificate] })
    expect(verdict).toEqual(refusing('ERR_PATH_UNTRUSTED_ROOT', alone))
    expect(verdict).toMatchObject({ message: expect.stringContaining('is a trusted root itself') })
  })

  test('a chain longer than allowed: ERR_PATH_TOO_LONG', () => {
    expect(validate({ pathCertificatesMax: 3 })).toEqual(refusing('ERR_PATH_TOO_LONG'))
    expect(validate({ pathCertificatesMax: 4 }).valid).toBe(true)
  })

  test('CAs that certify each other end in bounded work: ERR_PATH_TOO_COMPLEX', async () => {
    const keys = await generateKeys()
    const issuer = { ...root, keys, certificate: (await forge({ subject: 'Mesh', ...CA, keys })).certificate }
    const mesh = await Promise.all(
      Array.from({ length: 40 }, () =>
        forge({
          subject: 'Mesh',
          issuer,
          ...CA,
          keys,
          serialNumber: randomUUID().replaceAll('-', '').slice(1),
        }),
      ),
    )
    const child = await forge({ subject: pcid, issuer })
    const intermediates = mesh.map(({ certificate }) => certificate)
    for (const verifiedSignatures of [new VerifiedSignatures(), undefined]) {
      const over = {
        leaf: child.certificate,
        intermediates,
        ...(verifiedSignatures && { verifiedSignatures }),
      }
      expect(validate(over)).toEqual(refusing('ERR_PATH_TOO_COMPLEX'))
    }
  })

  test('changed certificates anywhere in the chain never throw and never pass', () => {
    const members = [leaf, sub2, sub1].map(({ certificate }) => certificate)
    const change = fc.record({ member: fc.nat(2), at: fc.nat(), flip: fc.integer({ min: 1, max: 255 }) })
    fc.assert(
      fc.property(change, ({ member, at, flip }) => {
        const { der = new Uint8Array() } = members[member] ?? {}
        const index = at % der.length
        const changed = parsed(der.with(index, (der[index] ?? 0) ^ flip))
        if (changed === undefined) return
        const [own = changed, ...intermediates] = members.with(member, changed)
        expect(validate({ leaf: own, intermediates }).valid).toBe(false)
      }),
      { numRuns: 500 },
    )
  })

  test('of several failing candidates, the one that got furthest is reported', async () => {
    const impostor = await forge({ subject: 'Sub2', ...CA })
    const old = await forge({ subject: 'Root', ...CA, keys: root.keys, validToMs: NOW_MS - DAY_MS / 2 })
    const intermediates = [impostor, sub2, sub1].map(({ certificate }) => certificate)
    expect(validate({ intermediates, roots: [old.certificate] })).toEqual(refusing('ERR_PATH_EXPIRED', old))
  })
})

const times = { thisUpdateMs: NOW_MS, nextUpdateMs: NOW_MS + DAY_MS, source: 'crl' } as const
const good = { status: 'good', ...times } as const
const unknown = { status: 'unknown', why: 'nobody said anything' } as const
const revoked = { status: 'revoked', revokedAtMs: NOW_MS, reason: 'keyCompromise', ...times } as const
const judged = (
  policy: 'require' | 'prefer',
  statusOf: (certificate: Certificate) => RevocationStatus,
): PathVerdict =>
  validate({ revocation: { policy, evidence: { statusOf: ({ certificate }) => statusOf(certificate) } } })
const only = (evil: Forged, status: RevocationStatus) => (certificate: Certificate) =>
  certificate.equals(evil.certificate) ? status : good

describe('revocation', () => {
  test('is asked of every certificate but the root, at the time of the validation, once', () => {
    const asked: string[] = []
    const verdict = judged('require', ({ commonName = '' }) => {
      asked.push(commonName)
      return good
    })
    expect(verdict).toMatchObject({ valid: true, statuses: [good, good, good] })
    expect(asked.toSorted()).toEqual(['EVOV1234567890ABCD', 'Sub1', 'Sub2'])
  })

  test('refuses a revoked leaf or CA, with either policy: ERR_PATH_REVOKED', () => {
    for (const evil of [leaf, sub2, sub1])
      for (const policy of ['require', 'prefer'] as const)
        expect(judged(policy, only(evil, revoked))).toEqual(refusing('ERR_PATH_REVOKED', evil))
  })

  test('refuses the unknown only where evidence is required: ERR_PATH_STATUS_UNKNOWN', () => {
    expect(judged('require', only(sub1, unknown))).toEqual(refusing('ERR_PATH_STATUS_UNKNOWN', sub1))
    expect(judged('prefer', only(sub1, unknown))).toMatchObject({
      valid: true,
      statuses: [good, good, unknown],
    })
  })

  test('of one path does not hide another: the cross certificate that is good is found', async () => {
    const other = await forge({ subject: 'Other root', ...CA })
    const cross = await forge({ subject: 'Sub1', issuer: other, ...CA, keys: sub1.keys })
    const statusOf = ({ certificate }: { certificate: Certificate }): RevocationStatus =>
      only(sub1, revoked)(certificate)
    const verdict = validate({
      intermediates: [sub1, sub2, cross].map(({ certificate }) => certificate),
      roots: [root.certificate, other.certificate],
      revocation: { policy: 'require', evidence: { statusOf } },
    })
    expect(verdict).toMatchObject(path(leaf, sub2, cross, other))
  })
})

describe('roles', () => {
  test.each([
    { use: 'cps', dc: 'CPS', code: undefined },
    { use: 'cps', dc: 'OEM', code: 'ERR_PATH_ROLE' },
    { use: 'cps', dc: undefined, code: 'ERR_PATH_ROLE' },
    { use: 'secc', dc: 'CPO', code: undefined },
    { use: 'secc', dc: 'CSO', code: undefined },
    { use: 'secc', dc: 'CPS', code: 'ERR_PATH_ROLE' },
    { use: 'oem-provisioning', dc: 'OEM', code: undefined },
    { use: 'oem-provisioning', dc: 'V2G', code: undefined },
    { use: 'oem-provisioning', dc: 'MO', code: 'ERR_PATH_ROLE' },
    { use: 'oem-provisioning', dc: 'CPO', code: 'ERR_PATH_ROLE' },
    { use: 'contract', dc: 'MO', code: undefined },
    { use: 'contract', dc: 'OEM', code: 'ERR_PATH_ROLE' },
    { use: 'any', dc: 'CPO', code: undefined },
  ] as const)('a leaf with DC $dc as $use: $code', async ({ use, dc, code }) => {
    const verdict = validate({ leaf: await rolled(dc), use })
    expect(verdict.valid ? undefined : verdict.code).toBe(code)
  })

  test('a CA with a critical extended key usage, which nobody evaluates: ERR_PATH_CRITICAL_EXTENSION', async () => {
    for (const purpose of [SERVER_AUTH, CLIENT_AUTH]) {
      const extensions = [extension(EXTENDED_KEY_USAGE, true, purpose)]
      const ca = await forge({ subject: 'Sub2', issuer: sub1, ...CA, keys: sub2.keys, extensions })
      const intermediates = [ca.certificate, sub1.certificate]
      expect(validate({ leaf: await rolled('CPO'), intermediates, use: 'secc' })).toEqual(
        refusing('ERR_PATH_CRITICAL_EXTENSION', ca),
      )
    }
  })

  test('a CA is no leaf: ERR_PATH_ROLE', async () => {
    expect(validate({ leaf: sub2.certificate })).toEqual(refusing('ERR_PATH_ROLE', sub2))
    expect(validate({ leaf: sub2.certificate, use: 'any' }).valid).toBe(true)
  })

  test('a leaf without a common name has no identity: ERR_PATH_ROLE', async () => {
    const nameless = await forge({ subject: [{ O: ['Example'] }], issuer: sub2 })
    expect(validate({ leaf: nameless.certificate })).toEqual(refusing('ERR_PATH_ROLE', nameless))
  })

  test.each([
    { use: 'oem-provisioning', dc: 'OEM', keyUsage: DIGITAL_SIGNATURE, code: 'ERR_PATH_KEY_USAGE' },
    { use: 'oem-provisioning', dc: 'OEM', keyUsage: KEY_AGREEMENT, code: 'ERR_PATH_KEY_USAGE' },
    { use: 'oem-provisioning', dc: 'OEM', keyUsage: DIGITAL_SIGNATURE_AND_KEY_AGREEMENT, code: undefined },
    { use: 'contract', dc: 'MO', keyUsage: KEY_AGREEMENT, code: 'ERR_PATH_KEY_USAGE' },
    { use: 'contract', dc: 'MO', keyUsage: DIGITAL_SIGNATURE, code: undefined },
    { use: 'cps', dc: 'CPS', keyUsage: KEY_AGREEMENT, code: 'ERR_PATH_KEY_USAGE' },
    { use: 'cps', dc: 'CPS', keyUsage: DIGITAL_SIGNATURE, code: undefined },
  ] as const)('key usage $keyUsage of a $use certificate: $code', async ({ use, dc, keyUsage, code }) => {
    const verdict = validate({ leaf: await rolled(dc, { keyUsage }), use })
    expect(verdict.valid ? undefined : verdict.code).toBe(code)
  })

  test.each([
    { purpose: SERVER_AUTH, critical: true, use: 'secc', code: undefined },
    { purpose: CLIENT_AUTH, critical: false, use: 'secc', code: 'ERR_PATH_ROLE' },
    { purpose: SERVER_AUTH, critical: true, use: 'any', code: 'ERR_PATH_CRITICAL_EXTENSION' },
    { purpose: CLIENT_AUTH, critical: false, use: 'any', code: undefined },
  ] as const)(
    'extended key usage $purpose (critical: $critical) for $use: $code',
    async ({ purpose, critical, use, code }) => {
      const extensions = [extension(EXTENDED_KEY_USAGE, critical, purpose)]
      const verdict = validate({ leaf: await rolled('CPO', { extensions }), use })
      expect(verdict.valid ? undefined : verdict.code).toBe(code)
    },
  )
})

describe('remembered signatures', () => {
  test('give the same verdicts, the dates still being checked', () => {
    const verifiedSignatures = new VerifiedSignatures()
    for (let round = 0; round < 2; round++) {
      expect(validate({ verifiedSignatures })).toEqual(path(leaf, sub2, sub1, root))
      expect(validate({ verifiedSignatures, atMs: NOW_MS + 2 * DAY_MS })).toEqual(
        refusing('ERR_PATH_EXPIRED'),
      )
    }
    expect(verifiedSignatures.size).toBe(3)
  })

  test('a failed signature is not remembered, and a twin is another issuer', async () => {
    const verifiedSignatures = new VerifiedSignatures()
    const twin = await forge({ subject: 'Root', ...CA })
    expect(validate({ verifiedSignatures }).valid).toBe(true)
    expect(validate({ verifiedSignatures, roots: [twin.certificate] })).toEqual(
      refusing('ERR_PATH_SIGNATURE'),
    )
    expect(verifiedSignatures.size).toBe(3)
  })

  test('the least recently used one is forgotten first', () => {
    const remembered = new VerifiedSignatures({ pairsMax: 2 })
    remembered.add(leaf.certificate, sub2.certificate)
    remembered.add(sub2.certificate, sub1.certificate)
    expect(remembered.has(leaf.certificate, sub2.certificate)).toBe(true)
    remembered.add(sub1.certificate, root.certificate)
    expect(remembered.has(sub2.certificate, sub1.certificate)).toBe(false)
    expect(remembered.has(leaf.certificate, sub2.certificate)).toBe(true)
    expect(remembered.size).toBe(2)
  })
})

/** A leaf whose subject has this DC. */
async function rolled(
  domainComponent: string | undefined,
  over: Omit<Forgery, 'subject'> = {},
): Promise<Certificate> {
  const dc = domainComponent === undefined ? [] : [{ DC: [domainComponent] }]
  return (await forge({ subject: [...dc, { CN: ['x'] }], issuer: sub2, ...over })).certificate
}

interface GoldenCertificate {
  readonly subject: string
  readonly notBefore: string
  readonly notAfter: string
  readonly derBase64: string
  readonly chainsToQaRoot: boolean
}

describe.skipIf(!hasShared)('published Hubject and CharIN chains (not run without ../shared)', () => {
  const golden: { certificates: readonly GoldenCertificate[]; root: { derHex: string } } = hasShared
    ? JSON.parse(readSharedText('vectors/opcp/opcp-golden-vectors.json'))
    : { certificates: [], root: { derHex: '' } }
  const pool = golden.certificates.map(({ derBase64 }) => parseCertificate(bytesFromBase64(derBase64, 2000)))
  const qaRoot = hasShared ? [parseCertificate(bytesFromHex(golden.root.derHex))] : []
  const isRoot = (certificate: Certificate): boolean => qaRoot.some((one) => one.equals(certificate))
  const belowRoot = golden.certificates.flatMap((facts, index) => {
    const own = pool[index]
    return own === undefined || isRoot(own) ? [] : [{ ...facts, own }]
  })

  test.each(belowRoot)(
    '$subject chains to the QA root: $chainsToQaRoot',
    ({ notAfter, chainsToQaRoot, own }) => {
      const use = useOf(own)
      const verdict = validatePath({
        leaf: own,
        intermediates: pool,
        roots: qaRoot,
        atMs: Date.parse(notAfter),
        use,
      })
      expect(verdict.valid).toBe(chainsToQaRoot)
    },
  )
})

function useOf({ basicConstraints, commonName = '', domainComponents }: Certificate): PathValidation['use'] {
  if (basicConstraints?.ca === true) return 'any'
  if (domainComponents.includes('CPS')) return 'cps'
  return commonName.length > 15 ? 'oem-provisioning' : 'contract'
}

/** The certificate, when the bytes still are one. */
function parsed(der: Uint8Array): Certificate | undefined {
  try {
    return parseCertificate(der)
  } catch {
    return undefined
  }
}
