/**
 * Judges from outside. A case with another outcome than expected must stand in the suite's text file with its reason;
 * a line whose case has come right must be removed, so the files can only shrink.
 */
import { readFileSync } from 'node:fs'

import { expect, describe, test } from 'vitest'

import type { CertificateAlgorithm } from '../certificate/algorithms.ts'
import { type Certificate, parseCertificate } from '../certificate/certificate.ts'
import { PkiError } from '../errors.ts'
import { validatePath } from '../path/path-validation.ts'
import { hasShared, readShared, readSharedText } from '../testing/shared.ts'

const ALGORITHMS: readonly CertificateAlgorithm[] = [
  'ecdsa-p256-sha256',
  'ecdsa-p521-sha512',
  'ed448',
  'rsa-sha256',
]
/** PKITS has paths of seven certificates. */
const PATH_CERTIFICATES_MAX = 8
/** Leaf and root, which limbo does not count. */
const LEAF_AND_ROOT = 2

type Outcome = 'accepts' | 'refuses'

interface Judged {
  readonly id: string
  readonly expected: Outcome
  readonly leaf: () => Certificate
  readonly intermediates: () => readonly Certificate[]
  readonly roots: () => readonly Certificate[]
  readonly atMs: number
  readonly pathCertificatesMax?: number
}

function outcomeOf({
  leaf,
  intermediates,
  roots,
  atMs,
  pathCertificatesMax = PATH_CERTIFICATES_MAX,
}: Judged): Outcome {
  try {
    const verdict = validatePath({
      leaf: leaf(),
      intermediates: intermediates(),
      roots: roots(),
      atMs,
      use: 'any',
      algorithms: ALGORITHMS,
      pathCertificatesMax,
    })
    return verdict.valid ? 'accepts' : 'refuses'
  } catch (error) {
    // A certificate that does not parse cannot be part of a path; anything else is a bug.
    if (!(error instanceof PkiError)) throw error
    return 'refuses'
  }
}

/** Lines of `<case> accepts|refuses <reason>`; `#` begins a comment. */
function deviationsOf(file: string): ReadonlyMap<string, string> {
  const lines = readFileSync(new URL(file, import.meta.url), 'utf8').split('\n')
  return new Map(
    lines
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => /^(\S+) (accepts|refuses) \S/.exec(line))
      .map((match) => [match?.[1] ?? 'unreadable line', match?.[2] ?? '']),
  )
}

function judge(cases: readonly Judged[], file: string): void {
  const deviations = deviationsOf(file)
  test.each(cases)('$id: $expected', (judged) => {
    const outcome = outcomeOf(judged)
    expect(deviations.get(judged.id)).toBe(outcome === judged.expected ? undefined : outcome)
  })
  test('every deviation is a case', () => {
    const ids = new Set(cases.map(({ id }) => id))
    expect([...deviations.keys()].filter((id) => !ids.has(id))).toEqual([])
  })
}

interface PkitsCase {
  readonly number: string
  readonly title: string
  readonly certs: readonly string[]
  readonly expected: 'valid' | 'invalid'
  readonly time: string
}

const readPkits = (file: string): Certificate => parseCertificate(readShared(`suites/pkits/${file}`))

describe.skipIf(!hasShared)('NIST PKITS (not run without ../shared)', () => {
  const { cases }: { cases: readonly PkitsCase[] } = hasShared
    ? JSON.parse(readSharedText('suites/pkits/pkits.json'))
    : { cases: [] }
  const judged = cases.map(({ number, title, certs, expected, time }): Judged => {
    const subpart = /Subpart (\d+)/.exec(title)?.[1]
    return {
      id: subpart === undefined ? number : `${number}/${subpart}`,
      expected: expected === 'valid' ? 'accepts' : 'refuses',
      leaf: () => readPkits(certs.at(-1) ?? ''),
      intermediates: () => certs.slice(1, -1).map(readPkits),
      roots: () => certs.slice(0, 1).map(readPkits),
      atMs: Date.parse(time),
    }
  })
  judge(judged, 'pkits-deviations.txt')
})

interface LimboCase {
  readonly id: string
  readonly trusted_certs: readonly string[]
  readonly untrusted_intermediates: readonly string[]
  readonly peer_certificate: string
  readonly validation_time: string | null
  readonly expected_result: 'SUCCESS' | 'FAILURE'
  readonly max_chain_depth: number | null
}

describe.skipIf(!hasShared)('x509-limbo without the rules of the web (not run without ../shared)', () => {
  const { testcases }: { testcases: readonly LimboCase[] } = hasShared
    ? JSON.parse(readSharedText('suites/limbo/limbo.json'))
    : { testcases: [] }
  const judged = testcases
    .filter(({ id }) => !id.startsWith('webpki::') && !id.startsWith('online::'))
    .map((limbo): Judged => ({
      id: limbo.id,
      expected: limbo.expected_result === 'SUCCESS' ? 'accepts' : 'refuses',
      leaf: () => parseCertificate(limbo.peer_certificate),
      intermediates: () => limbo.untrusted_intermediates.map(parseCertificate),
      roots: () => limbo.trusted_certs.map(parseCertificate),
      atMs: Date.parse(limbo.validation_time ?? '2024-06-01T00:00:00Z'),
      ...(limbo.max_chain_depth === null
        ? {}
        : { pathCertificatesMax: limbo.max_chain_depth + LEAF_AND_ROOT }),
    }))
  judge(judged, 'limbo-deviations.txt')
})
