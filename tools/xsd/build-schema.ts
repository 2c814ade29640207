import type {
  AttributeUse,
  ComplexType,
  ElementDeclaration,
  Particle,
  Schema,
  SimpleType,
  Term,
  TypeDefinition,
} from '#iso15118'

import type { Component, SchemaSet, XsdDocument } from './schema-set.ts'
import { builtInType, restrict } from './simple-type.ts'
import type { ExpandedName, XsdNode } from './xsd-document.ts'

/**
 * Reduces a schema set to {@link Schema}. What XML Schema can say and these schemas do not (all-groups, attribute
 * wildcards, lists, unions, nillable elements, restriction of complex content...) is an error here rather than a wrong grammar later.
 */
export function buildSchema(set: SchemaSet): Schema {
  return new SchemaBuilder(set).build()
}

const CHILDREN_OF_EXTENSION = ['sequence', 'choice', 'attribute']
const CHILDREN_OF_COMPLEX_TYPE = [...CHILDREN_OF_EXTENSION, 'simpleContent', 'complexContent']

/** A type while it is being built: its place is taken first, since types refer to each other in circles. */
interface TypeSlot {
  readonly name?: string
  readonly namespace: number
  definition?: SimpleType | ComplexType
}

class SchemaBuilder {
  readonly #set: SchemaSet
  readonly #namespaces: readonly string[]
  readonly #types: TypeSlot[] = []
  readonly #typeIndex = new Map<ExpandedName, number>()
  readonly #elements: ElementDeclaration[] = []
  readonly #elementIndex = new Map<ExpandedName, number>()

  constructor(set: SchemaSet) {
    this.#set = set
    this.#namespaces = [...set.namespaces].toSorted()
  }

  build(): Schema {
    for (const name of this.#set.elements.keys()) this.#globalElement(name)
    for (const name of this.#set.types.keys()) this.#globalType(name)
    const types = this.#types.map(({ definition, ...slot }): TypeDefinition => {
      if (definition === undefined) throw new Error(`type ${slot.name} was never defined`)
      return { ...slot, definition }
    })
    return { namespaces: this.#namespaces, elements: this.#elements, types }
  }

  #namespace(document: XsdDocument): number {
    return this.#namespaces.indexOf(document.namespace)
  }

