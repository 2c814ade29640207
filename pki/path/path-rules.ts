import { MEMBER_RULES, PUBLIC_KEY_RULE } from './certificate-rules.ts'
import { USE_RULES } from './certificate-use.ts'
import { CANDIDATE_RULES, ISSUER_RULES, SIGNATURE_RULES } from './issuer-rules.ts'
import { NAME_CONSTRAINTS_RULE } from './name-constraints.ts'
import type { PathRules } from './path-rule.ts'
import { POLICY_RULE } from './policy-graph.ts'
import { REVOCATION_RULE } from './revocation-rule.ts'

/** The engine: every check there is, in the order in which a refusal is looked for. */
export const PATH_RULES: PathRules = {
  member: MEMBER_RULES,
  key: [PUBLIC_KEY_RULE],
  leaf: USE_RULES,
  candidate: CANDIDATE_RULES,
  signature: SIGNATURE_RULES,
  issuer: ISSUER_RULES,
  path: [NAME_CONSTRAINTS_RULE, POLICY_RULE, REVOCATION_RULE],
}
