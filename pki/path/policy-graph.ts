/**
 * Certificate policies of a path (RFC 5280 sections 6.1.2 to 6.1.5) with the graph of RFC 9618 in place of the tree,
 * which certificates can make exponentially large.
 *
 * What a root says about policies narrows the inputs of the validation (RFC 5937 section 3).
 */
import type { Certificate, CertificateRestrictions } from '../certificate/certificate.ts'
import { ANY_POLICY } from '../certificate/policy-extensions.ts'
import type { PathDemand, PathRule, PolicyDemand } from './path-rule.ts'
import { finding } from './path-verdict.ts'

export const POLICY_RULE: PathRule<readonly Certificate[]> = {
  name: 'policies',
  section: 'RFC 5280 section 6.1.3 (d) to (f), 6.1.4 (a) and (b), 6.1.5 (g); RFC 9618 section 5',
  asks: 'policies are mapped as allowed, and one is acceptable where the caller or a CA asks for an explicit one',
  refuse: (path, { policies }: PathDemand) => {
    const root = path.at(-1)
    if (root === undefined || !isAsked(path, policies)) return undefined
    const state = new PolicyState(root, path.length - 1, policies)
    for (const [index, certificate] of path.slice(0, -1).entries().toArray().toReversed()) {
      const what = state.process(certificate, index === 0 ? 'leaf' : 'intermediate')
      if (what !== undefined) return finding('ERR_PATH_POLICY', certificate, what)
    }
    return undefined
  },
}

/** Nothing can go wrong where nobody asks for an explicit policy and nobody maps any. */
function isAsked(path: readonly Certificate[], { explicit = false }: PolicyDemand): boolean {
  return (
    explicit ||
    path.some(
      ({ restrictions: { policyConstraints, policyMappings } }) =>
        policyConstraints !== undefined || policyMappings !== undefined,
    )
  )
}

interface PolicyNode {
  readonly policy: string
  expected: ReadonlySet<string>
  readonly parents: readonly PolicyNode[]
}

/** The nodes of one depth by their policy; no nodes: the graph is NULL from there on. */
type Level = Map<string, PolicyNode>

/** The state variables of RFC 5280 section 6.1.2. */
class PolicyState {
  #level: Level
  #explicitPolicy: number
  #policyMapping: number
  #inhibitAnyPolicy: number
  readonly #acceptable: ReadonlySet<string>

  constructor(root: Certificate, certificates: number, demand: PolicyDemand) {
    const { certificatePolicies, inhibitAnyPolicy, policyConstraints } = root.restrictions
    const counter = (zero: boolean | undefined): number => (zero === true ? 0 : certificates + 1)
    const { requireExplicitPolicy, inhibitPolicyMapping } = policyConstraints ?? {}
    this.#explicitPolicy = counter(demand.explicit === true || requireExplicitPolicy !== undefined)
    this.#policyMapping = counter(demand.mappingInhibited === true || inhibitPolicyMapping !== undefined)
    this.#inhibitAnyPolicy = counter(demand.anyPolicyInhibited === true || inhibitAnyPolicy !== undefined)
    const own = new Set(certificatePolicies?.map(({ oid }) => oid) ?? [ANY_POLICY])
    this.#acceptable = commonPolicies(new Set(demand.acceptable ?? [ANY_POLICY]), own)
    this.#level = new Map([
      [ANY_POLICY, { policy: ANY_POLICY, expected: new Set([ANY_POLICY]), parents: [] }],
    ])
  }

  /** What speaks against the next certificate, going from the root to the leaf. */
  process(certificate: Certificate, position: 'leaf' | 'intermediate'): string | undefined {
    const { restrictions, isSelfIssued } = certificate
    const anyPolicyCounts = this.#inhibitAnyPolicy > 0 || (position === 'intermediate' && isSelfIssued)
    this.#level = nextLevel(this.#level, restrictions, anyPolicyCounts)
    if (this.#explicitPolicy === 0 && this.#level.size === 0)
      return 'an explicit policy is required, it has none'
    if (position === 'leaf') return this.#wrapUp(restrictions)
    const what = this.#map(restrictions)
    if (what !== undefined) return what
    if (!isSelfIssued) this.#countDown()
    this.#tighten(restrictions)
    return undefined
  }

  /** RFC 5280 section 6.1.4 (a) and (b). */
  #map({ policyMappings = [] }: CertificateRestrictions): string | undefined {
    const mapped = new Map<string, Set<string>>()
    for (const { issuerDomainPolicy, subjectDomainPolicy } of policyMappings) {
      if (issuerDomainPolicy === ANY_POLICY || subjectDomainPolicy === ANY_POLICY) return 'maps any policy'
      mapped.set(
        issuerDomainPolicy,
        (mapped.get(issuerDomainPolicy) ?? new Set<string>()).add(subjectDomainPolicy),
      )
    }
    for (const [policy, expected] of mapped) {
      if (this.#policyMapping === 0) this.#level.delete(policy)
      else this.#mapOne(policy, expected)
    }
    return undefined
  }

  #mapOne(policy: string, expected: ReadonlySet<string>): void {
    const node = this.#level.get(policy)
    const any = this.#level.get(ANY_POLICY)
    if (node !== undefined) node.expected = expected
    else if (any !== undefined) this.#level.set(policy, { policy, expected, parents: any.parents })
  }

  /** RFC 5280 section 6.1.4 (h). */
  #countDown(): void {
    this.#explicitPolicy = Math.max(0, this.#explicitPolicy - 1)
    this.#policyMapping = Math.max(0, this.#policyMapping - 1)
    this.#inhibitAnyPolicy = Math.max(0, this.#inhibitAnyPolicy - 1)
  }

  /** RFC 5280 section 6.1.4 (i) and (j). */
  #tighten({ policyConstraints, inhibitAnyPolicy }: CertificateRestrictions): void {
    const { requireExplicitPolicy = Infinity, inhibitPolicyMapping = Infinity } = policyConstraints ?? {}
    this.#explicitPolicy = Math.min(this.#explicitPolicy, requireExplicitPolicy)
    this.#policyMapping = Math.min(this.#policyMapping, inhibitPolicyMapping)
    this.#inhibitAnyPolicy = Math.min(this.#inhibitAnyPolicy, inhibitAnyPolicy ?? Infinity)
  }

  /** RFC 5280 section 6.1.5 (a), (b) and (g). */
  #wrapUp({ policyConstraints }: CertificateRestrictions): string | undefined {
    const explicit = this.#explicitPolicy <= 1 || policyConstraints?.requireExplicitPolicy === 0
    if (!explicit) return undefined
    const granted = commonPolicies(authorityPolicies(this.#level), this.#acceptable)
    return granted.size > 0 ? undefined : 'an explicit policy is required, none of the path is acceptable'
  }
}

