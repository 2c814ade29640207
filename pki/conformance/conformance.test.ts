/**
 * Judges from outside. A case with another outcome than expected must stand in the suite's text file with its reason;
 * a line whose case has come right must be removed, so the files can only shrink; so can the numbers below.
 */
import { readFileSync } from 'node:fs'

import { expect, describe, test } from 'vitest'

import { hasShared } from '../testing/shared.ts'
import { type Judged, outcomeOf } from './judged.ts'
import { limboCases } from './limbo.ts'
import { pkitsCases } from './pkits.ts'

/** Lines of `<case> accepts|refuses <reason>`; `#` begins a comment. */
function deviationsOf(file: string): ReadonlyMap<string, string> {
  const lines = readFileSync(new URL(file, import.meta.url), 'utf8').split('\n')
  return new Map(
    lines
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => /^(\S+) (accepts|refuses) \S/.exec(line))
      .map((match) => [match?.[1] ?? 'unreadable line', match?.[2] ?? '']),
  )
}

function judge(cases: readonly Judged[], file: string, { deviationsMax }: { deviationsMax: number }): void {
  const deviations = deviationsOf(file)
  test.each(cases)('$id: $expected', (judged) => {
    const outcome = outcomeOf(judged)
    expect(deviations.get(judged.id)).toBe(outcome === judged.expected ? undefined : outcome)
  })
  test('there are no more deviations than there were', () => {
    expect(deviations.size).toBeLessThanOrEqual(deviationsMax)
  })
  test('every deviation is a case', () => {
    const ids = new Set(cases.map(({ id }) => id))
    expect([...deviations.keys()].filter((id) => !ids.has(id))).toEqual([])
  })
}

describe.skipIf(!hasShared)('NIST PKITS (not run without ../shared)', () => {
  judge(pkitsCases(), 'pkits-deviations.txt', { deviationsMax: 1 })
})

describe.skipIf(!hasShared)('x509-limbo (not run without ../shared)', () => {
  judge(limboCases(), 'limbo-deviations.txt', { deviationsMax: 48 })
})
