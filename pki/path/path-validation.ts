import { type CertificateAlgorithm, ISO15118_ALGORITHMS } from '../certificate/algorithms.ts'
import type { Certificate } from '../certificate/certificate.ts'
import { type CertificateUse, type PathRules, refuseIssuer, refuseLeaf } from './certificate-rules.ts'
import { type PathRefusal, type PathVerdict, refusal } from './path-verdict.ts'
import type { VerifiedSignatures } from './verified-signatures.ts'

/** ISO 15118 chains: leaf, three sub CAs (-20; -2 has two) and the root. */
const PATH_CERTIFICATES_MAX = 5
/**
 * Links tried in one validation. A real chain has three, and ISO 15118-2 allows ten roots of one name; certificates
 * made to name each other would need exponentially many.
 */
const LINKS_MAX = 32

export interface PathValidation {
  readonly leaf: Certificate
  /** Sub CAs in any order; a root, the leaf or a stranger among them does no harm and no good. */
  readonly intermediates: readonly Certificate[]
  /** The only source of trust: every one is tried whose name fits, also several of the same name. */
  readonly roots: readonly Certificate[]
  /** The time all certificates including the root must be valid at (shell model). */
  readonly atMs: number
  readonly use: CertificateUse
  /** What keys and signatures may be; default: all of ISO 15118. A caller that speaks -2 only narrows it to P-256. */
  readonly algorithms?: readonly CertificateAlgorithm[]
  /** Certificates in the longest path including leaf and root; default 5. */
  readonly pathCertificatesMax?: number
  /** Kept by the caller over many validations, it saves the signature checks of known sub CAs. */
  readonly verifiedSignatures?: VerifiedSignatures
}

/**
 * Finds a path from the leaf to one of the roots and judges it by RFC 5280 section 6.1 and the role's rules: signatures,
 * name chaining, dates, basic constraints, path length, key usage, algorithms, critical extensions. Revocation is not
 * looked at, name constraints and policies are refused (where critical), not evaluated.
 *
 * Never throws on what certificates contain. When every candidate fails, the refusal is the one of the attempt that
 * got furthest. Blocks for up to three signature checks on a usual chain (0.1 ms each with P-256, 2 ms with P-521)
 * and 32 at worst.
 */
export function validatePath(validation: PathValidation): PathVerdict {
  const { leaf, atMs, use, algorithms = ISO15118_ALGORITHMS } = validation
  const rules = { atMs, use, algorithms }
  return refuseLeaf(leaf, rules) ?? refusePublicKey(leaf) ?? new PathSearch(validation, rules).run()
}

/** A reason with how far the search had come: links verified, and more when they reached a root. */
interface Attempt {
  readonly refusal: PathRefusal
  readonly progress: number
}

type Step = { readonly path: readonly Certificate[] } | Attempt

/** A depth-first search from the leaf towards the roots, with one budget of signature checks for all of it. */
class PathSearch {
  readonly #validation: PathValidation
  readonly #rules: PathRules
  readonly #intermediates: readonly Certificate[]
  readonly #pathCertificatesMax: number
  #linksTried = 0

  constructor(validation: PathValidation, rules: PathRules) {
    this.#validation = validation
    this.#rules = rules
    this.#intermediates = distinct(validation.intermediates)
    this.#pathCertificatesMax = validation.pathCertificatesMax ?? PATH_CERTIFICATES_MAX
  }

  run(): PathVerdict {
    const found = this.#extend([this.#validation.leaf])
    return 'path' in found ? { valid: true, path: found.path } : found.refusal
  }

