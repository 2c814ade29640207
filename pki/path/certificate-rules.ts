/** What every certificate of a path must fulfil, and what a leaf must for its use (RFC 5280 section 6.1, ISO 15118-2 Annex F). */
import type { CertificateAlgorithm } from '../certificate/algorithms.ts'
import type { KeyUsage } from '../certificate/certificate-extensions.ts'
import type { Certificate } from '../certificate/certificate.ts'
import { EXTENDED_KEY_USAGE, EXTENSION } from '../der/object-identifiers.ts'
import { type PathRefusal, refusal } from './path-verdict.ts'

/**
 * What a leaf is to be used for. `any` asks only for a path; the others add the rules of the role: not a CA, key
 * usage (when present) not against the use, domain component not that of another role.
 */
export type CertificateUse = 'any' | 'contract' | 'cps' | 'oem-provisioning' | 'secc'

interface UseRule {
  /** Bits that must be set when the extension is there. Production leaves often have none: then every use is allowed. */
  readonly keyUsage: readonly KeyUsage[]
  /** The leaf must have one of these DC values. */
  readonly domainComponents?: readonly string[]
  /** A leaf with one of these DC values belongs to another role. */
  readonly foreignDomainComponents?: readonly string[]
  /** When the extension is there, it must name one of these purposes. */
  readonly purposes?: readonly string[]
}

const USE: Readonly<Record<Exclude<CertificateUse, 'any'>, UseRule>> = {
  contract: { keyUsage: ['digitalSignature'], foreignDomainComponents: ['CPO', 'CSO', 'CPS', 'OEM'] },
  cps: { keyUsage: ['digitalSignature'], domainComponents: ['CPS'] },
  'oem-provisioning': {
    keyUsage: ['digitalSignature', 'keyAgreement'],
    foreignDomainComponents: ['CPO', 'CSO', 'CPS', 'MO'],
  },
  // CPO in ISO 15118-2, CSO in -20.
  secc: {
    keyUsage: ['digitalSignature'],
    domainComponents: ['CPO', 'CSO'],
    purposes: [EXTENDED_KEY_USAGE.any, EXTENDED_KEY_USAGE.serverAuth],
  },
}

/** Extensions that are evaluated for every certificate; others are refused when critical. */
const EVALUATED: ReadonlySet<string> = new Set([
  EXTENSION.authorityKeyIdentifier,
  EXTENSION.basicConstraints,
  EXTENSION.keyUsage,
  EXTENSION.subjectKeyIdentifier,
])

/**
 * Extensions that only restrict. They must be critical; one that is not is a mistake or a trap, and as this library
 * does not evaluate them, it is not accepted either.
 */
const CONSTRAINTS: ReadonlySet<string> = new Set([
  EXTENSION.nameConstraints,
  EXTENSION.policyConstraints,
  EXTENSION.inhibitAnyPolicy,
])

/** What a validation asks of every certificate. */
export interface PathRules {
  readonly atMs: number
  readonly use: CertificateUse
  readonly algorithms: readonly CertificateAlgorithm[]
}

/** Whether `leaf` may stand at the beginning of a path; `undefined` when nothing speaks against it. */
export function refuseLeaf(leaf: Certificate, rules: PathRules): PathRefusal | undefined {
  return refuseAny(leaf, rules, usesPurposes(rules.use)) ?? refuseUse(leaf, rules.use)
}

/**
 * Whether `issuer` may issue, standing above `caCertificatesBelow` CA certificates that are not self-issued.
 * Roots are held to the same rules: a pool of roots is not a licence for what the root itself says.
 */
