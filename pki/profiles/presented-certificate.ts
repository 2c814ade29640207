/**
 * What the profiles demand of a certificate that is presented, whoever asks: the lint of what comes into the pools and
 * the rules of paths. Each function says what is wrong, in words without the certificate's own texts.
 */
import type { KeyUsage } from '../certificate/certificate-extensions.ts'
import type { Certificate } from '../certificate/certificate.ts'
import { EXTENDED_KEY_USAGE } from '../der/object-identifiers.ts'
import { CERTIFICATE_PROFILES, type CertificateProfile } from './certificate-profiles.ts'

const PROFILES: readonly CertificateProfile[] = Object.values(CERTIFICATE_PROFILES)
/** What the DC of an end entity can say about its role; that of the V2G root and its sub CAs says nothing. */
const ROLES: ReadonlySet<string> = new Set(
  PROFILES.filter(({ ca }) => ca === undefined).flatMap(roleDomainComponents),
)

/** The first bit missing; production certificates often have no key usage: then every use is allowed. */
export function missingKeyUsage(
  { keyUsage }: Certificate,
  { keyUsageRequired = [] }: CertificateProfile,
): KeyUsage | undefined {
  return keyUsage && keyUsageRequired.find((usage) => !keyUsage.includes(usage))
}

/** A DC that is required and absent, or that of another role. CAs go by many: nothing is asked of theirs. */
export function domainComponentRefusal(
  { domainComponents }: Certificate,
  profile: CertificateProfile,
): string | undefined {
  const own = roleDomainComponents(profile)
  if (profile.ca !== undefined || own.length === 0) return undefined
  const isOwn = domainComponents.some((value) => own.includes(value))
  if (profile.domainComponentRequired === true)
    return isOwn ? undefined : `it has no domain component ${own.join(' or ')}`
  const foreign = domainComponents.find((value) => ROLES.has(value) && !own.includes(value))
  return foreign && `its domain component is ${foreign}, that of another role`
}

/** Purposes that leave out those of the role. */
export function purposeRefusal(
  { extendedKeyUsage }: Certificate,
  profile: CertificateProfile,
): string | undefined {
  const accepted = purposesAccepted(profile)
  if (accepted === undefined || extendedKeyUsage === undefined) return undefined
  return extendedKeyUsage.some((oid) => oid === EXTENDED_KEY_USAGE.any || accepted.includes(oid))
    ? undefined
    : 'its extended key usage is another one'
}

/** `undefined`: the profile does not look at purposes. */
export function purposesAccepted(profile: CertificateProfile): readonly string[] | undefined {
  return profile.purposesAccepted ?? profile.extendedKeyUsage
}

function roleDomainComponents(profile: CertificateProfile): readonly string[] {
  const { domainComponent, roleDomainComponents: own } = profile
  return own ?? (domainComponent === undefined ? [] : [domainComponent])
}
