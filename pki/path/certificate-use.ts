/** What a leaf must fulfil for its use (ISO 15118-2 Annex F, ISO 15118-20 Annex B). */
import type { Certificate } from '../certificate/certificate.ts'
import { EXTENDED_KEY_USAGE } from '../der/object-identifiers.ts'
import { type CertificateEdition, editionOf } from '../profiles/certificate-edition.ts'
import {
  certificateProfile,
  type CertificateProfile,
  type CertificateProfileName,
} from '../profiles/certificate-profiles.ts'
import {
  domainComponentRefusal,
  missingKeyUsage,
  purposeRefusal,
  purposesAccepted,
} from '../profiles/presented-certificate.ts'
import type { PathRule } from './path-rule.ts'
import { type Finding, finding } from './path-verdict.ts'

/**
 * What a leaf is to be used for. `any` asks only for a path; the others add the rules of the role: not a CA, key
 * usage (when present) not against the use, domain component not that of another role.
 */
export type CertificateUse = 'any' | 'contract' | 'cps' | 'oem-provisioning' | 'secc'

type Role = Exclude<CertificateUse, 'any'>

const inBoth = (name: CertificateProfileName): Record<CertificateEdition, CertificateProfileName> => ({
  iso2: name,
  iso20: name,
})
const PROFILES: Readonly<Record<Role, Readonly<Record<CertificateEdition, CertificateProfileName>>>> = {
  contract: inBoth('contract'),
  cps: inBoth('cps'),
  'oem-provisioning': inBoth('oem-provisioning'),
  secc: { iso2: 'secc', iso20: 'secc-20' },
}

/** The profile that a leaf is held against for its use. Where the editions have their own, the key decides. */
export function profileOfUse(use: Role, { publicKeyAlgorithm }: Certificate): CertificateProfileName {
  return PROFILES[use][editionOf(publicKeyAlgorithm) ?? 'iso2']
}

/** Whether somebody asks what the extended key usage says, so that it may be critical. */
export const readsPurposes = (use: CertificateUse, purpose: string | undefined): boolean =>
  purpose !== undefined || hasPurposes({ use })

export const USE_RULES: readonly PathRule<Certificate>[] = [
  {
    name: 'end-entity',
    section: 'ISO 15118-2 Annex F',
    asks: 'a certificate with a role is not a CA',
    appliesTo: hasRole,
    refuse: (leaf, { use }) =>
      leaf.basicConstraints?.ca === true ? wrong(leaf, use, 'it is a CA') : undefined,
  },
  {
    name: 'identity',
    section: 'ISO 15118-2 Annex F',
    asks: 'a certificate with a role has a common name: PCID, EMAID or SECCID',
    appliesTo: hasRole,
    refuse: (leaf, { use }) =>
      (leaf.commonName ?? '').trim() === '' ? wrong(leaf, use, 'it has no common name') : undefined,
  },
  {
    name: 'domain-component',
    section: 'ISO 15118-2 V2G2-925',
    asks: 'the domain component is that of the role, or at least not that of another one',
    appliesTo: hasRole,
    refuse: refuseRole(domainComponentRefusal),
  },
  {
    name: 'role-purpose',
    section: 'ISO 15118-20 Annex B.5',
    asks: 'the extended key usage, when present, allows the role',
    appliesTo: hasPurposes,
    refuse: refuseRole(purposeRefusal),
  },
  {
    name: 'purpose',
    section: 'RFC 5280 section 4.2.1.12',
    asks: 'the extended key usage, when present, has the purpose asked for',
    appliesTo: ({ purpose }) => purpose !== undefined,
    refuse: (leaf, { purpose }) =>
      purpose === undefined ||
      leaf.extendedKeyUsage?.some((oid) => oid === purpose || oid === EXTENDED_KEY_USAGE.any) !== false
        ? undefined
        : finding('ERR_PATH_PURPOSE', leaf, `extended key usage does not name ${purpose}`),
  },
  {
    name: 'role-key-usage',
    section: 'ISO 15118-2 Annex F, V2G2-822',
    asks: 'the key usage, when present, allows what the role does with its key',
    appliesTo: hasRole,
    refuse: (leaf, { use }) => {
      const missing = use === 'any' ? undefined : missingKeyUsage(leaf, profileFor(use, leaf))
      return (
        missing &&
        finding('ERR_PATH_KEY_USAGE', leaf, `key usage has no ${missing}, which ${use} certificates need`)
      )
    },
  },
]

function hasRole({ use }: { readonly use: CertificateUse }): boolean {
  return use !== 'any'
}

function hasPurposes({ use }: { readonly use: CertificateUse }): boolean {
  if (use === 'any') return false
  return Object.values(PROFILES[use]).some((name) => purposesAccepted(certificateProfile(name)) !== undefined)
}

function profileFor(use: Role, leaf: Certificate): CertificateProfile {
  return certificateProfile(profileOfUse(use, leaf))
}

/** A rule from what the profile of the role demands. */
function refuseRole(
  refusal: (leaf: Certificate, profile: CertificateProfile) => string | undefined,
): PathRule<Certificate>['refuse'] {
  return (leaf, { use }) => {
    const what = use === 'any' ? undefined : refusal(leaf, profileFor(use, leaf))
    return what === undefined ? undefined : wrong(leaf, use, what)
  }
}

function wrong(leaf: Certificate, use: CertificateUse, what: string): Finding {
  return finding('ERR_PATH_ROLE', leaf, `not a ${use} certificate: ${what}`)
}
