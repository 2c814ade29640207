/** What must hold between a certificate and its issuer (RFC 5280 sections 6.1.3 and 6.1.4). */
import type { Link, PathRule } from './path-rule.ts'
import { type Finding, finding } from './path-verdict.ts'

export const CANDIDATE_RULES: readonly PathRule<Link>[] = [
  {
    name: 'name-chaining',
    section: 'RFC 5280 section 6.1.3 (a)(4), 7.1',
    asks: 'its issuer is the subject of the certificate above it',
    refuse: ({ certificate, issuer }) =>
      issuer.subject.equals(certificate.issuer)
        ? undefined
        : finding('ERR_PATH_NO_ISSUER', certificate, `not issued by ${issuer.distinguishedName}`),
  },
]

export const SIGNATURE_RULES: readonly PathRule<Link>[] = [
  {
    name: 'signature',
    section: 'RFC 5280 section 6.1.3 (a)(1)',
    asks: "the issuer's key is of the kind that made the signature, and did make it",
    refuse: refuseSignature,
  },
]

/** Roots are held to the same rules: a pool of roots is not a licence for what the root itself says. */
export const ISSUER_RULES: readonly PathRule<Link>[] = [
  {
    name: 'basic-constraints',
    section: 'RFC 5280 section 6.1.4 (k), 4.2.1.9',
    asks: 'who issued a certificate is a CA',
    refuse: ({ issuer }) =>
      issuer.basicConstraints?.ca === true
        ? undefined
        : finding('ERR_PATH_NOT_A_CA', issuer, 'issued a certificate but is not a CA'),
  },
  {
    name: 'ca-name',
    section: 'RFC 5280 section 4.1.2.6',
    asks: 'a CA has a name',
    refuse: ({ issuer }) =>
      issuer.subject.attributes.length === 0
        ? finding('ERR_PATH_NOT_A_CA', issuer, 'a CA must have a name')
        : undefined,
  },
  {
    name: 'key-cert-sign',
    section: 'RFC 5280 section 6.1.4 (n), 4.2.1.3',
    asks: 'the key usage of an issuer, when present, allows to sign certificates',
    refuse: ({ issuer }) =>
      issuer.keyUsage?.includes('keyCertSign') === false
        ? finding('ERR_PATH_KEY_USAGE', issuer, 'key usage does not allow to sign certificates')
        : undefined,
  },
  {
    name: 'path-length',
    section: 'RFC 5280 section 6.1.4 (l) and (m), 4.2.1.9',
    asks: 'no more CA certificates stand below a CA than it allows, self-issued ones not counted',
    refuse: refusePathLength,
  },
  {
    name: 'path-size',
    section: 'ISO 15118-2 V2G2-009, ISO 15118-20',
    asks: 'the whole path has no more certificates than allowed, self-issued ones not counted',
    refuse: ({ issuer, path, position }, { pathCertificatesMax }) => {
      // Leaf and issuer, and above an intermediate at least a root.
      const size = subCasBelow(path) + (position === 'root' ? 2 : 2 + (issuer.isSelfIssued ? 0 : 1))
      return size <= pathCertificatesMax
        ? undefined
        : finding('ERR_PATH_TOO_LONG', issuer, `no root within ${pathCertificatesMax} certificates`)
    },
  },
]

function refuseSignature({ certificate, issuer }: Link): Finding | undefined {
  const { signatureAlgorithm } = certificate
  if (signatureAlgorithm !== issuer.publicKeyAlgorithm) {
    const what = `signature ${signatureAlgorithm ?? 'of unknown kind'}, but the key of ${issuer.distinguishedName} is ${issuer.publicKeyAlgorithm ?? 'of unknown kind'}`
    return finding('ERR_PATH_ALGORITHM', certificate, what)
  }
  if (!certificate.isSignedBy(issuer))
    return finding('ERR_PATH_SIGNATURE', certificate, `not signed by ${issuer.distinguishedName}`)
  return undefined
}

function refusePathLength({ issuer, path }: Link): Finding | undefined {
  const pathLength = issuer.basicConstraints?.pathLength
  const below = subCasBelow(path)
  if (pathLength === undefined || below <= pathLength) return undefined
  return finding(
    'ERR_PATH_PATH_LENGTH',
    issuer,
    `${below} CA certificates below it, path length constraint ${pathLength}`,
  )
}

const subCasBelow = (path: readonly { readonly isSelfIssued: boolean }[]): number =>
  path.slice(1).filter(({ isSelfIssued }) => !isSelfIssued).length
