import assert from 'node:assert/strict'

import type { RevocationStatus } from '../revocation/revocation-status.ts'
import type { Member, PathDemand, RuleText } from './path-rule.ts'
import { PATH_RULES } from './path-rules.ts'
import { SEARCH_RULES } from './path-search.ts'
import { demandOf, type PathValidation, validatePath } from './path-validation.ts'
import type { PathRefusal } from './path-verdict.ts'

/** A certificate of an accepted path, and the rules it was checked by. */
export interface ExplainedCertificate extends Member {
  readonly checks: readonly RuleText[]
  /** Only when revocation was asked for, and not of the root. */
  readonly status?: RevocationStatus
}

export type PathExplanation =
  | {
      readonly valid: true
      /** Leaf first, root last. */
      readonly certificates: readonly ExplainedCertificate[]
      /** What was checked of the path as a whole. */
      readonly checks: readonly RuleText[]
    }
  | {
      readonly valid: false
      readonly refusal: PathRefusal
      readonly broken: RuleText
    }

/** Validates, and tells the rules that were kept, or the one that was broken. */
export function explainPath(validation: PathValidation): PathExplanation {
  const verdict = validatePath(validation)
  if (!verdict.valid) return { valid: false, refusal: verdict, broken: ruleNamed(verdict.rule) }
  const demand = demandOf(validation)
  const { path, statuses } = verdict
  const certificates = path.map((certificate, index) => {
    const position = index === 0 ? 'leaf' : index === path.length - 1 ? 'root' : 'intermediate'
    const status = statuses?.[index]
    return {
      certificate,
      position,
      checks: textsOf(rulesOf(position), demand),
      ...(status !== undefined && { status }),
    } as const
  })
  return { valid: true, certificates, checks: textsOf(PATH_RULES.path, demand) }
}

function rulesOf(position: Member['position']): readonly Applicable[] {
  const { member, key, leaf, candidate, signature, issuer } = PATH_RULES
  return [
    ...member,
    ...key,
    ...(position === 'leaf' ? leaf : issuer),
    ...(position === 'root' ? [] : [...candidate, ...signature]),
  ]
}

type Applicable = RuleText & { readonly appliesTo?: (demand: PathDemand) => boolean }

function textsOf(rules: readonly Applicable[], demand: PathDemand): readonly RuleText[] {
  return rules
    .filter(({ appliesTo }) => appliesTo?.(demand) !== false)
    .map(({ name, section, asks }) => ({ name, section, asks }))
}

function ruleNamed(wanted: string): RuleText {
  const rules: readonly RuleText[] = [...Object.values(PATH_RULES).flat(), ...SEARCH_RULES]
  const rule = rules.find((one) => one.name === wanted)
  assert(rule !== undefined, 'every refusal names a rule of the tables')
  const { name, section, asks } = rule
  return { name, section, asks }
}
