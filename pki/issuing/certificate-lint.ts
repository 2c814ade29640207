/** Holds certificates against their profiles: our own before they are signed, other people's when they come in. */
import { codeOf, messageOf } from '#base'

import { Certificate } from '../certificate/certificate.ts'
import { EXTENSION } from '../der/object-identifiers.ts'
import { type CertificateEdition, editionOf } from '../profiles/certificate-edition.ts'
import {
  certificateProfile,
  type CertificateProfile,
  type CertificateProfileName,
} from '../profiles/certificate-profiles.ts'
import { domainComponentRefusal, missingKeyUsage, purposeRefusal } from '../profiles/presented-certificate.ts'

export type LintCode =
  | 'ERR_LINT_ALGORITHM'
  | 'ERR_LINT_AUTHORITY_KEY_IDENTIFIER'
  | 'ERR_LINT_BASIC_CONSTRAINTS'
  | 'ERR_LINT_CRITICALITY'
  | 'ERR_LINT_DOMAIN_COMPONENT'
  | 'ERR_LINT_EXTENDED_KEY_USAGE'
  | 'ERR_LINT_FORMAT'
  | 'ERR_LINT_KEY_USAGE'
  | 'ERR_LINT_NAME'
  | 'ERR_LINT_PATH_LENGTH'
  | 'ERR_LINT_REVOCATION_ADDRESS'
  | 'ERR_LINT_ROLE'
  | 'ERR_LINT_SERIAL_NUMBER'
  | 'ERR_LINT_SIZE'
  | 'ERR_LINT_SUBJECT_KEY_IDENTIFIER'
  | 'ERR_LINT_UNKNOWN_CRITICAL'
  | 'ERR_LINT_VALIDITY'

/** `require`: the certificate must not be issued, or not be accepted. `report`: worth telling, no more. */
export type LintSeverity = 'require' | 'report'

/**
 * `issue`: everything the profile says. `input`: what production certificates of the field fulfil; key usage, basic
 * constraints, domain component and key identifiers may be absent there, but not contradict the profile.
 */
export type LintStrictness = 'issue' | 'input'

export interface LintFinding {
  readonly code: LintCode
  readonly severity: LintSeverity
  /** One sentence without the certificate's own texts. */
  readonly message: string
  /** Where the rule stands. */
  readonly source: string
}

interface Rule {
  readonly code: LintCode
  readonly source: string
  readonly issue: LintSeverity
  readonly input: LintSeverity
  /** What is wrong; `undefined` when nothing is. */
  readonly complaint: (certificate: Certificate, profile: CertificateProfile) => string | undefined
}

/** Both editions' XSD: certificateType. */
const BYTES_MAX: Readonly<Record<CertificateEdition, number>> = { iso2: 800, iso20: 1_600 }
/** 64 bits of randomness and the sign: CA/Browser Forum Baseline Requirements 7.1. */
const SERIAL_NUMBER_DIGITS_MIN = 16
const YEAR_MS = 365.25 * 86_400_000

const REVOCATION_ADDRESSES: readonly string[] = [
  EXTENSION.authorityInfoAccess,
  EXTENSION.cRLDistributionPoints,
]
const CRITICAL: readonly string[] = [EXTENSION.basicConstraints, EXTENSION.keyUsage]
const KNOWN: ReadonlySet<string> = new Set(Object.values(EXTENSION))