export function refuseIssuer(
  issuer: Certificate,
  caCertificatesBelow: number,
  rules: PathRules,
): PathRefusal | undefined {
  const { basicConstraints, keyUsage, subject } = issuer
  if (basicConstraints?.ca !== true)
    return refusal('ERR_PATH_NOT_A_CA', issuer, 'issued a certificate but is not a CA')
  if (subject.attributes.length === 0) return refusal('ERR_PATH_NOT_A_CA', issuer, 'a CA must have a name')
  if (keyUsage !== undefined && !keyUsage.includes('keyCertSign')) {
    return refusal('ERR_PATH_KEY_USAGE', issuer, 'key usage does not allow to sign certificates')
  }
  const { pathLength } = basicConstraints
  if (pathLength !== undefined && caCertificatesBelow > pathLength) {
    const what = `${caCertificatesBelow} CA certificates below it, path length constraint ${pathLength}`
    return refusal('ERR_PATH_PATH_LENGTH', issuer, what)
  }
  return refuseAny(issuer, rules, false)
}

function refuseAny(
  certificate: Certificate,
  { atMs, algorithms }: PathRules,
  purposes: boolean,
): PathRefusal | undefined {
  const { basicConstraints, keyUsage, validFromMs, validToMs, publicKeyAlgorithm, signatureAlgorithm } =
    certificate
  // Written so that a time that is no number is outside of every validity.
  if (!(atMs >= validFromMs))
    return refusal('ERR_PATH_NOT_YET_VALID', certificate, `not valid before ${timeOf(validFromMs)}`)
  if (!(wholeSecondMs(atMs) <= validToMs))
    return refusal('ERR_PATH_EXPIRED', certificate, `expired at ${timeOf(validToMs)}`)
  const unknown = certificate.extensions.find(
    ({ critical, oid }) =>
      (critical || CONSTRAINTS.has(oid)) &&
      !EVALUATED.has(oid) &&
      !(purposes && oid === EXTENSION.extendedKeyUsage),
  )
  if (unknown !== undefined) {
    return refusal('ERR_PATH_CRITICAL_EXTENSION', certificate, `extension ${unknown.oid} is not supported`)
  }
  if (keyUsage?.includes('keyCertSign') === true && basicConstraints?.ca !== true) {
    return refusal(
      'ERR_PATH_KEY_USAGE',
      certificate,
      'key usage says that it signs certificates, but it is not a CA',
    )
  }
  for (const algorithm of [publicKeyAlgorithm, signatureAlgorithm]) {
    if (algorithm === undefined || !algorithms.includes(algorithm)) {
      return refusal('ERR_PATH_ALGORITHM', certificate, `algorithm ${algorithm ?? 'unknown'} is not allowed`)
    }
  }
  return undefined
}

function refuseUse(leaf: Certificate, use: CertificateUse): PathRefusal | undefined {
  if (use === 'any') return undefined
  const rule: UseRule = USE[use]
  const { basicConstraints, commonName, domainComponents, extendedKeyUsage, keyUsage } = leaf
  const wrong = (what: string): PathRefusal =>
    refusal('ERR_PATH_ROLE', leaf, `not a ${use} certificate: ${what}`)
  if (basicConstraints?.ca === true) return wrong('it is a CA')
  if (commonName === undefined) return wrong('it has no common name')
  const { domainComponents: own, foreignDomainComponents: foreign, purposes } = rule
  if (own !== undefined && !domainComponents.some((value) => own.includes(value))) {
    return wrong(`it has no domain component ${own.join(' or ')}`)
  }
  if (foreign !== undefined && domainComponents.some((value) => foreign.includes(value))) {
    return wrong(`its domain component is ${domainComponents.join(', ')}`)
  }
  if (
    purposes !== undefined &&
    extendedKeyUsage !== undefined &&
    !extendedKeyUsage.some((oid) => purposes.includes(oid))
  ) {
    return wrong('its extended key usage is another one')
  }
  const missing =
    keyUsage === undefined ? undefined : rule.keyUsage.find((usage) => !keyUsage.includes(usage))
  if (missing === undefined) return undefined
  return refusal('ERR_PATH_KEY_USAGE', leaf, `key usage has no ${missing}, which ${use} certificates need`)
}

const usesPurposes = (use: CertificateUse): boolean => use !== 'any' && USE[use].purposes !== undefined

/** The second notAfter names belongs to the validity as a whole. */
const wholeSecondMs = (timeMs: number): number => Math.floor(timeMs / 1000) * 1000

const timeOf = (timeMs: number): string => new Date(timeMs).toISOString().replace('.000', '')
