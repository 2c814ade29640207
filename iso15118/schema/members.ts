import type { ComplexType, ElementDeclaration, Particle, Schema } from './schema.ts'

/** A child element as a member of the object that stands for its parent. */
export interface Member {
  readonly element: ElementDeclaration
  readonly optional: boolean
  /** May occur more than once, so the member is an array, also when it holds one item. */
  readonly repeated: boolean
}

/** The member of text content beside attributes. */
export const VALUE = '$value'
/** The member of content whose order matters: mixed text, wildcards and repeated groups. */
export const CONTENT = '$content'

/**
 * The child elements of a complex type by name, in schema order, or `'ordered'` when only a list can hold its content:
 * text may stand between elements, foreign elements may appear, or a group of elements repeats.
 */
export function membersOf(schema: Schema, type: ComplexType): ReadonlyMap<string, Member> | 'ordered' {
  if (type.mixed === true || (type.particle !== undefined && needsOrder(type.particle))) return 'ordered'
  return new Map(
    occurrencesOf(schema, type.particle).map(({ element, min, max }) => [
      element.name,
      { element, optional: min === 0, repeated: max > 1 },
    ]),
  )
}

/** An element and everything that may stand in its place, sorted as EXI 1.0 §8.5.4.1.6 wants, abstract ones included. */
export function substitutionGroupOf(schema: Schema, index: number): readonly ElementDeclaration[] {
  const group = new Set([index])
  // A set grows while it is walked, which follows chains of substitution.
  for (const head of group) {
    schema.elements.forEach((element, member) => {
      if (element.substitutes === head) group.add(member)
    })
  }
  return schema.elements
    .filter((_, member) => group.has(member))
    .toSorted((a, b) => compareText(a.name, b.name) || a.namespace - b.namespace)
}

/** Orders text by code point, as EXI sorts names; `localeCompare` would not. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function needsOrder({ term, max }: Particle): boolean {
  if ('element' in term) return false
  if ('any' in term) return true
  const particles = 'sequence' in term ? term.sequence : term.choice
  return (max !== 1 && particles.length > 0) || particles.some(needsOrder)
}

interface Occurrence {
  readonly element: ElementDeclaration
  readonly min: number
  readonly max: number
}

function occurrencesOf(schema: Schema, particle: Particle | undefined): Occurrence[] {
  if (particle === undefined || 'any' in particle.term) return []
  const { term, min } = particle
  const max = particle.max ?? Infinity
  if ('element' in term) {
    const group = substitutionGroupOf(schema, term.element).filter((element) => element.abstract !== true)
    return group.map((element) => ({ element, min: group.length > 1 ? 0 : min, max }))
  }
  const parts = ('sequence' in term ? term.sequence : term.choice).map((part) => occurrencesOf(schema, part))
  const optional = min === 0 || 'choice' in term
  return merge(parts.flat()).map((one) => (optional ? { ...one, min: 0 } : one))
}

/** One entry for a name: the branches of a choice, or places of a sequence, may repeat it. */
function merge(occurrences: readonly Occurrence[]): Occurrence[] {
  const byName = new Map<string, Occurrence>()
  for (const one of occurrences) {
    const other = byName.get(one.element.name)
    byName.set(one.element.name, other === undefined ? one : { ...one, min: Math.min(one.min, other.min) })
  }
  return [...byName.values()]
}
