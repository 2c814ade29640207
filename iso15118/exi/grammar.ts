import { compareText, CONTENT, membersOf, VALUE } from '../schema/members.ts'
import type { AttributeUse, ComplexType, ElementDeclaration, Schema, SimpleType } from '../schema/schema.ts'
import { automatonOf, compareAttributes, type Label, type Place } from './automaton.ts'
import { bitsFor, datatypeOf, stringDatatype, type Datatype } from './datatype.ts'
import { NameTable, type ExiName } from './name.ts'

/** How a type's value looks as an object, which `ExiElement` describes. */
export type Shape = 'simple' | 'members' | 'ordered'

/** An element that a grammar leads to. */
export interface ElementGrammar {
  readonly name: ExiName
  readonly abstract: boolean
  readonly type: TypeGrammar
}

/** The grammar of a type, made when it is first needed. */
export interface TypeGrammar {
  readonly shape: Shape
  readonly start: State
  /** The type of the text, for simple types and simple content. */
  readonly text: Datatype | undefined
}

/** One event that is possible in a {@link State}; its place in the list is its event code. */
export type Production =
  | {
      readonly event: 'attribute'
      readonly name: ExiName
      readonly datatype: Datatype
      readonly next: State
    }
  | {
      readonly event: 'element'
      readonly element: ElementGrammar
      /** Whether the object form holds an array under the element's name. */
      readonly repeated: boolean
      readonly next: State
    }
  | { readonly event: 'anyElement'; readonly next: State }
  /** Has an event code and no place in a message: see {@link Grammars}' relaxed grammar. */
  | { readonly event: 'deviation' }
  | { readonly event: 'text'; readonly datatype: Datatype; readonly next: State }
  | { readonly event: 'end' }

/** A place in an element: the events with a one-part code, and how wide their code and that of the escape is. */
export interface State {
  readonly productions: readonly Production[]
  readonly width: number
  /** Bits of the second part behind the escape, which is the code `productions.length`. */
  readonly secondWidth: number
  /** The second part that stands for empty text where text is due, -1 elsewhere. Other second parts are deviations. */
  readonly secondEnd: number
}

/** Where a document or fragment begins: the elements that may come, sorted; behind them `SE(*)` and, in a fragment, the end. */
export interface Root {
  readonly elements: readonly ElementGrammar[]
  readonly width: number
}

/**
 * The schema-informed grammars of a schema (EXI 1.0 §8.5), non-strict with default fidelity: comments, processing
 * instructions, prefixes and self-contained elements have no productions.
 */
export class Grammars {
  readonly #schema: Schema
  readonly #names = new NameTable()
  readonly #types = new Map<number, TypeGrammar>()
  readonly #elements = new Map<ElementDeclaration, ElementGrammar>()
  readonly #datatypes = new Map<SimpleType, Datatype>()
  readonly #localNames = new Map<string, readonly string[]>()
  #document: Root | undefined
  #fragment: Root | undefined

  constructor(schema: Schema) {
    this.#schema = schema
  }

  get namespaces(): readonly string[] {
    return this.#schema.namespaces
  }

  name(namespace: string, name: string): ExiName {
    return this.#names.name(namespace, name)
  }

  /** The global element of that name. */
  globalElement({ namespace, name }: ExiName): ElementGrammar | undefined {
    return this.document.elements.find(
      (element) => element.name.name === name && element.name.namespace === namespace,
    )
  }

  /** The local names of a namespace as its string table begins (EXI 1.0 §7.3.1): elements, attributes and types, sorted. */
  localNames(namespace: string): readonly string[] {
    const known = this.#localNames.get(namespace)
    if (known !== undefined) return known
    const index = namespace === '' ? null : this.#schema.namespaces.indexOf(namespace)
    const names = new Set<string>()
    for (const element of this.#schema.elements) if (element.namespace === index) names.add(element.name)
    for (const { name, namespace: own, definition } of this.#schema.types) {
      if (name !== undefined && own === index) names.add(name)
      if (definition.kind !== 'complex') continue
      for (const attribute of definition.attributes)
        if (attribute.namespace === index) names.add(attribute.name)
    }
    const sorted = [...names].toSorted(compareText)
    this.#localNames.set(namespace, sorted)
    return sorted
  }

  /** §8.5.1: every global element. */
  get document(): Root {
    if (this.#document === undefined) {
      const elements = this.#sorted(this.#schema.elements.filter((element) => element.global === true))
      this.#document = { elements, width: bitsFor(elements.length + 1) }
    }
    return this.#document
  }

  /** §8.5.2: every element name of the schema, with the relaxed grammar of §8.5.3 where declarations disagree. */
  get fragment(): Root {
    if (this.#fragment === undefined) {
      const elements = this.#sorted(this.#schema.elements)
      this.#fragment = { elements, width: bitsFor(elements.length + 2) }
    }
    return this.#fragment
  }

  /** The elements by name, once each, ordered by local name and then by namespace. */
  #sorted(declarations: readonly ElementDeclaration[]): ElementGrammar[] {
    const byName = new Map<ExiName, ElementDeclaration[]>()
    for (const declaration of declarations) {
      const name = this.#elementName(declaration)
      const same = byName.get(name)
      if (same === undefined) byName.set(name, [declaration])
      else same.push(declaration)
    }
    return [...byName]
      .toSorted(([a], [b]) => compareNames(a, b))
      .map(([name, [first, ...others]]) => {
        if (first === undefined) throw new Error('unreachable: a name without a declaration')
        const agreed = others.every((other) => other.type === first.type)
        return agreed
          ? this.#element(first)
          : { name, abstract: false, type: this.#relaxed([first, ...others]) }
      })
  }

  #elementName({ name, namespace }: ElementDeclaration): ExiName {
    return this.#names.name(this.#schema.namespaces[namespace] ?? '', name)
  }

