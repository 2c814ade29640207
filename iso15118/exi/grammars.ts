import { compareText } from '../schema/members.ts'
import type { ElementDeclaration, Schema } from '../schema/schema.ts'
import { bitsFor } from './datatype.ts'
import type { ElementGrammar, Root, TypeGrammar } from './grammar.ts'
import type { ExiName } from './name.ts'
import { relaxedGrammar } from './relaxed-grammar.ts'
import { SchemaIndex } from './schema-index.ts'
import { complexTypeGrammar, simpleTypeGrammar } from './type-grammar.ts'

/**
 * The schema-informed grammars of a schema (EXI 1.0 §8.5), non-strict with default fidelity: comments, processing
 * instructions, prefixes and self-contained elements have no productions. Each is made when it is first needed.
 */
export class Grammars {
  readonly index: SchemaIndex
  readonly #types = new Map<number, TypeGrammar>()
  readonly #elements = new Map<ElementDeclaration, ElementGrammar>()
  #document: Root | undefined
  #fragment: Root | undefined

  constructor(schema: Schema) {
    this.index = new SchemaIndex(schema)
  }

  /** The global element of that name. */
  globalElement({ namespace, name }: ExiName): ElementGrammar | undefined {
    return this.document.elements.find(
      (element) => element.name.name === name && element.name.namespace === namespace,
    )
  }

  /** §8.5.1: every global element, then any other. */
  get document(): Root {
    if (this.#document === undefined) {
      const elements = this.#sorted(this.index.schema.elements.filter((element) => element.global === true))
      this.#document = { elements, width: bitsFor(elements.length + 1) }
    }
    return this.#document
  }

  /** §8.5.2: every element name of the schema, then any other, then the end. */
  get fragment(): Root {
    if (this.#fragment === undefined) {
      const elements = this.#sorted(this.index.schema.elements)
      this.#fragment = { elements, width: bitsFor(elements.length + 2) }
    }
    return this.#fragment
  }

  /** The elements by name, once each, ordered by local name and then by namespace. */
  #sorted(declarations: readonly ElementDeclaration[]): ElementGrammar[] {
    const byName = Map.groupBy(declarations, (declaration) => this.index.elementName(declaration))
    return [...byName]
      .toSorted(([a], [b]) => compareText(a.name, b.name) || compareText(a.namespace, b.namespace))
      .map(([name, same]) => this.#agreedElement(name, same))
  }

  /** One grammar for all declarations of a name: theirs when they share a type, else the relaxed one of §8.5.3. */
  #agreedElement(name: ExiName, declarations: readonly ElementDeclaration[]): ElementGrammar {
    const [first, ...others] = declarations
    if (first !== undefined && others.every((other) => other.type === first.type)) return this.#element(first)
    const type = relaxedGrammar(this.index, declarations, () => this.fragment.elements.length)
    return { name, abstract: false, type }
  }

  #element(declaration: ElementDeclaration): ElementGrammar {
    const known = this.#elements.get(declaration)
    if (known !== undefined) return known
    // Types refer to each other in circles, so a type waits until a message goes there.
    let type: TypeGrammar | undefined
    const makeType = (): TypeGrammar => (type = this.#type(declaration.type))
    const element: ElementGrammar = {
      name: this.index.elementName(declaration),
      abstract: declaration.abstract === true,
      get type() {
        return type ?? makeType()
      },
    }
    this.#elements.set(declaration, element)
    return element
  }

  #type(type: number): TypeGrammar {
    const known = this.#types.get(type)
    if (known !== undefined) return known
    const context = {
      index: this.index,
      elementOf: (declaration: ElementDeclaration) => this.#element(declaration),
    }
    const definition = this.index.definition(type)
    const grammar =
      definition.kind === 'complex'
        ? complexTypeGrammar(context, definition)
        : simpleTypeGrammar(context, this.index.datatype(type))
    this.#types.set(type, grammar)
    return grammar
  }
}
