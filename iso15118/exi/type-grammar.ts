import { membersOf } from '../schema/members.ts'
import type { ComplexType, ElementDeclaration } from '../schema/schema.ts'
import { automatonOf, type Label, type Place } from './automaton.ts'
import { stringDatatype, type Datatype } from './datatype.ts'
import { codeWidths, type ElementGrammar, type Production, type State, type TypeGrammar } from './grammar.ts'
import type { SchemaIndex } from './schema-index.ts'

/** What a type's grammar is made with: its schema, and the grammars of the elements it leads to. */
export interface TypeContext {
  readonly index: SchemaIndex
  readonly elementOf: (declaration: ElementDeclaration) => ElementGrammar
}

/** The grammar of text alone (EXI 1.0 §8.5.4.1.2). */
export function simpleTypeGrammar(context: TypeContext, text: Datatype): TypeGrammar {
  const start: Place = {
    steps: [{ label: { event: 'text' }, target: { steps: [], mayEnd: true, startTag: false } }],
    mayEnd: false,
    startTag: true,
  }
  const content = { text, mayBeEmpty: hasEmptyValue(text), repeated: new Set<string>() }
  return { shape: 'simple', text, start: statesOf(context, start, content) }
}

/** The grammar of a complex type (EXI 1.0 §8.5.4.1.3). */
export function complexTypeGrammar(context: TypeContext, definition: ComplexType): TypeGrammar {
  const { index } = context
  const members = membersOf(index.schema, definition)
  const ordered = members === 'ordered'
  const repeated = ordered ? [] : [...members].flatMap(([name, member]) => (member.repeated ? [name] : []))
  const text = definition.text === undefined ? undefined : index.datatype(definition.text)
  const start = automatonOf(index.schema, definition)
  return {
    shape: ordered ? 'ordered' : 'members',
    text,
    start: statesOf(context, start, {
      text: text ?? stringDatatype,
      mayBeEmpty: text !== undefined && hasEmptyValue(text),
      repeated: new Set(repeated),
    }),
  }
}

interface Content {
  readonly text: Datatype
  /** Whether text is due that may be of no characters. Mixed content has text, but is never due any. */
  readonly mayBeEmpty: boolean
  /** Names of the child elements that the object form holds in arrays. */
  readonly repeated: ReadonlySet<string>
}

/** Whether no characters are a value of the type: not so for numbers, say. */
function hasEmptyValue(datatype: Datatype): boolean {
  try {
    datatype.parse('')
    return true
  } catch {
    return false
  }
}

/** Gives event codes to the places of an automaton: a state each, linked as the places are. */
function statesOf(context: TypeContext, start: Place, content: Content): State {
  const states = new Map<Place, State>()
  const pending: { place: Place; productions: Production[] }[] = []
  const stateOf = (place: Place): State => {
    const known = states.get(place)
    if (known !== undefined) return known
    const productions: Production[] = []
    const state = { productions, ...codeWidthsOf(place, place === start, content) }
    states.set(place, state)
    pending.push({ place, productions })
    return state
  }
  const first = stateOf(start)
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { place, productions } = next
    const end: Production[] = place.mayEnd ? [{ event: 'end' }] : []
    const steps = place.steps.map(({ label, target }) =>
      productionOf(context, label, stateOf(target), content),
    )
    // §8.5.4.3: the end stands between the elements and the text.
    const text = steps.filter((production) => production.event === 'text')
    productions.push(...steps.filter((production) => production.event !== 'text'), ...end, ...text)
  }
  return first
}

function productionOf(
  { index, elementOf }: TypeContext,
  label: Label,
  next: State,
  content: Content,
): Production {
  switch (label.event) {
    case 'attribute':
      return {
        event: 'attribute',
        name: index.attributeName(label.attribute),
        datatype: index.datatype(label.attribute.type),
        next,
      }
    case 'element':
      return {
        event: 'element',
        element: elementOf(label.element),
        repeated: content.repeated.has(label.element.name),
        next,
      }
    case 'anyElement':
      return { event: 'anyElement', next }
    case 'text':
      return { event: 'text', datatype: content.text, next }
  }
}

/**
 * §8.5.4.4.1: what a place adds behind its escape. First the end where no one-part code has it; then the type and nil
 * attributes at the very start, unknown attributes (declared ones with another type as one group) in the start tag,
 * unknown elements and text everywhere.
 */
function codeWidthsOf(place: Place, first: boolean, content: Content): Omit<State, 'productions'> {
  const count = place.steps.length + (place.mayEnd ? 1 : 0)
  const second = (place.mayEnd ? 0 : 1) + (first ? 2 : 0) + (place.startTag ? 2 : 0) + 2
  // Ending there in place of a missing element would be a message without it; in place of text it is empty text.
  const textIsDue = !place.mayEnd && place.steps.some(({ label }) => label.event === 'text')
  return codeWidths(count, second, textIsDue && content.mayBeEmpty ? 0 : -1)
}
