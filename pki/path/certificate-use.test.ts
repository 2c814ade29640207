import { generateKeyPairSync } from 'node:crypto'

import { expect, test } from 'vitest'

import { seededRandom } from '#base'

import type { Certificate } from '../certificate/certificate.ts'
import { CertificateAuthority, issueRoot } from '../issuing/certificate-authority.ts'
import { lintCertificate } from '../issuing/certificate-lint.ts'
import { softwareSigner } from '../keys/software-signer.ts'
import type { CertificateProfileName } from '../profiles/certificate-profiles.ts'
import {
  DAY_MS,
  DIGITAL_SIGNATURE,
  DIGITAL_SIGNATURE_AND_KEY_AGREEMENT,
  extension,
  forge,
  type Forged,
  KEY_AGREEMENT,
  KEY_CERT_SIGN,
  NOW_MS,
} from '../testing/forge.ts'
import { type CertificateUse, profileOfUse } from './certificate-use.ts'
import { validatePath } from './path-validation.ts'

const USES = ['contract', 'cps', 'oem-provisioning', 'secc'] as const satisfies readonly CertificateUse[]
const SERVER_AUTH = '300a06082b06010505070301'
const CLIENT_AUTH = '300a06082b06010505070302'

/** One of the rules that both the lint and the path know. */
const SHARED = [
  'ERR_LINT_DOMAIN_COMPONENT',
  'ERR_LINT_EXTENDED_KEY_USAGE',
  'ERR_LINT_KEY_USAGE',
  'ERR_LINT_NAME',
  'ERR_LINT_ROLE',
]

const lintRefuses = (leaf: Certificate, profile: CertificateProfileName): boolean =>
  lintCertificate(leaf, profile, 'input').some(
    ({ code, severity }) => severity === 'require' && SHARED.includes(code),
  )

async function presented(root: Forged): Promise<readonly Certificate[]> {
  const usages = [undefined, DIGITAL_SIGNATURE, KEY_AGREEMENT, DIGITAL_SIGNATURE_AND_KEY_AGREEMENT]
  const forgeries = [undefined, 'CPO', 'CSO', 'CPS', 'MO', 'OEM', 'V2G', 'other'].flatMap((dc) =>
    usages.flatMap((keyUsage) =>
      [undefined, SERVER_AUTH, CLIENT_AUTH].map((purpose) => ({
        subject: [...(dc === undefined ? [] : [{ DC: [dc] }]), { CN: ['EVOABC00000000001'] }],
        issuer: root,
        ...(keyUsage !== undefined && { keyUsage }),
        ...(purpose !== undefined && { extensions: [extension('2.5.29.37', false, purpose)] }),
      })),
    ),
  )
  const forged = await Promise.all(forgeries.map((forgery) => forge({ ...forgery, keys: root.keys })))
  return forged.map(({ certificate }) => certificate)
}

test('paths refuse for a role exactly what the lint of what is presented refuses', async () => {
  const root = await forge({ subject: 'Root', ca: true, keyUsage: KEY_CERT_SIGN })
  const leaves = await presented(root)
  for (const use of USES) {
    const refused = leaves.filter((leaf) => lintRefuses(leaf, profileOfUse(use, leaf)))
    expect(refused.length).toBeGreaterThan(0)
    expect(refused.length).toBeLessThan(leaves.length)
    const { certificate } = root
    const inPath = leaves.filter(
      (leaf) => !validatePath({ leaf, intermediates: [], roots: [certificate], atMs: NOW_MS, use }).valid,
    )
    expect(inPath).toEqual(refused)
  }
})

test.each([
  { curve: 'prime256v1', profile: 'secc' },
  { curve: 'secp521r1', profile: 'secc-20' },
] as const)(
  'the key of a charge point, $curve, decides for the profile $profile',
  async ({ curve, profile }) => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: curve })
    const ports = { signer: softwareSigner(privateKey), random: seededRandom(1) }
    const dates = { notBeforeMs: NOW_MS - DAY_MS, notAfterMs: NOW_MS + DAY_MS }
    const subject = { commonName: 'Root', organizationName: 'Example' }
    const root = await issueRoot({ profile: 'v2g-root', subject, publicKey, ...dates }, ports)
    const authority = new CertificateAuthority({ certificate: root, ...ports })
    const order = { profile, subject: { ...subject, commonName: 'DE*EVO*E1' }, publicKey, ...dates }
    const leaf = await authority.issue(order)
    expect(profileOfUse('secc', leaf)).toBe(profile)
    expect(validatePath({ leaf, intermediates: [], roots: [root], atMs: NOW_MS, use: 'secc' })).toMatchObject(
      { valid: true },
    )
  },
)