  #globalElement(name: ExpandedName): number {
    const known = this.#elementIndex.get(name)
    if (known !== undefined) return known
    const component = this.#set.elements.get(name)
    if (component === undefined) throw new Error(`element ${name} is not declared`)
    const { node, document } = component
    // The head first: it gives its type to members that name none.
    const head = node.attributes.get('substitutionGroup')
    const substitutes = head === undefined ? undefined : this.#globalElement(head)
    const index = this.#addElement({
      name: required(node, 'name'),
      namespace: this.#namespace(document),
      type: -1,
      global: true,
      ...(node.attributes.get('abstract') === 'true' && { abstract: true }),
      ...(substitutes !== undefined && { substitutes }),
    })
    this.#elementIndex.set(name, index)
    this.#setElementType(index, this.#typeOf(component, substitutes))
    return index
  }

  #addElement(element: ElementDeclaration): number {
    return this.#elements.push(element) - 1
  }

  #setElementType(index: number, type: number): void {
    const element = this.#elements[index]
    if (element !== undefined) this.#elements[index] = { ...element, type }
  }

  /** The type of an element or attribute: named, anonymous inside it, or its head's. */
  #typeOf({ node, document }: Component, substitutes?: number): number {
    if (node.attributes.get('nillable') === 'true') throw new Error('nillable elements are not supported')
    const name = node.attributes.get('type')
    if (name !== undefined) return this.#globalType(name)
    const anonymous = node.children.find(
      (child) => child.kind === 'complexType' || child.kind === 'simpleType',
    )
    if (anonymous !== undefined) {
      return this.#addType({ node: anonymous, document }, { namespace: this.#namespace(document) })
    }
    const inherited = substitutes === undefined ? undefined : this.#elements[substitutes]?.type
    if (inherited === undefined) throw new Error(`${node.kind} ${node.attributes.get('name')} has no type`)
    return inherited
  }

  #globalType(name: ExpandedName): number {
    const known = this.#typeIndex.get(name)
    if (known !== undefined) return known
    const builtIn = builtInType(name)
    if (builtIn !== undefined) {
      const index = this.#types.push({ namespace: -1, definition: builtIn }) - 1
      this.#typeIndex.set(name, index)
      return index
    }
    const component = this.#set.types.get(name)
    if (component === undefined) throw new Error(`type ${name} is not defined or not supported`)
    const slot: TypeSlot = {
      name: required(component.node, 'name'),
      namespace: this.#namespace(component.document),
    }
    return this.#addType(component, slot, name)
  }

  #addType(component: Component, slot: TypeSlot, name?: ExpandedName): number {
    const index = this.#types.push(slot) - 1
    if (name !== undefined) this.#typeIndex.set(name, index)
    slot.definition =
      component.node.kind === 'simpleType' ? this.#simpleType(component) : this.#complexType(component)
    return index
  }

  #simpleType({ node, document }: Component): SimpleType {
    const restriction = onlyChild(node, ['restriction'])
    const base = restriction.attributes.get('base')
    if (base === undefined) throw new Error('restriction of an anonymous type is not supported')
    return restrict(this.#simpleDefinition(base, document), restriction)
  }

  #simpleDefinition(name: ExpandedName, document: XsdDocument): SimpleType {
    const definition = this.#types[this.#globalType(name)]?.definition
    if (definition === undefined || definition.kind === 'complex') {
      throw new Error(`${name} in ${document.namespace} is not a simple type`)
    }
    return definition
  }

  #complexType({ node, document }: Component): ComplexType {
    assertChildren(node, CHILDREN_OF_COMPLEX_TYPE)
    const derived = node.children.find((child) => child.kind.endsWith('Content'))
    if (derived !== undefined) return this.#extension(onlyChild(derived, ['extension']), document)
    return {
      kind: 'complex',
      attributes: this.#attributes(node, document),
      ...this.#particleOf(node, document),
      ...(node.attributes.get('mixed') === 'true' && { mixed: true }),
    }
  }

  /** An extension has its base's attributes and content first, then its own. */
  #extension(node: XsdNode, document: XsdDocument): ComplexType {
    assertChildren(node, CHILDREN_OF_EXTENSION)
    const baseIndex = this.#globalType(required(node, 'base'))
    const base = this.#types[baseIndex]?.definition
    if (base === undefined) throw new Error(`type ${required(node, 'base')} extends itself`)
    const attributes = this.#attributes(node, document)
    if (base.kind !== 'complex') return { kind: 'complex', attributes, text: baseIndex }
    const own = this.#particleOf(node, document).particle
    const particles = [base.particle, own].filter((particle) => particle !== undefined)
    const [single, second] = particles
    return {
      ...base,
      attributes: [...base.attributes, ...attributes],
      ...(single !== undefined && {
        particle: second === undefined ? single : { min: 1, max: 1, term: { sequence: particles } },
      }),
    }
  }

  #attributes(node: XsdNode, document: XsdDocument): AttributeUse[] {
    return node.children
      .filter((child) => child.kind === 'attribute')
      .map((attribute) => {
        const qualified = isQualified(attribute, document.attributesQualified)
        return {
          name: required(attribute, 'name'),
          namespace: qualified ? this.#namespace(document) : null,
          type: this.#typeOf({ node: attribute, document }),
          ...(attribute.attributes.get('use') === 'required' && { required: true }),
        }
      })
  }

  #particleOf(node: XsdNode, document: XsdDocument): { particle?: Particle } {
    const group = node.children.find((child) => child.kind === 'sequence' || child.kind === 'choice')
    return group === undefined ? {} : { particle: this.#particle(group, document) }
  }

  #particle(node: XsdNode, document: XsdDocument): Particle {
    const max = node.attributes.get('maxOccurs') ?? '1'
    return {
      min: Number(node.attributes.get('minOccurs') ?? '1'),
      max: max === 'unbounded' ? null : Number(max),
      term: this.#term(node, document),
    }
  }

  #term(node: XsdNode, document: XsdDocument): Term {
    const particles = (): Particle[] => node.children.map((child) => this.#particle(child, document))
    switch (node.kind) {
      case 'sequence':
        return { sequence: particles() }
      case 'choice':
        return { choice: particles() }
      case 'element':
        return { element: this.#elementOf(node, document) }
      case 'any':
        return this.#wildcard(node)
      default:
        throw new Error(`${node.kind} in a content model is not supported`)
    }
  }

  #wildcard(node: XsdNode): Term {
    const namespace = node.attributes.get('namespace') ?? '##any'
    if (namespace !== '##any' && namespace !== '##other')
      throw new Error(`wildcard ${namespace} is not supported`)
    return { any: true }
  }

  #elementOf(node: XsdNode, document: XsdDocument): number {
    const ref = node.attributes.get('ref')
    if (ref !== undefined) return this.#globalElement(ref)
    if (!isQualified(node, document.elementsQualified))
      throw new Error('unqualified elements are not supported')
    const index = this.#addElement({
      name: required(node, 'name'),
      namespace: this.#namespace(document),
      type: -1,
    })
    this.#setElementType(index, this.#typeOf({ node, document }))
    return index
  }
}

function isQualified(node: XsdNode, byDefault: boolean): boolean {
  const form = node.attributes.get('form')
  return form === undefined ? byDefault : form === 'qualified'
}

function required(node: XsdNode, attribute: string): string {
  const value = node.attributes.get(attribute)
  if (value === undefined) throw new Error(`${node.kind} without ${attribute}`)
  return value
}

function assertChildren(node: XsdNode, kinds: readonly string[]): void {
  const unknown = node.children.find(({ kind }) => !kinds.includes(kind))
  if (unknown !== undefined) throw new Error(`${unknown.kind} in ${node.kind} is not supported`)
}

function onlyChild(node: XsdNode, kinds: readonly string[]): XsdNode {
  const [child, second] = node.children
  if (child === undefined || second !== undefined || !kinds.includes(child.kind)) {
    throw new Error(`${node.kind} must hold just one of: ${kinds.join(', ')}`)
  }
  return child
}