  #attributeName({ name, namespace }: AttributeUse): ExiName {
    return this.#names.name(namespace === null ? '' : (this.#schema.namespaces[namespace] ?? ''), name)
  }

  #element(declaration: ElementDeclaration): ElementGrammar {
    const known = this.#elements.get(declaration)
    if (known !== undefined) return known
    let type: TypeGrammar | undefined
    const makeType = (): TypeGrammar => (type = this.#type(declaration.type))
    const element: ElementGrammar = {
      name: this.#elementName(declaration),
      abstract: declaration.abstract === true,
      get type() {
        return type ?? makeType()
      },
    }
    this.#elements.set(declaration, element)
    return element
  }

  #type(index: number): TypeGrammar {
    const known = this.#types.get(index)
    if (known !== undefined) return known
    const definition = this.#schema.types[index]?.definition
    if (definition === undefined) throw new Error(`unreachable: no type ${index}`)
    const type = definition.kind === 'complex' ? this.#complex(definition) : this.#simple(definition)
    this.#types.set(index, type)
    return type
  }

  #simple(definition: SimpleType): TypeGrammar {
    const text = this.#datatype(definition)
    const place: Place = {
      steps: [{ label: { event: 'text' }, target: { steps: [], mayEnd: true, startTag: false } }],
      mayEnd: false,
      startTag: true,
    }
    return { shape: 'simple', text, start: this.#states(place, text, new Set()) }
  }

  #complex(definition: ComplexType): TypeGrammar {
    const members = membersOf(this.#schema, definition)
    const ordered = members === 'ordered'
    const repeated = new Set(
      ordered ? [] : [...members].filter(([, member]) => member.repeated).map(([name]) => name),
    )
    const text = definition.text === undefined ? undefined : this.#datatypeAt(definition.text)
    return {
      shape: ordered ? 'ordered' : 'members',
      text,
      start: this.#states(automatonOf(this.#schema, definition), text ?? stringDatatype, repeated),
    }
  }

  #datatypeAt(index: number): Datatype {
    const definition = this.#schema.types[index]?.definition
    if (definition === undefined || definition.kind === 'complex')
      throw new Error(`unreachable: ${index} is not simple`)
    return this.#datatype(definition)
  }

  #datatype(definition: SimpleType): Datatype {
    const known = this.#datatypes.get(definition)
    if (known !== undefined) return known
    const datatype = datatypeOf(definition)
    this.#datatypes.set(definition, datatype)
    return datatype
  }

  /** Gives event codes to the places of an automaton: a state each, linked as the places are. */
  #states(start: Place, text: Datatype, repeated: ReadonlySet<string>): State {
    const states = new Map<Place, State>()
    const pending: { place: Place; productions: Production[] }[] = []
    const stateOf = (place: Place): State => {
      const known = states.get(place)
      if (known !== undefined) return known
      const productions: Production[] = []
      const state = { productions, ...codeWidths(place, place === start) }
      states.set(place, state)
      pending.push({ place, productions })
      return state
    }
    const first = stateOf(start)
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const { place, productions } = next
      for (const { label, target } of place.steps) {
        if (label.event === 'text' && place.mayEnd) productions.push({ event: 'end' })
        productions.push(this.#production(label, stateOf(target), text, repeated))
      }
      if (place.mayEnd && !productions.some((production) => production.event === 'end'))
        productions.push({ event: 'end' })
    }
    return first
  }

  #production(label: Label, next: State, text: Datatype, repeated: ReadonlySet<string>): Production {
    switch (label.event) {
      case 'attribute': {
        const { attribute } = label
        return {
          event: 'attribute',
          name: this.#attributeName(attribute),
          datatype: this.#datatypeAt(attribute.type),
          next,
        }
      }
      case 'element': {
        const element = this.#element(label.element)
        return { event: 'element', element, repeated: repeated.has(label.element.name), next }
      }
      case 'anyElement':
        return { event: 'anyElement', next }
      case 'text':
        return { event: 'text', datatype: text, next }
    }
  }

  /**
   * The relaxed grammar of EXI 1.0 §8.5.3, for an element name that is declared with several types: any attribute and
   * any element of the schema, then text. In ISO 15118-2 that is eMAID, and only in fragments. Every event has its
   * code, but only those that one of the declarations knows are accepted.
   */
  #relaxed(declarations: readonly ElementDeclaration[]): TypeGrammar {
    const types = declarations.flatMap(({ type }) => this.#schema.types[type]?.definition ?? [])
    const complex = types.filter((type) => type.kind === 'complex')
    const attributes = new Set(
      complex.flatMap((type) => type.attributes.map((use) => this.#attributeName(use))),
    )
    const children = new Set(complex.flatMap((type) => [...this.#childNames(type)]))
    const hasText = complex.length < types.length || complex.some((type) => type.text !== undefined)
    let state: State | undefined
    const start = (): State => (state ??= this.#relaxedStart(attributes, children))
    return {
      shape: 'members',
      text: hasText ? stringDatatype : undefined,
      get start() {
        return start()
      },
    }
  }

  #childNames(type: ComplexType): ExiName[] {
    const members = membersOf(this.#schema, type)
    if (members === 'ordered') throw new Error('no relaxed grammar for ordered content')
    return [...members.values()].map(({ element }) => this.#elementName(element))
  }

  #relaxedStart(attributes: ReadonlySet<ExiName>, children: ReadonlySet<ExiName>): State {
    const { elements } = this.fragment
    const contentProductions: Production[] = []
    const content: State = {
      productions: contentProductions,
      ...codeWidthsOf(elements.length + 3, 2),
    }
    contentProductions.push(
      ...elements.map((element): Production =>
        children.has(element.name)
          ? { event: 'element', element, repeated: false, next: content }
          : { event: 'deviation' },
      ),
      { event: 'deviation' }, // any element
      { event: 'end' },
      { event: 'text', datatype: stringDatatype, next: content },
    )
    const all = this.#allAttributes()
    const startProductions: Production[] = []
    const start: State = {
      productions: startProductions,
      ...codeWidthsOf(all.length + 1 + contentProductions.length, 6),
    }
    startProductions.push(
      ...all.map(([name, datatype]): Production =>
        attributes.has(name) ? { event: 'attribute', name, datatype, next: start } : { event: 'deviation' },
      ),
      { event: 'deviation' }, // any attribute
      ...contentProductions,
    )
    return start
  }

  /** Every attribute name of the schema in EXI's order; a name with several types is text. */
  #allAttributes(): [ExiName, Datatype][] {
    const byName = new Map<ExiName, { use: AttributeUse; datatype: Datatype }>()
    for (const { definition } of this.#schema.types) {
      if (definition.kind !== 'complex') continue
      for (const use of definition.attributes) {
        const name = this.#attributeName(use)
        const known = byName.get(name)
        const agreed = known === undefined || known.use.type === use.type
        byName.set(name, { use, datatype: agreed ? this.#datatypeAt(use.type) : stringDatatype })
      }
    }
    const compare = compareAttributes(this.#schema)
    return [...byName]
      .toSorted(([, a], [, b]) => compare(a.use, b.use))
      .map(([name, { datatype }]) => [name, datatype])
  }
}

/**
 * §8.5.4.4.1: what a place adds behind its escape. First the end where no one-part code has it; then the type and nil
 * attributes at the very start, unknown attributes (declared ones with another type as one group) in the start tag,
 * unknown elements and text everywhere.
 */
function codeWidths(place: Place, first: boolean): Omit<State, 'productions'> {
  const count = place.steps.length + (place.mayEnd ? 1 : 0)
  const second = (place.mayEnd ? 0 : 1) + (first ? 2 : 0) + (place.startTag ? 2 : 0) + 2
  // Ending there in place of a missing element would be a message without it; in place of text it is empty text.
  const mayBeEmpty = !place.mayEnd && place.steps.every(({ label }) => label.event === 'text')
  return codeWidthsOf(count, second, mayBeEmpty ? 0 : -1)
}

function codeWidthsOf(count: number, second: number, secondEnd = -1): Omit<State, 'productions'> {
  return { width: bitsFor(count + 1), secondWidth: bitsFor(second), secondEnd }
}

function compareNames(a: ExiName, b: ExiName): number {
  return compareText(a.name, b.name) || compareText(a.namespace, b.namespace)
}

export { CONTENT, VALUE }
