/** What a leaf must fulfil for its use (ISO 15118-2 Annex F, ISO 15118-20 Annex B). */
import type { KeyUsage } from '../certificate/certificate-extensions.ts'
import type { Certificate } from '../certificate/certificate.ts'
import { EXTENDED_KEY_USAGE } from '../der/object-identifiers.ts'
import type { PathRule } from './path-rule.ts'
import { type Finding, finding } from './path-verdict.ts'

/**
 * What a leaf is to be used for. `any` asks only for a path; the others add the rules of the role: not a CA, key
 * usage (when present) not against the use, domain component not that of another role.
 */
export type CertificateUse = 'any' | 'contract' | 'cps' | 'oem-provisioning' | 'secc'

interface UseRule {
  /** Bits that must be set when the extension is there. Production leafs often have none: then every use is allowed. */
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

const ruleOf = (use: CertificateUse): UseRule | undefined => (use === 'any' ? undefined : USE[use])

const wrong = (leaf: Certificate, use: CertificateUse, what: string): Finding =>
  finding('ERR_PATH_ROLE', leaf, `not a ${use} certificate: ${what}`)

/** Whether somebody asks what the extended key usage says, so that it may be critical. */
export const readsPurposes = (use: CertificateUse, purpose: string | undefined): boolean =>
  purpose !== undefined || ruleOf(use)?.purposes !== undefined

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
      leaf.commonName === undefined ? wrong(leaf, use, 'it has no common name') : undefined,
  },
  {
    name: 'domain-component',
    section: 'ISO 15118-2 V2G2-925',
    asks: 'the domain component is that of the role, or at least not that of another one',
    appliesTo: hasRole,
    refuse: refuseDomainComponents,
  },
  {
    name: 'role-purpose',
    section: 'ISO 15118-20 Annex B.5',
    asks: 'the extended key usage, when present, allows the role',
    appliesTo: ({ use }) => ruleOf(use)?.purposes !== undefined,
    refuse: (leaf, { use }) => {
      const purposes = ruleOf(use)?.purposes
      return purposes === undefined || leaf.extendedKeyUsage?.some((oid) => purposes.includes(oid)) !== false
        ? undefined
        : wrong(leaf, use, 'its extended key usage is another one')
    },
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
      const { keyUsage } = leaf
      const missing =
        keyUsage === undefined ? undefined : ruleOf(use)?.keyUsage.find((usage) => !keyUsage.includes(usage))
      if (missing === undefined) return undefined
      return finding(
        'ERR_PATH_KEY_USAGE',
        leaf,
        `key usage has no ${missing}, which ${use} certificates need`,
      )
    },
  },
]

function hasRole({ use }: { readonly use: CertificateUse }): boolean {
  return use !== 'any'
}

function refuseDomainComponents(
  leaf: Certificate,
  { use }: { readonly use: CertificateUse },
): Finding | undefined {
  const { domainComponents: own, foreignDomainComponents: foreign } = ruleOf(use) ?? {}
  const { domainComponents } = leaf
  if (own !== undefined && !domainComponents.some((value) => own.includes(value)))
    return wrong(leaf, use, `it has no domain component ${own.join(' or ')}`)
  if (foreign !== undefined && domainComponents.some((value) => foreign.includes(value)))
    return wrong(leaf, use, `its domain component is ${domainComponents.join(', ')}`)
  return undefined
}
