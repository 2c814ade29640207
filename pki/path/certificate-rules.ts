/** What every certificate of a path must fulfil, whatever stands above and below it (RFC 5280 sections 4.1, 4.2 and 6.1). */
import type { CertificateExtension } from '../certificate/certificate-extensions.ts'
import { EXTENSION } from '../der/object-identifiers.ts'
import { readsPurposes } from './certificate-use.ts'
import type { Member, PathDemand, PathRule } from './path-rule.ts'
import { finding } from './path-verdict.ts'

/** Extensions that are evaluated for every certificate; others are refused when critical. */
const EVALUATED: ReadonlySet<string> = new Set([
  EXTENSION.authorityKeyIdentifier,
  EXTENSION.basicConstraints,
  EXTENSION.certificatePolicies,
  EXTENSION.inhibitAnyPolicy,
  EXTENSION.keyUsage,
  EXTENSION.nameConstraints,
  EXTENSION.policyConstraints,
  EXTENSION.policyMappings,
  EXTENSION.subjectAltName,
  EXTENSION.subjectKeyIdentifier,
])

/** Qualifiers of policies that need no evaluation: the address of a practice statement and a notice for people. */
const POLICY_QUALIFIERS: ReadonlySet<string> = new Set(['1.3.6.1.5.5.7.2.1', '1.3.6.1.5.5.7.2.2'])

export const MEMBER_RULES: readonly PathRule<Member>[] = [
  {
    name: 'not-before',
    section: 'RFC 5280 section 6.1.3 (a)(2), 4.1.2.5',
    asks: 'it is already valid at the time asked for, its first second included',
    // Written so that a time that is no number is outside of every validity.
    refuse: ({ certificate }, { atMs }) =>
      atMs >= certificate.validFromMs
        ? undefined
        : finding(
            'ERR_PATH_NOT_YET_VALID',
            certificate,
            `not valid before ${timeOf(certificate.validFromMs)}`,
          ),
  },
  {
    name: 'not-after',
    section: 'RFC 5280 section 6.1.3 (a)(2), 4.1.2.5',
    asks: 'it is still valid at the time asked for, its last second included',
    refuse: ({ certificate }, { atMs }) =>
      wholeSecondMs(atMs) <= certificate.validToMs
        ? undefined
        : finding('ERR_PATH_EXPIRED', certificate, `expired at ${timeOf(certificate.validToMs)}`),
  },
  {
    name: 'critical-extensions',
    section: 'RFC 5280 section 6.1.4 (o), 6.1.5 (f), 4.2',
    asks: 'every critical extension is one that is processed',
    refuse: (member, demand) => {
      const { certificate } = member
      const unread = certificate.extensions.find((extension) => isUnread(extension, member, demand))
      if (unread === undefined) return undefined
      return finding(
        'ERR_PATH_CRITICAL_EXTENSION',
        certificate,
        `extension ${unread.oid} is not supported in this form, and critical`,
      )
    },
  },
  {
    name: 'constraints-of-cas',
    section: 'RFC 5280 section 4.2.1.10',
    asks: 'only a CA constrains names',
    refuse: ({ certificate }) =>
      certificate.restrictions.nameConstraints !== undefined && certificate.basicConstraints?.ca !== true
        ? finding('ERR_PATH_NAME_CONSTRAINTS', certificate, 'constrains names but is not a CA')
        : undefined,
  },
  {
    name: 'signs-only-as-ca',
    section: 'RFC 5280 section 4.2.1.3',
    asks: 'the key usage to sign certificates is that of a CA',
    refuse: ({ certificate }) =>
      certificate.keyUsage?.includes('keyCertSign') === true && certificate.basicConstraints?.ca !== true
        ? finding(
            'ERR_PATH_KEY_USAGE',
            certificate,
            'key usage says that it signs certificates, but it is not a CA',
          )
        : undefined,
  },
  {
    name: 'alternative-name',
    section: 'RFC 5280 section 4.1.2.6, 4.2.1.6',
    asks: 'a certificate without a subject has a critical alternative name',
    refuse: ({ certificate }) =>
      certificate.subject.attributes.length === 0 &&
      !certificate.extensions.some(({ oid, critical }) => oid === EXTENSION.subjectAltName && critical)
        ? finding('ERR_PATH_CRITICAL_EXTENSION', certificate, 'no subject, and no critical alternative name')
        : undefined,
  },
  {
    name: 'algorithms',
    section: 'ISO 15118-2 V2G2-006, ISO 15118-20 V2G20-2674',
    asks: 'key and signature are of algorithms that may be used',
    refuse: ({ certificate }, { algorithms }) => {
      const { publicKeyAlgorithm, signatureAlgorithm } = certificate
      for (const algorithm of [publicKeyAlgorithm, signatureAlgorithm])
        if (algorithm === undefined || !algorithms.includes(algorithm))
          return finding(
            'ERR_PATH_ALGORITHM',
            certificate,
            `algorithm ${algorithm ?? 'unknown'} is not allowed`,
          )
      return undefined
    },
  },
]

/** Parsing leaves open whether a key can be used at all. */
export const PUBLIC_KEY_RULE: PathRule<Member> = {
  name: 'public-key',
  section: 'RFC 5480 section 2, NIST SP 800-56A section 5.6.2.3',
  asks: 'its public key is a valid one',
  refuse: ({ certificate }) => {
    try {
      void certificate.publicKey
      return undefined
    } catch {
      return finding('ERR_PATH_PUBLIC_KEY', certificate, 'its public key is not a valid one')
    }
  },
}

function isUnread(
  { oid, critical }: CertificateExtension,
  { certificate, position }: Member,
  { use, purpose }: PathDemand,
): boolean {
  if (!critical) return false
  // Nobody asks what a CA's is for: it would restrict what it issues.
  if (oid === EXTENSION.extendedKeyUsage) return position !== 'leaf' || !readsPurposes(use, purpose)
  if (oid === EXTENSION.certificatePolicies)
    return certificate.restrictions.certificatePolicies?.some(hasUnknownQualifier) === true
  return !EVALUATED.has(oid)
}

const hasUnknownQualifier = ({ qualifiers }: { readonly qualifiers: readonly string[] }): boolean =>
  qualifiers.some((oid) => !POLICY_QUALIFIERS.has(oid))

/** The second notAfter names belongs to the validity as a whole. */
const wholeSecondMs = (timeMs: number): number => Math.floor(timeMs / 1000) * 1000

const timeOf = (timeMs: number): string => new Date(timeMs).toISOString().replace('.000', '')
