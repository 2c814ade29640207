import { generateKeyPairSync } from 'node:crypto'

import { describe, expect, test } from 'vitest'

import { seededRandom } from '#base'

import { softwareSigner } from '../keys/software-signer.ts'
import type { CertificateProfileName } from '../profiles/certificate-profiles.ts'
import {
  DAY_MS,
  DIGITAL_SIGNATURE,
  DIGITAL_SIGNATURE_AND_KEY_AGREEMENT,
  extension,
  forge,
  type Forgery,
  KEY_CERT_SIGN,
  NOW_MS,
} from '../testing/forge.ts'
import { hasShared, readShared } from '../testing/shared.ts'
import { CertificateAuthority, issueRoot } from './certificate-authority.ts'
import { lintCertificate, type LintStrictness } from './certificate-lint.ts'

const OEM: Forgery = {
  subject: [{ O: ['Maker'] }, { DC: ['OEM'] }, { CN: ['EVOABC00000000001'] }],
  ca: false,
  keyUsage: DIGITAL_SIGNATURE_AND_KEY_AGREEMENT,
  serialNumber: '4123456789abcdef',
  extensions: [extension('2.5.29.14', false, '04084123456789abcdef')],
}

/** The codes of what must not be, and of what is only told. */
async function linted(
  forgery: Forgery,
  strictness: LintStrictness = 'issue',
  profile: CertificateProfileName = 'oem-provisioning',
): Promise<{ required: readonly string[]; reported: readonly string[] }> {
  const { certificate } = await forge(forgery)
  const findings = lintCertificate(certificate, profile, strictness)
  expect(findings.every(({ message, source }) => message !== '' && source !== '')).toBe(true)
  const codes = (severity: string): readonly string[] =>
    findings.filter((finding) => finding.severity === severity).map(({ code }) => code)
  return { required: codes('require'), reported: codes('report') }
}

test('a certificate that fits has no finding of weight', async () => {
  await expect(linted(OEM)).resolves.toMatchObject({ required: [] })
})

test('what is worth telling is told, and keeps nobody from issuing', async () => {
  const { required, reported } = await linted(
    {
      ...OEM,
      issuer: await forge({ subject: 'Issuer' }),
      subject: [{ DC: ['CPO'] }, { CN: ['DE*EVO*E1'] }],
      validToMs: NOW_MS + 800 * DAY_MS,
    },
    'issue',
    'secc',
  )
  expect(required).toEqual([])
  expect(reported.toSorted()).toEqual([
    'ERR_LINT_AUTHORITY_KEY_IDENTIFIER',
    'ERR_LINT_NAME',
    'ERR_LINT_REVOCATION_ADDRESS',
    'ERR_LINT_VALIDITY',
  ])
})

test('a certificate of one edition below a CA of the other is not issued', async () => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'secp521r1' })
  const subject = { commonName: 'Root', organizationName: 'Example' }
  const dates = { notBeforeMs: NOW_MS, notAfterMs: NOW_MS + DAY_MS }
  const ports = { signer: softwareSigner(privateKey), random: seededRandom(1) }
  const root = await issueRoot({ profile: 'v2g-root', subject, publicKey, ...dates }, ports)
  const authority = new CertificateAuthority({ certificate: root, ...ports })
  const { publicKey: small } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  await expect(
    authority.issue({ profile: 'contract', subject, publicKey: small, ...dates }),
  ).rejects.toMatchObject({ code: 'ERR_PKI_LINT', message: expect.stringContaining('different editions') })
})

