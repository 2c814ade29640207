/** The certificates of an ISO 15118-2 PKI (Annex F) as data, and the TLS certificates of our own programs. */
import type { KeyUsage } from '../certificate/certificate-extensions.ts'
import { EXTENDED_KEY_USAGE } from '../der/object-identifiers.ts'

export interface CertificateProfile {
  /** The DC of the subject; the contract certificates of the field have none. */
  readonly domainComponent?: string
  /** Present for a CA; `pathLength` absent: unlimited. */
  readonly ca?: { readonly pathLength?: number }
  readonly keyUsage: readonly KeyUsage[]
  /** Purposes as dotted object identifiers. */
  readonly extendedKeyUsage?: readonly string[]
}

const CA_USAGE: readonly KeyUsage[] = ['keyCertSign', 'cRLSign']

const root = (domainComponent: string): CertificateProfile => ({
  domainComponent,
  ca: {},
  keyUsage: CA_USAGE,
})
const subCa = (domainComponent: string, pathLength: number): CertificateProfile => ({
  domainComponent,
  ca: { pathLength },
  keyUsage: CA_USAGE,
})

/** Every profile by the name that orders of certificates use. */
export const CERTIFICATE_PROFILES = {
  'v2g-root': root('V2G'),
  'cpo-sub1': subCa('V2G', 1),
  'cpo-sub2': subCa('V2G', 0),
  // keyAgreement serves the static-ECDH cipher suite of -2.
  secc: { domainComponent: 'CPO', keyUsage: ['digitalSignature', 'keyAgreement'] },
  'cps-sub1': subCa('V2G', 1),
  'cps-sub2': subCa('V2G', 0),
  cps: { domainComponent: 'CPS', keyUsage: ['digitalSignature'] },
  'mo-root': root('MO'),
  'mo-sub1': subCa('MO', 1),
  'mo-sub2': subCa('MO', 0),
  contract: { keyUsage: ['digitalSignature', 'nonRepudiation', 'keyEncipherment', 'keyAgreement'] },
  'oem-root': root('OEM'),
  'oem-sub1': subCa('OEM', 1),
  'oem-sub2': subCa('OEM', 0),
  // keyAgreement: the contract key is encrypted for this key (V2G2-822).
  'oem-provisioning': { domainComponent: 'OEM', keyUsage: ['digitalSignature', 'keyAgreement'] },
  'tls-ca': { ca: { pathLength: 0 }, keyUsage: CA_USAGE },
  'tls-server': { keyUsage: ['digitalSignature'], extendedKeyUsage: [EXTENDED_KEY_USAGE.serverAuth] },
} as const satisfies Record<string, CertificateProfile>

export type CertificateProfileName = keyof typeof CERTIFICATE_PROFILES

export function certificateProfile(name: CertificateProfileName): CertificateProfile {
  return CERTIFICATE_PROFILES[name]
}
