/** The certificates of an ISO 15118 PKI (Annex F of -2, Annex B of -20) as data, and the TLS certificates of our own programs. */
import type { KeyUsage } from '../certificate/certificate-extensions.ts'
import { EXTENDED_KEY_USAGE } from '../der/object-identifiers.ts'
import type { CertificateEdition } from './certificate-edition.ts'

export interface CertificateProfile {
  /** The DC of the subject; the contract certificates of the field have none. */
  readonly domainComponent?: string
  /** The DCs by which the role of a presented certificate is known. Default: `domainComponent`. */
  readonly roleDomainComponents?: readonly string[]
  /** A presented certificate must have a DC of its role; otherwise it may have none, but not that of another role. */
  readonly domainComponentRequired?: true
  /** Present for a CA; `pathLength` absent: unlimited. */
  readonly ca?: { readonly pathLength?: number }
  readonly keyUsage: readonly KeyUsage[]
  /** The bits a certificate that is presented must have, when it has the extension. Default: none but those of a CA. */
  readonly keyUsageRequired?: readonly KeyUsage[]
  /** Purposes as dotted object identifiers. */
  readonly extendedKeyUsage?: readonly string[]
  /** A presented certificate with purposes must have one of these, or any. Default: `extendedKeyUsage`. */
  readonly purposesAccepted?: readonly string[]
  /** Which editions have such a certificate; absent: it is none of ISO 15118 and has neither its keys nor its sizes. */
  readonly editions?: readonly CertificateEdition[]
  /** Longest life that the profile or the practice of its PKI allows; absent: as long as its issuer. */
  readonly yearsMax?: number
}

const CA_USAGE: readonly KeyUsage[] = ['keyCertSign', 'cRLSign']
const BOTH: readonly CertificateEdition[] = ['iso2', 'iso20']

const root = (domainComponent: string): CertificateProfile => ({
  domainComponent,
  ca: {},
  keyUsage: CA_USAGE,
  keyUsageRequired: ['keyCertSign'],
  editions: BOTH,
  yearsMax: 40,
})
const subCa = (domainComponent: string, pathLength: number): CertificateProfile => ({
  domainComponent,
  ca: { pathLength },
  keyUsage: CA_USAGE,
  keyUsageRequired: ['keyCertSign'],
  editions: BOTH,
})

/** -2 calls the role CPO, -20 CSO, and charge points of the field ask for either with keys of both editions. */
const CHARGE_POINT_OPERATOR = ['CPO', 'CSO'] as const

/** Every profile by the name that orders of certificates use. */
export const CERTIFICATE_PROFILES = {
  'v2g-root': root('V2G'),
  'cpo-sub1': subCa('V2G', 1),
  'cpo-sub2': subCa('V2G', 0),
  // keyAgreement serves the static-ECDH cipher suite of -2.
  secc: {
    domainComponent: 'CPO',
    roleDomainComponents: CHARGE_POINT_OPERATOR,
    domainComponentRequired: true,
    keyUsage: ['digitalSignature', 'keyAgreement'],
    keyUsageRequired: ['digitalSignature'],
    purposesAccepted: [EXTENDED_KEY_USAGE.serverAuth],
    editions: ['iso2'],
    yearsMax: 1,
  },
  // Table B.5: the role is called CSO there, and TLS 1.3 has no use for key agreement with the certificate's key.
  'secc-20': {
    domainComponent: 'CSO',
    roleDomainComponents: CHARGE_POINT_OPERATOR,
    domainComponentRequired: true,
    keyUsage: ['digitalSignature'],
    keyUsageRequired: ['digitalSignature'],
    extendedKeyUsage: [EXTENDED_KEY_USAGE.serverAuth],
    editions: ['iso20'],
    yearsMax: 1,
  },
  'cps-sub1': subCa('V2G', 1),
  'cps-sub2': subCa('V2G', 0),
  cps: {
    domainComponent: 'CPS',
    domainComponentRequired: true,
    keyUsage: ['digitalSignature'],
    keyUsageRequired: ['digitalSignature'],
    editions: BOTH,
    yearsMax: 4,
  },
  'mo-root': root('MO'),
  'mo-sub1': subCa('MO', 1),
  'mo-sub2': subCa('MO', 0),
  contract: {
    roleDomainComponents: ['MO'],
    keyUsage: ['digitalSignature', 'nonRepudiation', 'keyEncipherment', 'keyAgreement'],
    keyUsageRequired: ['digitalSignature'],
    editions: BOTH,
  },
  'oem-root': root('OEM'),
  'oem-sub1': subCa('OEM', 1),
  'oem-sub2': subCa('OEM', 0),
  // keyAgreement: the contract key is encrypted for this key (V2G2-822, V2G20-822).
  'oem-provisioning': {
    domainComponent: 'OEM',
    keyUsage: ['digitalSignature', 'keyAgreement'],
    keyUsageRequired: ['digitalSignature', 'keyAgreement'],
    editions: BOTH,
  },
  'vehicle-sub1': subCa('V2G', 1),
  'vehicle-sub2': subCa('V2G', 0),
  // Table B.8: the certificate of the vehicle's end of TLS 1.3.
  vehicle: {
    domainComponent: 'OEM',
    keyUsage: ['digitalSignature'],
    keyUsageRequired: ['digitalSignature'],
    extendedKeyUsage: [EXTENDED_KEY_USAGE.clientAuth],
    editions: ['iso20'],
  },
  'tls-ca': { ca: { pathLength: 0 }, keyUsage: CA_USAGE, keyUsageRequired: ['keyCertSign'] },
  'tls-server': {
    keyUsage: ['digitalSignature'],
    keyUsageRequired: ['digitalSignature'],
    extendedKeyUsage: [EXTENDED_KEY_USAGE.serverAuth],
  },
} as const satisfies Record<string, CertificateProfile>

export type CertificateProfileName = keyof typeof CERTIFICATE_PROFILES

export function certificateProfile(name: CertificateProfileName): CertificateProfile {
  return CERTIFICATE_PROFILES[name]
}