/** RFC 9618 section 5.3, steps (d) and (e); nodes without children stay, as only what leads to the last level counts. */
function nextLevel(
  level: Level,
  { certificatePolicies }: CertificateRestrictions,
  anyPolicyCounts: boolean,
): Level {
  const next: Level = new Map()
  if (certificatePolicies === undefined) return next
  const expecting = expectingNodes(level)
  const any = level.get(ANY_POLICY)
  const grow = (policy: string, parents: readonly PolicyNode[]): void => {
    if (parents.length > 0) next.set(policy, { policy, expected: new Set([policy]), parents })
  }
  for (const { oid } of certificatePolicies)
    if (oid !== ANY_POLICY) grow(oid, expecting.get(oid) ?? (any === undefined ? [] : [any]))
  if (anyPolicyCounts && certificatePolicies.some(({ oid }) => oid === ANY_POLICY))
    for (const [policy, parents] of expecting) if (!next.has(policy)) grow(policy, parents)
  return next
}

/** Which nodes of a level expect which policy below them. */
function expectingNodes(level: Level): ReadonlyMap<string, readonly PolicyNode[]> {
  const expecting = new Map<string, PolicyNode[]>()
  for (const node of level.values())
    for (const policy of node.expected) {
      const nodes = expecting.get(policy)
      if (nodes === undefined) expecting.set(policy, [node])
      else nodes.push(node)
    }
  return expecting
}

/**
 * authority_constrained_policy_set of RFC 9618 section 5.4: in the names of the root's domain, the policies that lead
 * to the last level, which are the nodes whose parent is a node of any policy.
 */
function authorityPolicies(lastLevel: Level): ReadonlySet<string> {
  const policies = new Set<string>()
  const seen = new Set<PolicyNode>()
  const waiting = [...lastLevel.values()]
  if (lastLevel.has(ANY_POLICY)) policies.add(ANY_POLICY)
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (seen.has(node)) continue
    seen.add(node)
    if (node.policy !== ANY_POLICY && node.parents.some(({ policy }) => policy === ANY_POLICY))
      policies.add(node.policy)
    waiting.push(...node.parents)
  }
  return policies
}

/** What both sets hold, where any policy in one of them stands for all of the other. */
function commonPolicies(one: ReadonlySet<string>, other: ReadonlySet<string>): ReadonlySet<string> {
  if (other.has(ANY_POLICY)) return one
  return one.has(ANY_POLICY) ? other : one.intersection(other)
}
