import { describe, expect, test } from 'vitest'

import type { Certificate } from '../certificate/certificate.ts'
import { ANY_POLICY } from '../certificate/policy-extensions.ts'
import { contextPrimitiveTag, TAG } from '../der/der-reader.ts'
import { writeElement, writeObjectIdentifier, writeSequence } from '../der/der-writer.ts'
import { EXTENSION } from '../der/object-identifiers.ts'
import { extension, forge, type Forged, generateKeys } from '../testing/forge.ts'
import type { PolicyDemand } from './path-rule.ts'
import { type PathValidation, validatePath } from './path-validation.ts'
import { POLICY_RULE } from './policy-graph.ts'

interface Says {
  readonly policies?: readonly string[]
  readonly mappings?: readonly (readonly [string, string])[]
  readonly requireExplicit?: number
  readonly inhibitMapping?: number
  readonly inhibitAny?: number
}

const P1 = '2.16.840.1.1'
const P2 = '2.16.840.1.2'

const encoded = (oid: string, value: Uint8Array): ReturnType<typeof extension> =>
  extension(oid, true, Buffer.from(value).toString('hex'))

const count = (tag: number, n: number | undefined): Uint8Array[] =>
  n === undefined ? [] : [writeElement(tag, Uint8Array.of(n))]

function* extensionsOf(says: Says): Generator<ReturnType<typeof extension>> {
  const { policies, mappings, requireExplicit, inhibitMapping, inhibitAny } = says
  if (policies !== undefined) {
    const list = policies.map((oid) => writeSequence(writeObjectIdentifier(oid)))
    yield encoded(EXTENSION.certificatePolicies, writeSequence(...list))
  }
  if (mappings !== undefined) {
    const list = mappings.map((pair) => writeSequence(...pair.map(writeObjectIdentifier)))
    yield encoded(EXTENSION.policyMappings, writeSequence(...list))
  }
  const constraints = [
    ...count(contextPrimitiveTag(0), requireExplicit),
    ...count(contextPrimitiveTag(1), inhibitMapping),
  ]
  if (constraints.length > 0) yield encoded(EXTENSION.policyConstraints, writeSequence(...constraints))
  for (const value of count(TAG.integer, inhibitAny)) yield encoded(EXTENSION.inhibitAnyPolicy, value)
}

/** A path from what its certificates say, root first; the rule looks at nothing else of them. */
async function pathOf(...says: readonly Says[]): Promise<readonly Certificate[]> {
  const keys = await generateKeys()
  const path: Forged[] = []
  for (const [index, each] of says.entries()) {
    const issuer = path.at(-1)
    const extensions = [...extensionsOf(each)]
    const common = { subject: `Member ${index}`, keys, ca: index < says.length - 1, extensions }
    path.push(await forge(issuer === undefined ? common : { ...common, issuer }))
  }
  return path.map(({ certificate }) => certificate).toReversed()
}

async function codeOf(policies: PolicyDemand, ...says: readonly Says[]): Promise<string | undefined> {
  const path = await pathOf(...says)
  return POLICY_RULE.refuse(path, {
    ...({ atMs: 0, use: 'any', algorithms: [], pathCertificatesMax: 9 } as const),
    policies,
  })?.code
}

const EXPLICIT = { explicit: true } as const
const one = { policies: [P1] }