describe('what may not be issued, and whether it is accepted from others', () => {
  test.each<{
    what: string
    over: Partial<Forgery>
    without?: 'ca' | 'keyUsage'
    code: string
    accepted: boolean
  }>([
    { what: 'a CA', over: { ca: true }, code: 'ERR_LINT_ROLE', accepted: false },
    {
      what: 'no basic constraints',
      over: {},
      without: 'ca',
      code: 'ERR_LINT_BASIC_CONSTRAINTS',
      accepted: true,
    },
    { what: 'no key usage', over: {}, without: 'keyUsage', code: 'ERR_LINT_KEY_USAGE', accepted: true },
    {
      what: 'a key usage against the use',
      over: { keyUsage: DIGITAL_SIGNATURE },
      code: 'ERR_LINT_KEY_USAGE',
      accepted: false,
    },
    {
      what: 'a short serial number',
      over: { serialNumber: '03' },
      code: 'ERR_LINT_SERIAL_NUMBER',
      accepted: true,
    },
    {
      what: 'no domain component',
      over: { subject: [{ O: ['Maker'] }, { CN: ['EVOABC00000000001'] }] },
      code: 'ERR_LINT_DOMAIN_COMPONENT',
      accepted: true,
    },
    {
      what: 'no common name',
      over: { subject: [{ O: ['Maker'] }, { DC: ['OEM'] }] },
      code: 'ERR_LINT_NAME',
      accepted: false,
    },
    {
      what: 'no key identifier',
      over: { extensions: [] },
      code: 'ERR_LINT_SUBJECT_KEY_IDENTIFIER',
      accepted: true,
    },
    {
      what: 'an extended key usage',
      over: { extensions: [extension('2.5.29.37', false, '300a06082b06010505070301')] },
      code: 'ERR_LINT_EXTENDED_KEY_USAGE',
      accepted: true,
    },
    {
      what: 'a key usage that is not critical',
      over: { extensions: [extension('2.5.29.15', false, DIGITAL_SIGNATURE_AND_KEY_AGREEMENT)] },
      without: 'keyUsage',
      code: 'ERR_LINT_CRITICALITY',
      accepted: true,
    },
    {
      what: 'an unknown critical extension',
      over: { extensions: [extension('1.2.3.4', true)] },
      code: 'ERR_LINT_UNKNOWN_CRITICAL',
      accepted: false,
    },
    {
      what: 'over 800 bytes',
      over: { extensions: [extension('1.2.3.4', false, '00'.repeat(600))] },
      code: 'ERR_LINT_SIZE',
      accepted: false,
    },
    {
      what: 'a validity that ends before it begins',
      over: { validFromMs: NOW_MS, validToMs: NOW_MS - DAY_MS },
      code: 'ERR_LINT_VALIDITY',
      accepted: false,
    },
  ])('$what: $code', async ({ over: changes, without, code, accepted }) => {
    const over = { ...OEM, ...changes }
    if (without !== undefined) delete over[without]
    expect((await linted(over)).required).toContain(code)
    const onInput = await linted(over, 'input')
    expect(accepted ? onInput.reported : onInput.required).toContain(code)
    if (accepted) expect(onInput.required).toEqual([])
  })

  test('a CPS certificate without its domain component is refused on input too', async () => {
    const over = { ...OEM, subject: 'CPS', keyUsage: DIGITAL_SIGNATURE }
    expect((await linted(over, 'input', 'cps')).required).toEqual(['ERR_LINT_DOMAIN_COMPONENT'])
  })

  test('a sub CA with another path length is only reported', async () => {
    const over = { ...OEM, subject: 'Sub', ca: 3, keyUsage: KEY_CERT_SIGN }
    const { required, reported } = await linted(over, 'input', 'mo-sub2')
    expect([required, reported.includes('ERR_LINT_PATH_LENGTH')]).toEqual([[], true])
    expect((await linted(over, 'issue', 'mo-sub2')).required).toContain('ERR_LINT_PATH_LENGTH')
  })
})

test.each([
  ['ecdsa-p256-sha256', 'v2g-root', []],
  ['ecdsa-p256-sha256', 'secc-20', ['ERR_LINT_ALGORITHM']],
  ['ed448', 'secc', ['ERR_LINT_ALGORITHM']],
] as const)('a key of %s for a %s gives %j', async (algorithm, profile, expected) => {
  const { publicKey, privateKey } =
    algorithm === 'ed448'
      ? generateKeyPairSync('ed448')
      : generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const root = await issueRoot(
    {
      profile: 'v2g-root',
      subject: { commonName: 'Root', organizationName: 'Example' },
      publicKey,
      notBeforeMs: NOW_MS,
      notAfterMs: NOW_MS + DAY_MS,
    },
    { signer: softwareSigner(privateKey), random: seededRandom(1) },
  )
  const codes = lintCertificate(root, profile).filter(({ code }) => code === 'ERR_LINT_ALGORITHM')
  expect(codes.map(({ code }) => code)).toEqual(expected)
})

test('bytes that are no certificate are one finding, whatever is wrong with them', () => {
  for (const bytes of [new Uint8Array(), Uint8Array.of(0x30, 0), new Uint8Array(20_000)])
    expect(lintCertificate(bytes, 'contract', 'input')).toMatchObject([
      { code: 'ERR_LINT_FORMAT', severity: 'require' },
    ])
})

describe.skipIf(!hasShared)('certificates of the field (not run: ../shared is absent)', () => {
  test.each([
    ['262381eb8c2e', 'oem-provisioning'],
    ['2f1656f2a5cb', 'oem-sub1'],
    ['3321748f5b63', 'cps'],
    ['38e38c00ae57', 'cps-sub1'],
    ['42250cc9dfdb', 'mo-sub1'],
    ['512b48860754', 'oem-provisioning'],
    ['62759b413d92', 'contract'],
    ['789e03ae1718', 'oem-sub2'],
    ['7de040d10900', 'cps-sub2'],
    ['8cff7bb65992', 'mo-sub2'],
    ['942b6234afd4', 'oem-root'],
    ['a76ae4c5d00e', 'v2g-root'],
    ['cc12fc95ef74', 'oem-provisioning'],
    ['d669983b1ca4', 'oem-sub1'],
    ['d75abab8ab29', 'oem-sub1'],
    ['ec67f3d903f3', 'oem-sub2'],
  ] as const)('%s is accepted as %s', (name, profile) => {
    const findings = lintCertificate(readShared(`vectors/real-certificates/${name}.der`), profile, 'input')
    expect(findings.filter(({ severity }) => severity === 'require')).toEqual([])
  })
})
