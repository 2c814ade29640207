/** The form all checks of the engine have: named, with the section they come from, so that each can be told and tested. */
import type { CertificateAlgorithm } from '../certificate/algorithms.ts'
import type { Certificate } from '../certificate/certificate.ts'
import type { RevocationEvidence } from '../revocation/revocation-status.ts'
import type { CertificateUse } from './certificate-use.ts'
import type { Finding } from './path-verdict.ts'
import type { VerifiedSignatures } from './verified-signatures.ts'

/** The inputs of RFC 5280 section 6.1.1 on certificate policies; by default any policy or none will do. */
export interface PolicyDemand {
  /** user-initial-policy-set, dotted; default: any policy. */
  readonly acceptable?: readonly string[]
  /** initial-explicit-policy: the path must have an acceptable policy. */
  readonly explicit?: boolean
  /** initial-policy-mapping-inhibit */
  readonly mappingInhibited?: boolean
  /** initial-any-policy-inhibit */
  readonly anyPolicyInhibited?: boolean
}

export interface RevocationDemand {
  readonly evidence: RevocationEvidence
  /** `require`: what is not known to be good is refused. `prefer`: only what is known to be revoked. */
  readonly policy: 'require' | 'prefer'
}

/** What a validation asks of every path. */
export interface PathDemand {
  readonly atMs: number
  readonly use: CertificateUse
  readonly purpose?: string | undefined
  readonly algorithms: readonly CertificateAlgorithm[]
  readonly policies: PolicyDemand
  readonly revocation?: RevocationDemand | undefined
  readonly pathCertificatesMax: number
  readonly verifiedSignatures?: VerifiedSignatures | undefined
}

/** A rule as it can be told. */
export interface RuleText {
  readonly name: string
  /** Where it is written, such as `RFC 5280 section 6.1.3 (a)(2)`. */
  readonly section: string
  /** What holds when the rule is kept. */
  readonly asks: string
}

export interface PathRule<Subject> extends RuleText {
  /** Whether the validation asks for it at all; absent: always. */
  readonly appliesTo?: (demand: PathDemand) => boolean
  /** The first thing wrong, if any. */
  readonly refuse: (subject: Subject, demand: PathDemand) => Finding | undefined
}

/** A certificate where it stands in a path. */
export interface Member {
  readonly certificate: Certificate
  readonly position: 'leaf' | 'intermediate' | 'root'
}

/** The last certificate of the path so far, and a candidate for its issuer. */
export interface Link {
  readonly certificate: Certificate
  readonly issuer: Certificate
  readonly position: 'intermediate' | 'root'
  /** Leaf first; ends with `certificate`. */
  readonly path: readonly Certificate[]
}

/** The whole engine as data. */
export interface PathRules {
  /** Of every certificate, also the leaf and the root. */
  readonly member: readonly PathRule<Member>[]
  /** Of the leaf before its path is looked for, and of an issuer before its signatures are checked. */
  readonly key: readonly PathRule<Member>[]
  /** Of the leaf alone. */
  readonly leaf: readonly PathRule<Certificate>[]
  /** Which certificates are candidates for an issuer at all. */
  readonly candidate: readonly PathRule<Link>[]
  /** Between a certificate and its issuer, before anything that the issuer says is believed. */
  readonly signature: readonly PathRule<Link>[]
  /** Of whoever issued a certificate. */
  readonly issuer: readonly PathRule<Link>[]
  /** Of a complete path, leaf first, root last. */
  readonly path: readonly PathRule<readonly Certificate[]>[]
}
