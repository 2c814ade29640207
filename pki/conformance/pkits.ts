import { type Certificate, parseCertificate } from '../certificate/certificate.ts'
import { ANY_POLICY } from '../certificate/policy-extensions.ts'
import { type PathValidation, validatePath } from '../path/path-validation.ts'
import { parseCrl } from '../revocation/certificate-revocation-list.ts'
import { CrlEvidence } from '../revocation/crl-evidence.ts'
import { hasShared, readShared, readSharedText } from '../testing/shared.ts'
import { ALGORITHMS, type Judged } from './judged.ts'

/** PKITS has paths of seven certificates. */
const PATH_CERTIFICATES_MAX = 8

interface PkitsCase {
  readonly number: string
  readonly title: string
  readonly certs: readonly string[]
  readonly crls: readonly string[]
  readonly expected: 'valid' | 'invalid'
  readonly time: string
  readonly initial_policy_set: readonly string[]
  readonly initial_explicit_policy: boolean
  readonly initial_policy_mapping_inhibit: boolean
  readonly initial_inhibit_any_policy: boolean
}

const POLICY_OIDS = 'policy_oids'
const certificates = new Map<string, Certificate>()

/** The NIST suite, with its CRLs and policy inputs; empty without the folder. */
export function pkitsCases(): readonly Judged[] {
  if (!hasShared) return []
  const suite: { cases: readonly PkitsCase[]; [POLICY_OIDS]: Readonly<Record<string, string>> } = JSON.parse(
    readSharedText('suites/pkits/pkits.json'),
  )
  return suite.cases.map((pkits): Judged => {
    const subpart = /Subpart (\d+)/.exec(pkits.title)?.[1]
    return {
      id: subpart === undefined ? pkits.number : `${pkits.number}/${subpart}`,
      expected: pkits.expected === 'valid' ? 'accepts' : 'refuses',
      validation: () => validationOf(pkits, suite[POLICY_OIDS]),
    }
  })
}

function validationOf(pkits: PkitsCase, policyOids: Readonly<Record<string, string>>): PathValidation {
  const { certs } = pkits
  const intermediates = certs.slice(1, -1).map(readPkits)
  const roots = certs.slice(0, 1).map(readPkits)
  const shared = {
    intermediates,
    roots,
    atMs: Date.parse(pkits.time),
    use: 'any',
    algorithms: ALGORITHMS,
    pathCertificatesMax: PATH_CERTIFICATES_MAX,
  } as const
  // One trust anchor per case: whoever has a path has the one of the certificate in question.
  const evidence: CrlEvidence = new CrlEvidence({
    crls: pkits.crls.map((file) => parseCrl(readShared(`suites/pkits/${file}`))),
    crlIssuers: [...intermediates, ...roots],
    mayIssueCrl: ({ crlIssuer }) => validatePath({ ...shared, leaf: crlIssuer, revocation }).valid,
  })
  const revocation = { evidence, policy: 'require' } as const
  return {
    ...shared,
    leaf: readPkits(certs.at(-1) ?? ''),
    revocation,
    policies: {
      acceptable: pkits.initial_policy_set.map((name) => policyOids[name] ?? ANY_POLICY),
      explicit: pkits.initial_explicit_policy,
      mappingInhibited: pkits.initial_policy_mapping_inhibit,
      anyPolicyInhibited: pkits.initial_inhibit_any_policy,
    },
  }
}

/** Parsed once: hundreds of cases share a few certificates, and their keys with them. */
function readPkits(file: string): Certificate {
  const known = certificates.get(file) ?? parseCertificate(readShared(`suites/pkits/${file}`))
  certificates.set(file, known)
  return known
}