  /** Extends a path whose every link holds by each possible issuer of its last certificate: roots first. */
  #extend(path: readonly Certificate[]): Step {
    const certificate = last(path)
    const possible = (issuer: Certificate): boolean =>
      issuer.subject.equals(certificate.issuer) && !path.some((member) => member.equals(issuer))
    let best: Attempt | undefined
    const roots = this.#validation.roots.filter(possible)
    for (const issuer of roots) {
      const step = this.#link(path, issuer, 'root') ?? { path: [...path, issuer] }
      if ('path' in step) return step
      best = further(best, step)
    }
    for (const issuer of this.#intermediates.filter(possible)) {
      if (roots.some((root) => root.equals(issuer))) continue
      const step = this.#link(path, issuer, 'intermediate') ?? this.#extend([...path, issuer])
      if ('path' in step) return step
      best = further(best, step)
    }
    return best === undefined || isForeignRoot(certificate, best) ? withoutIssuer(path) : best
  }

  /** Why `issuer` cannot be the next certificate of the path; `undefined` when it can. */
  #link(
    path: readonly Certificate[],
    issuer: Certificate,
    kind: 'intermediate' | 'root',
  ): Attempt | undefined {
    const certificate = last(path)
    if (++this.#linksTried > LINKS_MAX) {
      const refused = refusal(
        'ERR_PATH_TOO_COMPLEX',
        certificate,
        `no path after trying ${LINKS_MAX} issuers`,
      )
      return { refusal: refused, progress: Number.POSITIVE_INFINITY }
    }
    const unsigned = refuseSignature(certificate, issuer, this.#validation.verifiedSignatures)
    if (unsigned !== undefined) return { refusal: unsigned, progress: path.length - 1 }
    const caCertificatesBelow = path.slice(1).filter(({ isSelfIssued }) => !isSelfIssued).length
    const refused =
      refuseIssuer(issuer, caCertificatesBelow, this.#rules) ?? this.#refuseLength(path, issuer, kind)
    if (refused === undefined) return undefined
    return { refusal: refused, progress: path.length + (kind === 'root' ? this.#pathCertificatesMax : 0) }
  }

  /** An intermediate needs room for at least a root above it. */
  #refuseLength(
    path: readonly Certificate[],
    issuer: Certificate,
    kind: 'intermediate' | 'root',
  ): PathRefusal | undefined {
    const length = path.length + (kind === 'root' ? 1 : 2)
    if (length <= this.#pathCertificatesMax) return undefined
    return refusal('ERR_PATH_TOO_LONG', issuer, `no root within ${this.#pathCertificatesMax} certificates`)
  }
}

function refuseSignature(
  certificate: Certificate,
  issuer: Certificate,
  verifiedSignatures: VerifiedSignatures | undefined,
): PathRefusal | undefined {
  if (verifiedSignatures?.has(certificate, issuer) === true) return undefined
  const refused = refusePublicKey(issuer)
  if (refused !== undefined) return refused
  if (!certificate.isSignedBy(issuer)) {
    return refusal('ERR_PATH_SIGNATURE', certificate, `not signed by ${issuer.distinguishedName}`)
  }
  verifiedSignatures?.add(certificate, issuer)
  return undefined
}

/** Also the check that the key can be used at all, which parsing leaves open. */
function refusePublicKey(certificate: Certificate): PathRefusal | undefined {
  try {
    void certificate.publicKey
    return undefined
  } catch {
    return refusal('ERR_PATH_PUBLIC_KEY', certificate, 'its public key is not a valid one')
  }
}

/** A root that came with the message, while the trusted roots of that name did not sign it. */
function isForeignRoot(certificate: Certificate, best: Attempt): boolean {
  return (
    certificate.isSelfIssued &&
    best.refusal.code === 'ERR_PATH_SIGNATURE' &&
    best.refusal.certificate === certificate
  )
}

function withoutIssuer(path: readonly Certificate[]): Attempt {
  const certificate = last(path)
  const progress = path.length - 1
  if (certificate.isSelfIssued) {
    return {
      refusal: refusal('ERR_PATH_UNTRUSTED_ROOT', certificate, 'is not among the trusted roots'),
      progress,
    }
  }
  const what = `its issuer ${certificate.issuer.text} is neither an intermediate nor a trusted root`
  return { refusal: refusal('ERR_PATH_NO_ISSUER', certificate, what), progress }
}

function further(one: Attempt | undefined, other: Attempt): Attempt {
  return one !== undefined && one.progress >= other.progress ? one : other
}

function last(path: readonly Certificate[]): Certificate {
  const certificate = path.at(-1)
  if (certificate === undefined) throw new TypeError('a path has at least its leaf')
  return certificate
}

/** The same certificate twice would use up the attempts for nothing. */
function distinct(certificates: readonly Certificate[]): readonly Certificate[] {
  return [
    ...new Map(certificates.map((certificate) => [certificate.fingerprintSha256Hex, certificate])).values(),
  ]
}
