import { membersOf } from '../schema/members.ts'
import type { ComplexType, ElementDeclaration } from '../schema/schema.ts'
import { compareAttributes } from './automaton.ts'
import { stringDatatype, type Datatype } from './datatype.ts'
import { codeWidths, type ElementGrammar, type Production, type State, type TypeGrammar } from './grammar.ts'
import type { ExiName } from './name.ts'
import type { SchemaIndex } from './schema-index.ts'

/**
 * The relaxed grammar of EXI 1.0 §8.5.3, for an element name that a schema declares with several types: any attribute
 * and any element of the schema, then text. In ISO 15118-2 that is eMAID, and only in fragments. Every event has its
 * code, but only those that one of the declarations knows are accepted.
 *
 * `elements` gives the elements of a fragment; it is asked when the grammar is first used, as they include this one.
 */
export function relaxedGrammar(
  index: SchemaIndex,
  declarations: readonly ElementDeclaration[],
  elements: () => readonly ElementGrammar[],
): TypeGrammar {
  const types = declarations.map(({ type }) => index.definition(type))
  const complex = types.filter((type) => type.kind === 'complex')
  const attributes = new Set(
    complex.flatMap((type) => type.attributes.map((use) => index.attributeName(use))),
  )
  const children = new Set(complex.flatMap((type) => childNames(index, type)))
  const hasText = complex.length < types.length || complex.some((type) => type.text !== undefined)
  let state: State | undefined
  const start = (): State => (state ??= startState(index, elements(), { attributes, children }))
  return {
    shape: 'members',
    text: hasText ? stringDatatype : undefined,
    get start() {
      return start()
    },
  }
}

function childNames(index: SchemaIndex, type: ComplexType): ExiName[] {
  const members = membersOf(index.schema, type)
  if (members === 'ordered') throw new Error('no relaxed grammar for ordered content')
  return [...members.values()].map(({ element }) => index.elementName(element))
}

interface Accepted {
  readonly attributes: ReadonlySet<ExiName>
  readonly children: ReadonlySet<ExiName>
}

function startState(index: SchemaIndex, elements: readonly ElementGrammar[], accepted: Accepted): State {
  const content = contentState(elements, accepted)
  const all = allAttributes(index)
  const productions: Production[] = []
  const start: State = { productions, ...codeWidths(all.length + 1 + content.productions.length, 6) }
  productions.push(
    ...all.map(([name, datatype]): Production =>
      accepted.attributes.has(name)
        ? { event: 'attribute', name, datatype, next: start }
        : { event: 'deviation' },
    ),
    { event: 'deviation' }, // any attribute
    ...content.productions,
  )
  return start
}

function contentState(elements: readonly ElementGrammar[], { children }: Accepted): State {
  const productions: Production[] = []
  const content: State = { productions, ...codeWidths(elements.length + 3, 2) }
  productions.push(
    ...elements.map((element): Production =>
      children.has(element.name)
        ? { event: 'element', element, repeated: false, next: content }
        : { event: 'deviation' },
    ),
    { event: 'deviation' }, // any element
    { event: 'end' },
    { event: 'text', datatype: stringDatatype, next: content },
  )
  return content
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
