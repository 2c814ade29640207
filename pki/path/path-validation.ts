import { type CertificateAlgorithm, ISO15118_ALGORITHMS } from '../certificate/algorithms.ts'
import type { Certificate } from '../certificate/certificate.ts'
import type { RevocationEvidence, RevocationStatus } from '../revocation/revocation-status.ts'
import type { CertificateUse } from './certificate-use.ts'
import type { PathDemand, PathRules, PolicyDemand, RevocationDemand } from './path-rule.ts'
import { PATH_RULES } from './path-rules.ts'
import { PathSearch } from './path-search.ts'
import type { PathVerdict } from './path-verdict.ts'
import { statusesOf } from './revocation-rule.ts'
import type { VerifiedSignatures } from './verified-signatures.ts'

/** ISO 15118 chains: leaf, three sub CAs (-20; -2 has two) and the root. */
const PATH_CERTIFICATES_MAX = 5

export interface PathValidation {
  readonly leaf: Certificate
  /** Sub CAs in any order; a root, the leaf or a stranger among them does no harm and no good. */
  readonly intermediates: readonly Certificate[]
  /** The only source of trust: every one is tried whose name fits, also several of the same name. */
  readonly roots: readonly Certificate[]
  /** The time all certificates including the root must be valid at (shell model). */
  readonly atMs: number
  readonly use: CertificateUse
  /** What keys and signatures may be; default: all of ISO 15118. A caller that speaks -2 only narrows it to P-256. */
  readonly algorithms?: readonly CertificateAlgorithm[]
  /** Certificates in the longest path including leaf and root, self-issued ones between not counted; default 5. */
  readonly pathCertificatesMax?: number
  /** Kept by the caller over many validations, it saves the signature checks of known sub CAs. */
  readonly verifiedSignatures?: VerifiedSignatures
  /** Absent: revocation is not looked at. */
  readonly revocation?: RevocationDemand
  /** Absent: any certificate policy will do, or none, unless a CA of the path demands more. */
  readonly policies?: PolicyDemand
  /** Dotted: the extended key usage of the leaf, when it has one, must name this purpose or any. CAs are not asked. */
  readonly purpose?: string
}

/**
 * Finds a path from the leaf to one of the roots and judges it by RFC 5280 section 6.1 and the role's rules: signatures,
 * name chaining, dates, basic constraints, path length, key usage, algorithms, critical extensions, name constraints,
 * policies and, with evidence, revocation.
 *
 * Never throws on what certificates contain. When every candidate fails, the refusal is the one of the attempt that
 * got furthest. Blocks for up to three signature checks on a usual chain (0.1 ms each with P-256, 2 ms with P-521)
 * and 32 at worst, and for as long as the evidence takes.
 */
export function validatePath(validation: PathValidation): PathVerdict {
  return validateByRules(validation, PATH_RULES)
}

/** {@link validatePath} with other rules than all of them; for tests that prove what each rule is good for. */
export function validateByRules(validation: PathValidation, rules: PathRules): PathVerdict {
  const demand = demandOf(validation)
  const verdict = new PathSearch(validation, demand, rules).run()
  if (!verdict.valid || demand.revocation === undefined) return verdict
  return { ...verdict, statuses: statusesOf(verdict.path, demand) }
}

/** The validation with its defaults. */
export function demandOf({
  algorithms = ISO15118_ALGORITHMS,
  pathCertificatesMax = PATH_CERTIFICATES_MAX,
  policies = {},
  revocation,
  ...given
}: PathValidation): PathDemand {
  const { atMs, use, purpose, verifiedSignatures } = given
  return {
    atMs,
    use,
    purpose,
    verifiedSignatures,
    algorithms,
    pathCertificatesMax,
    policies,
    revocation: revocation && { ...revocation, evidence: askedOnce(revocation.evidence) },
  }
}

/** Evidence costs signature checks, and several paths share their lower certificates. */
function askedOnce(evidence: RevocationEvidence): RevocationEvidence {
  const answers = new Map<string, RevocationStatus>()
  return {
    statusOf: (input) => {
      const key = input.certificate.fingerprintSha256Hex + input.issuer.fingerprintSha256Hex
      const answer = answers.get(key) ?? evidence.statusOf(input)
      answers.set(key, answer)
      return answer
    },
  }
}
