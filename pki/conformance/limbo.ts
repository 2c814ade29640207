import { parseCertificate } from '../certificate/certificate.ts'
import { EXTENDED_KEY_USAGE } from '../der/object-identifiers.ts'
import type { PathValidation } from '../path/path-validation.ts'
import { parseCrl } from '../revocation/certificate-revocation-list.ts'
import { CrlEvidence } from '../revocation/crl-evidence.ts'
import { hasShared, readSharedText } from '../testing/shared.ts'
import { ALGORITHMS, type Judged } from './judged.ts'

/** Leaf and root, which limbo does not count. */
const LEAF_AND_ROOT = 2
/** Where limbo sets no limit. */
const PATH_CERTIFICATES_MAX = 8

interface LimboCase {
  readonly id: string
  readonly trusted_certs: readonly string[]
  readonly untrusted_intermediates: readonly string[]
  readonly peer_certificate: string
  readonly validation_time: string | null
  readonly expected_result: 'SUCCESS' | 'FAILURE'
  readonly max_chain_depth: number | null
  readonly crls: readonly string[]
  readonly extended_key_usage: readonly string[]
}

const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'
const PURPOSES: Readonly<Record<string, string>> = {
  serverAuth: EXTENDED_KEY_USAGE.serverAuth,
  clientAuth: CLIENT_AUTH,
}

/** x509-limbo; empty without the folder. */
export function limboCases(): readonly Judged[] {
  if (!hasShared) return []
  const { testcases }: { testcases: readonly LimboCase[] } = JSON.parse(
    readSharedText('suites/limbo/limbo.json'),
  )
  return testcases.map((limbo): Judged => ({
    id: limbo.id,
    expected: limbo.expected_result === 'SUCCESS' ? 'accepts' : 'refuses',
    validation: () => validationOf(limbo),
  }))
}

function validationOf(limbo: LimboCase): PathValidation {
  const intermediates = limbo.untrusted_intermediates.map(parseCertificate)
  const roots = limbo.trusted_certs.map(parseCertificate)
  const purpose = PURPOSES[limbo.extended_key_usage[0] ?? '']
  const crls = limbo.crls.map((pem) => parseCrl(Buffer.from(pem)))
  const depth = limbo.max_chain_depth
  return {
    leaf: parseCertificate(limbo.peer_certificate),
    intermediates,
    roots,
    atMs: Date.parse(limbo.validation_time ?? '2024-06-01T00:00:00Z'),
    use: 'any',
    algorithms: ALGORITHMS,
    pathCertificatesMax: depth === null ? PATH_CERTIFICATES_MAX : depth + LEAF_AND_ROOT,
    ...(purpose !== undefined && { purpose }),
    ...(crls.length > 0 && { revocation: { evidence: new CrlEvidence({ crls }), policy: 'require' } }),
  }
}
