/** NIST PKITS with its CRLs: what `CrlEvidence` says about every certificate of a path that is otherwise valid. */
import { describe, expect, test } from 'vitest'

import type { CertificateAlgorithm } from '../certificate/algorithms.ts'
import { type Certificate, parseCertificate } from '../certificate/certificate.ts'
import { PkiError } from '../errors.ts'
import { validatePath } from '../path/path-validation.ts'
import { hasShared, readShared, readSharedText } from '../testing/shared.ts'
import { parseCrl } from './certificate-revocation-list.ts'
import { CrlEvidence } from './crl-evidence.ts'

const ALGORITHMS: readonly CertificateAlgorithm[] = ['rsa-sha256', 'ecdsa-p256-sha256']
/** Basic certificate revocation, self-issued certificates and CRL signing keys, cRLSign, distribution points, deltas. */
const SECTIONS = ['4.4.', '4.5.', '4.7.', '4.14.', '4.15.']
/** Cases that other rules than those of revocation decide, and that the path validation gets wrong or right alone. */
const NEGATIVE_SERIAL_NUMBERS = new Set(['4.4.14', '4.4.15'])

interface PkitsCase {
  readonly number: string
  readonly title: string
  readonly certs: readonly string[]
  readonly crls: readonly string[]
  readonly expected: 'valid' | 'invalid'
  readonly time: string
}

const readPkits = (file: string): Certificate => parseCertificate(readShared(`suites/pkits/${file}`))

function judge({ certs, crls, time }: PkitsCase): 'valid' | 'invalid' {
  const atMs = Date.parse(time)
  const pool = certs.slice(1, -1).map(readPkits)
  const roots = certs.slice(0, 1).map(readPkits)
  const evidence = new CrlEvidence({
    crls: crls.map((file) => parseCrl(readShared(`suites/pkits/${file}`))),
    crlIssuers: [...pool, ...roots],
    mayIssueCrl: ({ crlIssuer }) => isGood(crlIssuer),
  })
  function isGood(leaf: Certificate): boolean {
    const verdict = validatePath({
      leaf,
      intermediates: pool,
      roots,
      atMs,
      use: 'any',
      algorithms: ALGORITHMS,
      pathCertificatesMax: 8,
    })
    if (!verdict.valid) return false
    const { path } = verdict
    return path.slice(0, -1).every((certificate, index) => {
      const issuer = path[index + 1]
      return issuer !== undefined && evidence.statusOf({ certificate, issuer, atMs }).status === 'good'
    })
  }
  try {
    return isGood(readPkits(certs.at(-1) ?? '')) ? 'valid' : 'invalid'
  } catch (error) {
    if (!(error instanceof PkiError)) throw error
    return 'invalid'
  }
}

describe.skipIf(!hasShared)('NIST PKITS with CRLs (not run without ../shared)', () => {
  const { cases }: { cases: readonly PkitsCase[] } = hasShared
    ? JSON.parse(readSharedText('suites/pkits/pkits.json'))
    : { cases: [] }
  const chosen = cases.filter(
    ({ number }) =>
      SECTIONS.some((section) => number.startsWith(section)) && !NEGATIVE_SERIAL_NUMBERS.has(number),
  )
  test.each(chosen)('$number $title: $expected', (pkits) => {
    expect(judge(pkits)).toBe(pkits.expected)
  })
})
