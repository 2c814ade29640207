import type { Certificate } from '../certificate/certificate.ts'
import type { Link, PathDemand, PathRule, PathRules, RuleText } from './path-rule.ts'
import { finding, type PathRefusal, type PathVerdict, refusalOf } from './path-verdict.ts'

/**
 * Links tried in one validation. A real chain has three, and ISO 15118-2 allows ten roots of one name; certificates
 * made to name each other would need exponentially many.
 */
const LINKS_MAX = 32

/** What the search itself comes to, where no rule was broken but no path is left. */
const TRUST_ANCHOR: RuleText = {
  name: 'trust-anchor',
  section: 'RFC 5280 section 6.1.1 (d)',
  asks: 'the path ends in a trusted root',
}
const BOUNDED_SEARCH: RuleText = {
  name: 'bounded-search',
  section: 'RFC 4158 section 2.4.2',
  asks: `a path is found within ${LINKS_MAX} tries`,
}
export const SEARCH_RULES: readonly RuleText[] = [TRUST_ANCHOR, BOUNDED_SEARCH]

export interface PathSearchInput {
  readonly leaf: Certificate
  readonly intermediates: readonly Certificate[]
  readonly roots: readonly Certificate[]
}

/** A reason with how far the search had come: links verified, and more when they reached a root. */
interface Attempt {
  readonly refusal: PathRefusal
  readonly progress: number
}

type Step = { readonly path: readonly Certificate[] } | Attempt

/** A depth-first search from the leaf towards the roots, with one budget of signature checks for all of it. */
export class PathSearch {
  readonly #input: PathSearchInput
  readonly #demand: PathDemand
  readonly #rules: PathRules
  readonly #intermediates: readonly Certificate[]
  #linksTried = 0

  constructor(input: PathSearchInput, demand: PathDemand, rules: PathRules) {
    this.#input = input
    this.#demand = demand
    this.#rules = rules
    this.#intermediates = distinct(input.intermediates)
  }

  run(): PathVerdict {
    const { leaf } = this.#input
    const member = { certificate: leaf, position: 'leaf' } as const
    const refused =
      this.#refuse(this.#rules.member, member) ??
      this.#refuse(this.#rules.leaf, leaf) ??
      this.#refuse(this.#rules.key, member)
    if (refused !== undefined) return refused
    const found = this.#extend([leaf])
    return 'path' in found ? { valid: true, path: found.path } : found.refusal
  }

  /** Extends a path whose every link holds by each possible issuer of its last certificate: roots first. */
  #extend(path: readonly Certificate[]): Step {
    const certificate = last(path)
    let best: Attempt | undefined
    const roots = this.#candidates(path, this.#input.roots, 'root')
    for (const link of roots) {
      const step = this.#follow(link) ?? this.#complete([...path, link.issuer])
      if ('path' in step) return step
      best = further(best, step)
    }
    for (const link of this.#candidates(path, this.#intermediates, 'intermediate')) {
      if (roots.some(({ issuer }) => issuer.equals(link.issuer))) continue
      const step = this.#follow(link) ?? this.#extend([...path, link.issuer])
      if ('path' in step) return step
      best = further(best, step)
    }
    return best === undefined || isForeignRoot(certificate, best)
      ? withoutIssuer(path, this.#input.roots)
      : best
  }

  /** Whoever may have issued the last certificate of the path; those whose key identifier fits come first. */
  #candidates(
    path: readonly Certificate[],
    issuers: readonly Certificate[],
    position: Link['position'],
  ): readonly Link[] {
    const certificate = last(path)
    const links = issuers
      .map((issuer): Link => ({ certificate, issuer, position, path }))
      .filter(
        (link) =>
          this.#refuse(this.#rules.candidate, link) === undefined &&
          !path.some((member) => member.equals(link.issuer)),
      )
    return links.length < 2 ? links : links.toSorted((a, b) => unlikeliness(a) - unlikeliness(b))
  }

  /** Why the issuer cannot be the next certificate of the path; `undefined` when it can. */
  #follow(link: Link): Attempt | undefined {
    const { certificate, issuer, path, position } = link
    if (++this.#linksTried > LINKS_MAX) {
      const found = finding('ERR_PATH_TOO_COMPLEX', certificate, `no path after trying ${LINKS_MAX} issuers`)
      return { refusal: refusalOf(found, BOUNDED_SEARCH), progress: Number.POSITIVE_INFINITY }
    }
    const unsigned = this.#refuseSignature(link)
    if (unsigned !== undefined) return { refusal: unsigned, progress: path.length - 1 }
    const refused =
      this.#refuse(this.#rules.issuer, link) ??
      this.#refuse(this.#rules.member, { certificate: issuer, position })
    if (refused === undefined) return undefined
    return { refusal: refused, progress: path.length + (position === 'root' ? LINKS_MAX : 0) }
  }

  #refuseSignature(link: Link): PathRefusal | undefined {
    const { certificate, issuer } = link
    const { verifiedSignatures } = this.#demand
    if (verifiedSignatures?.has(certificate, issuer) === true) return undefined
    const refused =
      this.#refuse(this.#rules.key, { certificate: issuer, position: link.position }) ??
      this.#refuse(this.#rules.signature, link)
    if (refused === undefined) verifiedSignatures?.add(certificate, issuer)
    return refused
  }

  #complete(path: readonly Certificate[]): Step {
    const refused = this.#refuse(this.#rules.path, path)
    return refused === undefined ? { path } : { refusal: refused, progress: path.length + LINKS_MAX }
  }

  #refuse<Subject>(rules: readonly PathRule<Subject>[], subject: Subject): PathRefusal | undefined {
    for (const rule of rules) {
      if (rule.appliesTo?.(this.#demand) === false) continue
      const found = rule.refuse(subject, this.#demand)
      if (found !== undefined) return refusalOf(found, rule)
    }
    return undefined
  }
}

/** Key identifiers are hints: issuers of one name and different keys are told apart without a signature check. */
function unlikeliness({ certificate, issuer }: Link): number {
  const { authorityKeyIdentifier: asked } = certificate
  const { subjectKeyIdentifier: own } = issuer
  if (asked === undefined || own === undefined) return 1
  return Buffer.compare(asked, own) === 0 ? 0 : 2
}

/** A root that came with the message, while the trusted roots of that name did not sign it. */
function isForeignRoot(certificate: Certificate, { refusal }: Attempt): boolean {
  return certificate.isSelfIssued && refusal.rule === 'signature' && refusal.certificate === certificate
}

function withoutIssuer(path: readonly Certificate[], roots: readonly Certificate[]): Attempt {
  const certificate = last(path)
  const what = roots.some((root) => root.equals(certificate))
    ? 'is a trusted root itself, with no other above it'
    : 'is not among the trusted roots'
  const found = certificate.isSelfIssued
    ? finding('ERR_PATH_UNTRUSTED_ROOT', certificate, what)
    : finding(
        'ERR_PATH_NO_ISSUER',
        certificate,
        `its issuer ${certificate.issuer.text} is neither an intermediate nor a trusted root`,
      )
  return { refusal: refusalOf(found, TRUST_ANCHOR), progress: path.length - 1 }
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
  if (certificates.length < 2) return certificates
  return [
    ...new Map(certificates.map((certificate) => [certificate.fingerprintSha256Hex, certificate])).values(),
  ]
}