describe('policies', () => {
  test.each<{ what: string; demand: PolicyDemand; says: readonly Says[]; valid: boolean }>([
    { what: 'none, and nobody asks', demand: {}, says: [{}, {}, {}], valid: true },
    { what: 'none, and the caller asks', demand: EXPLICIT, says: [{}, {}, {}], valid: false },
    { what: 'the same all the way', demand: EXPLICIT, says: [{}, one, one], valid: true },
    {
      what: 'the same all the way, but not an acceptable one',
      demand: { ...EXPLICIT, acceptable: [P2] },
      says: [{}, one, one],
      valid: false,
    },
    { what: 'another below', demand: EXPLICIT, says: [{}, one, { policies: [P2] }], valid: false },
    { what: 'any above', demand: EXPLICIT, says: [{}, { policies: [ANY_POLICY] }, one], valid: true },
    {
      what: 'any above, which the caller inhibits',
      demand: { ...EXPLICIT, anyPolicyInhibited: true },
      says: [{}, { policies: [ANY_POLICY] }, one],
      valid: false,
    },
    {
      what: 'any below a CA that inhibits it',
      demand: EXPLICIT,
      says: [{}, { ...one, inhibitAny: 0 }, { policies: [ANY_POLICY] }],
      valid: false,
    },
    { what: 'a CA that asks', demand: {}, says: [{}, { requireExplicit: 0 }, {}], valid: false },
    { what: 'a leaf that asks', demand: {}, says: [{}, {}, { requireExplicit: 0 }], valid: false },
    { what: 'a root that asks', demand: {}, says: [{ requireExplicit: 0 }, {}, {}], valid: false },
    { what: 'a root that has the policy', demand: EXPLICIT, says: [one, one, one], valid: true },
    { what: 'a root that has another', demand: EXPLICIT, says: [{ policies: [P2] }, one, one], valid: false },
    {
      what: 'a mapping',
      demand: { ...EXPLICIT, acceptable: [P1] },
      says: [{}, { ...one, mappings: [[P1, P2]] }, { policies: [P2] }],
      valid: true,
    },
    {
      what: 'a mapping, which the caller inhibits',
      demand: { ...EXPLICIT, mappingInhibited: true },
      says: [{}, { ...one, mappings: [[P1, P2]] }, { policies: [P2] }],
      valid: false,
    },
    {
      what: 'a mapping, which the root inhibits',
      demand: EXPLICIT,
      says: [{ inhibitMapping: 0 }, { ...one, mappings: [[P1, P2]] }, { policies: [P2] }],
      valid: false,
    },
    {
      what: 'a mapping of a policy that only any policy covers',
      demand: { ...EXPLICIT, acceptable: [P1] },
      says: [{}, { policies: [ANY_POLICY], mappings: [[P1, P2]] }, { policies: [P2] }],
      valid: true,
    },
    {
      what: 'a mapping of any policy',
      demand: {},
      says: [{}, { ...one, mappings: [[ANY_POLICY, P2]] }, one],
      valid: false,
    },
    {
      what: 'a mapping to any policy',
      demand: {},
      says: [{}, { ...one, mappings: [[P1, ANY_POLICY]] }, one],
      valid: false,
    },
  ])('$what: valid $valid', async ({ demand, says, valid }) => {
    expect(await codeOf(demand, ...says)).toBe(valid ? undefined : 'ERR_PATH_POLICY')
  })

  test('that all map to all, which would make a tree of millions of nodes, cost no time', async () => {
    const policies = Array.from({ length: 25 }, (_, at) => `${P1}.${at}`)
    const mappings = policies.flatMap((from) => policies.map((to) => [from, to] as const))
    const ca = { policies, mappings }
    const path = await pathOf({}, ca, ca, ca, ca, ca, { policies })
    const demand = {
      atMs: 0,
      use: 'any',
      algorithms: [],
      pathCertificatesMax: 9,
      policies: EXPLICIT,
    } as const
    const startMs = performance.now()
    expect(POLICY_RULE.refuse(path, demand)).toBeUndefined()
    expect(performance.now() - startMs).toBeLessThan(200)
  })

  test('count in a validation as a whole: ERR_PATH_POLICY', async () => {
    const [leaf, issuer, root] = await pathOf({}, one, { policies: [P2] })
    if (leaf === undefined || issuer === undefined || root === undefined) throw new Error('three')
    const validation: PathValidation = {
      leaf,
      intermediates: [issuer],
      roots: [root],
      atMs: leaf.validFromMs,
      use: 'any',
    }
    expect(validatePath(validation)).toMatchObject({ valid: true })
    expect(validatePath({ ...validation, policies: EXPLICIT })).toMatchObject({
      valid: false,
      code: 'ERR_PATH_POLICY',
      rule: 'policies',
      certificate: leaf,
    })
  })
})
