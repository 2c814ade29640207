/** The extensions on certificate policies (RFC 5280 sections 4.2.1.4, 4.2.1.5, 4.2.1.11 and 4.2.1.14). */
import { contextPrimitiveTag, type DerReader, TAG } from '../der/der-reader.ts'
import { PkiError } from '../errors.ts'

/** The policy that stands for every other. */
export const ANY_POLICY = '2.5.29.32.0'

/** A policy, and the dotted identifiers of its qualifiers, whose contents nobody here reads. */
export interface CertificatePolicy {
  readonly oid: string
  readonly qualifiers: readonly string[]
}

/** "What the issuer calls the one, the subject calls the other." */
export interface PolicyMapping {
  readonly issuerDomainPolicy: string
  readonly subjectDomainPolicy: string
}

/** After how many further certificates that are not self-issued each constraint begins; absent: never. */
export interface PolicyConstraints {
  readonly requireExplicitPolicy?: number
  readonly inhibitPolicyMapping?: number
}

/** Policies of one certificate, none twice. */
export function readCertificatePolicies(list: DerReader): readonly CertificatePolicy[] {
  const policies = new Map<string, CertificatePolicy>()
  do {
    const policy = readPolicy(list.enter(TAG.sequence))
    if (policies.has(policy.oid))
      throw new PkiError('ERR_PKI_CERTIFICATE', `policy ${policy.oid} occurs twice`)
    policies.set(policy.oid, policy)
  } while (!list.atEnd)
  return [...policies.values()]
}

function readPolicy(reader: DerReader): CertificatePolicy {
  const oid = reader.readObjectIdentifier()
  const qualifiers: string[] = []
  if (!reader.atEnd) {
    const list = reader.enter(TAG.sequence)
    do qualifiers.push(list.enter(TAG.sequence).readObjectIdentifier())
    while (!list.atEnd)
  }
  reader.end()
  return { oid, qualifiers }
}

export function readPolicyMappings(list: DerReader): readonly PolicyMapping[] {
  const mappings: PolicyMapping[] = []
  do {
    const mapping = list.enter(TAG.sequence)
    mappings.push({
      issuerDomainPolicy: mapping.readObjectIdentifier(),
      subjectDomainPolicy: mapping.readObjectIdentifier(),
    })
    mapping.end()
  } while (!list.atEnd)
  return mappings
}

/** Constraints that constrain nothing are an error, as section 4.2.1.11 has it. */
export function readPolicyConstraints(reader: DerReader): PolicyConstraints {
  const explicit = reader.readOptional(contextPrimitiveTag(0))
  const mapping = reader.readOptional(contextPrimitiveTag(1))
  reader.end()
  if (explicit === undefined && mapping === undefined)
    throw new PkiError('ERR_PKI_CERTIFICATE', 'policy constraints that constrain nothing')
  return {
    ...(explicit !== undefined && { requireExplicitPolicy: certificateCountOf(explicit.content) }),
    ...(mapping !== undefined && { inhibitPolicyMapping: certificateCountOf(mapping.content) }),
  }
}

/** No chain is longer; a larger number means the same and would not fit a `number`. */
const COUNT_BYTES_MAX = 2

/** A number of certificates, from the content of its INTEGER. */
export function certificateCountOf(content: Uint8Array): number {
  const [first = 0x80, second = 0x80] = content
  const padded = content.length > 1 && first === 0 && second < 0x80
  if (content.length > COUNT_BYTES_MAX || first >= 0x80 || padded)
    throw new PkiError('ERR_PKI_CERTIFICATE', 'a number of certificates is negative or absurd')
  return content.reduce((value, octet) => value * 256 + octet, 0)
}
