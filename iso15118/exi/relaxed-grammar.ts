import type { ElementDeclaration } from '../schema/schema.ts'
import { compareAttributes } from './automaton.ts'
import { stringDatatype, type Datatype } from './datatype.ts'
import { codeWidths, type Production, type State, type TypeGrammar } from './grammar.ts'
import type { ExiName } from './name.ts'
import type { SchemaIndex } from './schema-index.ts'

/**
 * The relaxed grammar of EXI 1.0 §8.5.3, for an element name that a schema declares with several types: any attribute
 * and any element of the schema, then text. In ISO 15118-2 that is eMAID, and only in fragments. Every event has its
 * code, but only those that one of the declarations knows are accepted: their attributes, each once and in the order
 * of the codes, then their text. Declarations with child elements are in none of the schemas, and not supported.
 *
 * `elementCount` counts the elements of a fragment; it is asked when the grammar is first used, as they include this one.
 */
export function relaxedGrammar(
  index: SchemaIndex,
  declarations: readonly ElementDeclaration[],
  elementCount: () => number,
): TypeGrammar {
  const uses = declarations.flatMap(({ name, type }) => {
    const definition = index.definition(type)
    if (definition.kind !== 'complex') return []
    if (definition.text === undefined) throw new Error(`no relaxed grammar for the child elements of ${name}`)
    return definition.attributes
  })
  const accepted = new Set(uses.map((use) => index.attributeName(use)))
  let state: State | undefined
  const start = (): State => (state ??= startState(index, accepted, elementCount()))
  return {
    shape: 'members',
    text: stringDatatype,
    get start() {
      return start()
    },
  }
}

const DEVIATION: Production = { event: 'deviation' }

function startState(index: SchemaIndex, accepted: ReadonlySet<ExiName>, elementCount: number): State {
  const content = contentState(elementCount)
  const all = allAttributes(index)
  const stateOf = (attributes: readonly Production[]): State => {
    // The one between them is any attribute.
    const productions = [...attributes, DEVIATION, ...content.productions]
    return { productions, ...codeWidths(productions.length, 6) }
  }
  return all.reduceRight(
    (next, [name, datatype], code): State => {
      if (!accepted.has(name)) return next
      const attributes = next.productions.slice(0, all.length)
      return stateOf(attributes.with(code, { event: 'attribute', name, datatype, next }))
    },
    stateOf(all.map(() => DEVIATION)),
  )
}

/** The elements, any element, the end, text. */
function contentState(elementCount: number): State {
  const elements = Array.from({ length: elementCount + 1 }, () => DEVIATION)
  const stateOf = (text: Production): State => {
    const productions: Production[] = [...elements, { event: 'end' }, text]
    return { productions, ...codeWidths(productions.length, 2) }
  }
  return stateOf({ event: 'text', datatype: stringDatatype, next: stateOf(DEVIATION) })
}

/** Every attribute name of the schema in EXI's order; a name with several types is text. */
function allAttributes(index: SchemaIndex): [ExiName, Datatype][] {
  const uses = index.schema.types.flatMap(({ definition }) =>
    definition.kind === 'complex' ? definition.attributes : [],
  )
  const types = new Map<ExiName, Set<number>>()
  for (const use of uses.toSorted(compareAttributes(index.schema))) {
    const name = index.attributeName(use)
    types.set(name, (types.get(name) ?? new Set()).add(use.type))
  }
  return [...types].map(([name, [type = -1, ...others]]) => [
    name,
    others.length === 0 ? index.datatype(type) : stringDatatype,
  ])
}
