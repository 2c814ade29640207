/** What each rule is good for: without it, something that must be refused is accepted. */
import { beforeAll, describe, expect, test } from 'vitest'

import type { PathRule, PathRules } from '../path/path-rule.ts'
import { PATH_RULES } from '../path/path-rules.ts'
import { validateByRules, validatePath } from '../path/path-validation.ts'
import { hasShared } from '../testing/shared.ts'
import { type EvilCase, evilSet } from './evil-set.ts'
import { type Judged, outcomeOf } from './judged.ts'
import { limboCases } from './limbo.ts'
import { pkitsCases } from './pkits.ts'

const RULE_NAMES = Object.values(PATH_RULES).flatMap((rules: readonly { name: string }[]) =>
  rules.map(({ name }) => name),
)

function without(name: string): PathRules {
  const keep = <Subject>(rules: readonly PathRule<Subject>[]): readonly PathRule<Subject>[] =>
    rules.filter((rule) => rule.name !== name)
  const { member, key, leaf, candidate, signature, issuer, path } = PATH_RULES
  return {
    member: keep(member),
    key: keep(key),
    leaf: keep(leaf),
    candidate: keep(candidate),
    signature: keep(signature),
    issuer: keep(issuer),
    path: keep(path),
  }
}

let evil: readonly EvilCase[]
beforeAll(async () => {
  evil = await evilSet()
})

test('the evil set has a case for each rule', () => {
  expect(evil.map(({ rule }) => rule).toSorted()).toEqual(RULE_NAMES.toSorted())
})

test.each(RULE_NAMES)('%s: its evil case is refused for nothing else', (name) => {
  const validation = evil.find(({ rule }) => rule === name)?.validation()
  if (validation === undefined) throw new Error('no case')
  // A name that does not chain is seen as an issuer that is missing.
  const rule = name === 'name-chaining' ? 'trust-anchor' : name
  expect(validatePath(validation)).toMatchObject({ valid: false, rule })
  expect(validateByRules(validation, without(name))).toMatchObject({ valid: true })
})

/** Rules of which the published suites have no case that breaks no other rule too; most are those of ISO 15118. */
const OURS = [
  'algorithms',
  'basic-constraints',
  'ca-name',
  'domain-component',
  'end-entity',
  'identity',
  'path-size',
  'public-key',
  'role-key-usage',
  'role-purpose',
]

describe.skipIf(!hasShared)('the published suites (not run without ../shared)', () => {
  const judges = [...pkitsCases(), ...limboCases()].filter((judged) => judged.expected === 'refuses')

  test.each(RULE_NAMES.filter((name) => !OURS.includes(name)))('notice that %s is gone', (name) => {
    const rules = without(name)
    const fooled = (judged: Judged): boolean =>
      outcomeOf(judged) === 'refuses' && outcomeOf(judged, rules) === 'accepts'
    expect(judges.some(fooled)).toBe(true)
  })
})