const RULES: readonly Rule[] = [
  {
    code: 'ERR_LINT_ALGORITHM',
    source: 'ISO 15118-2 [V2G2-006], ISO 15118-20 [V2G20-2674], [V2G20-2319]',
    issue: 'require',
    input: 'require',
    complaint: ({ publicKeyAlgorithm }, { editions }) => {
      const edition = editionOf(publicKeyAlgorithm)
      if (edition === undefined) return 'the key is none of P-256, P-521 and Ed448'
      return editions === undefined || editions.includes(edition)
        ? undefined
        : 'the key is of the other edition'
    },
  },
  {
    code: 'ERR_LINT_ALGORITHM',
    source: 'ISO 15118-2 [V2G2-007], ISO 15118-20 [V2G20-2674]',
    issue: 'require',
    input: 'report',
    complaint: ({ publicKeyAlgorithm, signatureAlgorithm }, { editions }) =>
      editions === undefined || editionOf(publicKeyAlgorithm) === editionOf(signatureAlgorithm)
        ? undefined
        : 'key and signature are of different editions',
  },
  {
    code: 'ERR_LINT_SIZE',
    source: 'ISO 15118-2 [V2G2-010], XSD certificateType',
    issue: 'require',
    input: 'require',
    complaint: ({ der, publicKeyAlgorithm }, { editions }) => {
      const limit = editions && BYTES_MAX[editionOf(publicKeyAlgorithm) ?? 'iso20']
      return limit === undefined || der.length <= limit ? undefined : `${der.length} bytes, limit ${limit}`
    },
  },
  {
    code: 'ERR_LINT_SERIAL_NUMBER',
    source: 'RFC 5280 section 4.1.2.2, CA/Browser Forum BR 7.1',
    issue: 'require',
    input: 'report',
    complaint: ({ serialNumberHex }) =>
      serialNumberHex.length < SERIAL_NUMBER_DIGITS_MIN
        ? 'the serial number has less than 64 bits'
        : undefined,
  },
  {
    code: 'ERR_LINT_VALIDITY',
    source: 'RFC 5280 section 4.1.2.5',
    issue: 'require',
    input: 'require',
    complaint: ({ validFromMs, validToMs }) =>
      validFromMs < validToMs ? undefined : 'the validity ends before it begins',
  },
  {
    code: 'ERR_LINT_VALIDITY',
    source: 'ISO 15118-2 [V2G2-011], practice of the V2G PKIs',
    issue: 'report',
    input: 'report',
    complaint: ({ validFromMs, validToMs }, { yearsMax = Infinity }) =>
      validToMs - validFromMs > yearsMax * YEAR_MS
        ? `the validity is longer than ${yearsMax} years`
        : undefined,
  },
  {
    code: 'ERR_LINT_NAME',
    source: 'ISO 15118-2 Annex F; RFC 5280 appendix A',
    issue: 'require',
    input: 'require',
    complaint: ({ commonName = '' }) =>
      commonName.trim() === '' ? 'the subject has no common name' : undefined,
  },
  {
    code: 'ERR_LINT_NAME',
    source: 'ISO 15118-2 Annex F',
    issue: 'report',
    input: 'report',
    complaint: ({ organizationName }, { editions }) =>
      editions !== undefined && organizationName === undefined
        ? 'the subject has no organization'
        : undefined,
  },
  {
    code: 'ERR_LINT_DOMAIN_COMPONENT',
    source: 'ISO 15118-2 [V2G2-925]',
    issue: 'require',
    input: 'require',
    complaint: domainComponentRefusal,
  },
  {
    code: 'ERR_LINT_DOMAIN_COMPONENT',
    source: 'ISO 15118-2 Annex F, ISO 15118-20 Annex B',
    issue: 'require',
    input: 'report',
    complaint: (certificate, profile) => {
      const { domainComponent } = profile
      // Said already when it is refused.
      const fits = domainComponent === undefined || certificate.domainComponents.includes(domainComponent)
      return fits || domainComponentRefusal(certificate, profile) !== undefined
        ? undefined
        : `the subject has no domain component ${domainComponent}`
    },
  },
  {
    code: 'ERR_LINT_ROLE',
    source: 'RFC 5280 section 4.2.1.9',
    issue: 'require',
    input: 'require',
    complaint: ({ basicConstraints }, { ca }) =>
      (basicConstraints?.ca ?? false) === (ca !== undefined)
        ? undefined
        : ca === undefined
          ? 'an end entity that is a CA'
          : 'a CA that is none',
  },
  {
    code: 'ERR_LINT_BASIC_CONSTRAINTS',
    source: 'ISO 15118-2 Annex F',
    issue: 'require',
    input: 'report',
    complaint: ({ basicConstraints }) =>
      basicConstraints === undefined ? 'no basic constraints' : undefined,
  },
  {
    code: 'ERR_LINT_PATH_LENGTH',
    source: 'ISO 15118-2 [V2G2-009], Annex F',
    issue: 'require',
    input: 'report',
    complaint: ({ basicConstraints }, { ca }) =>
      ca === undefined || basicConstraints?.pathLength === ca.pathLength
        ? undefined
        : `the path length constraint is not ${ca.pathLength ?? 'absent'}`,
  },
  {
    code: 'ERR_LINT_KEY_USAGE',
    source: 'ISO 15118-2 [V2G2-822], Annex F; RFC 5280 section 4.2.1.3',
    issue: 'require',
    input: 'require',
    complaint: (certificate, profile) => {
      const missing = missingKeyUsage(certificate, profile)
      return missing && `key usage without ${missing}`
    },
  },
  {
    code: 'ERR_LINT_KEY_USAGE',
    source: 'ISO 15118-2 Annex F, ISO 15118-20 Annex B',
    issue: 'require',
    input: 'report',
    complaint: ({ keyUsage }, profile) => {
      if (keyUsage === undefined) return 'no key usage'
      const same =
        keyUsage.length === profile.keyUsage.length && profile.keyUsage.every((u) => keyUsage.includes(u))
      return same ? undefined : `key usage is not ${profile.keyUsage.join(', ')}`
    },
  },
  {
    code: 'ERR_LINT_CRITICALITY',
    source: 'ISO 15118-2 Annex F; RFC 5280 sections 4.2.1.3 and 4.2.1.9',
    issue: 'require',
    input: 'report',
    complaint: ({ extensions }) =>
      extensions.some(({ oid, critical }) => CRITICAL.includes(oid) && !critical)
        ? 'key usage or basic constraints are not critical'
        : undefined,
  },
  {
    code: 'ERR_LINT_UNKNOWN_CRITICAL',
    source: 'RFC 5280 section 4.2',
    issue: 'require',
    input: 'require',
    complaint: ({ extensions }) => {
      const unknown = extensions.find(({ oid, critical }) => critical && !KNOWN.has(oid))
      return unknown && `unknown critical extension ${unknown.oid}`
    },
  },
  {
    code: 'ERR_LINT_EXTENDED_KEY_USAGE',
    source: 'ISO 15118-20 Annex B; RFC 5280 section 4.2.1.12',
    issue: 'require',
    input: 'require',
    complaint: purposeRefusal,
  },
  {
    code: 'ERR_LINT_EXTENDED_KEY_USAGE',
    source: 'ISO 15118-20 Annex B; RFC 5280 section 4.2.1.12',
    issue: 'require',
    input: 'report',
    complaint: ({ extendedKeyUsage = [] }, profile) => {
      const wanted: readonly string[] = profile.extendedKeyUsage ?? []
      const same =
        extendedKeyUsage.length === wanted.length && wanted.every((oid) => extendedKeyUsage.includes(oid))
      return same ? undefined : `extended key usage is not ${wanted.join(', ') || 'absent'}`
    },
  },
  {
    code: 'ERR_LINT_SUBJECT_KEY_IDENTIFIER',
    source: 'RFC 5280 section 4.2.1.2',
    issue: 'require',
    input: 'report',
    complaint: ({ subjectKeyIdentifier }) =>
      subjectKeyIdentifier === undefined ? 'no subject key identifier' : undefined,
  },
  {
    code: 'ERR_LINT_AUTHORITY_KEY_IDENTIFIER',
    source: 'RFC 5280 section 4.2.1.1',
    issue: 'report',
    input: 'report',
    complaint: ({ authorityKeyIdentifier, isSelfIssued }) =>
      authorityKeyIdentifier === undefined && !isSelfIssued ? 'no authority key identifier' : undefined,
  },
  {
    code: 'ERR_LINT_REVOCATION_ADDRESS',
    source: 'ISO 15118-2 Annex F',
    issue: 'report',
    input: 'report',
    complaint: ({ extensions, isSelfIssued }, { editions }) =>
      editions === undefined ||
      isSelfIssued ||
      extensions.some(({ oid }) => REVOCATION_ADDRESSES.includes(oid))
        ? undefined
        : 'it does not say where its revocation can be asked for',
  },
]

/**
 * Everything in which a certificate differs from its profile; an empty list when it fits. Neither the signature nor the
 * date is looked at: that is what `validatePath` is for. Never throws for what the certificate holds: what cannot be
 * read is a finding too.
 */
export function lintCertificate(
  certificate: Uint8Array | Certificate,
  profileName: CertificateProfileName,
  strictness: LintStrictness = 'issue',
): readonly LintFinding[] {
  const profile = certificateProfile(profileName)
  try {
    const read = certificate instanceof Certificate ? certificate : new Certificate(certificate)
    return RULES.flatMap((rule) => {
      const message = rule.complaint(read, profile)
      if (message === undefined) return []
      return [{ code: rule.code, severity: rule[strictness], message, source: rule.source }]
    })
  } catch (error) {
    const message = `${codeOf(error) ?? 'unreadable'}: ${messageOf(error)}`
    return [{ code: 'ERR_LINT_FORMAT', severity: 'require', message, source: 'RFC 5280 section 4.1; X.690' }]
  }
}
