import { substitutionGroupOf } from '../schema/members.ts'
import type { AttributeUse, ComplexType, ElementDeclaration, Particle, Schema } from '../schema/schema.ts'

/** What may happen at a place in an element, before it has an event code. */
export type Label =
  | { readonly event: 'attribute'; readonly attribute: AttributeUse }
  /** `order` is the place of the particle in the schema, which decides event codes (EXI 1.0 §8.5.4.3). */
  | { readonly event: 'element'; readonly element: ElementDeclaration; readonly order: number }
  | { readonly event: 'anyElement' }
  | { readonly event: 'text' }

interface Edge {
  readonly label: Label
  readonly target: Node
}

interface Node {
  readonly id: number
  /** Whether it lies behind the attributes. */
  readonly content: boolean
  readonly epsilons: Node[]
  readonly edges: Edge[]
}

/** A place in a type's content model: what may come next, and where that leads. */
export interface Place {
  readonly steps: readonly { readonly label: Label; readonly target: Place }[]
  readonly mayEnd: boolean
  /** Whether only attributes lie behind: such a place may be left by attributes the schema does not know (§8.5.4.4.1). */
  readonly startTag: boolean
}

/**
 * Turns a complex type into the deterministic automaton that EXI 1.0 §8.5.4 describes as normalised type grammars:
 * attributes sorted by name, then the content; equal next events merged. The first place is returned.
 */
export function automatonOf(schema: Schema, type: ComplexType): Place {
  const builder = new AutomatonBuilder(schema)
  const start = builder.node(false)
  const attributes = type.attributes.toSorted(compareAttributes(schema))
  const contentStart = builder.node(true)
  attributes
    .reduce((from, attribute) => builder.attribute(from, attribute), start)
    .epsilons.push(contentStart)
  const end = builder.content(contentStart, type)
  return determinise(start, end, type.mixed === true)
}

/** Attributes sort by local name, then by namespace; no namespace comes first. */
export function compareAttributes(schema: Schema): (a: AttributeUse, b: AttributeUse) => number {
  const key = ({ name, namespace }: AttributeUse): string =>
    `${name}\u0000${namespace === null ? '' : (schema.namespaces[namespace] ?? '')}`
  return (a, b) => (key(a) < key(b) ? -1 : 1)
}

class AutomatonBuilder {
  readonly #schema: Schema
  readonly #orders = new Map<Particle, number>()
  #nextOrder = 0
  #nextId = 0

  constructor(schema: Schema) {
    this.#schema = schema
  }

  node(content: boolean): Node {
    return { id: this.#nextId++, content, epsilons: [], edges: [] }
  }

  attribute(from: Node, attribute: AttributeUse): Node {
    const to = this.node(false)
    from.edges.push({ label: { event: 'attribute', attribute }, target: to })
    if (attribute.required !== true) from.epsilons.push(to)
    return to
  }

  content(from: Node, type: ComplexType): Node {
    if (type.text !== undefined) return this.#step(from, { event: 'text' })
    return type.particle === undefined ? from : this.#particle(from, type.particle)
  }

  #step(from: Node, label: Label): Node {
    const to = this.node(true)
    from.edges.push({ label, target: to })
    return to
  }

  #particle(from: Node, particle: Particle): Node {
    let node = from
    for (let i = 0; i < particle.min; i++) node = this.#term(node, particle)
    const end = this.node(true)
    if (particle.max === null) {
      node.epsilons.push(end)
      this.#term(end, particle).epsilons.push(end)
      return end
    }
    for (let i = particle.min; i < particle.max; i++) {
      node.epsilons.push(end)
      node = this.#term(node, particle)
    }
    node.epsilons.push(end)
    return end
  }

  #term(from: Node, particle: Particle): Node {
    const { term } = particle
    if ('any' in term) return this.#step(from, { event: 'anyElement' })
    if ('sequence' in term) return term.sequence.reduce((node, part) => this.#particle(node, part), from)
    const end = this.node(true)
    if ('choice' in term) {
      for (const part of term.choice) this.#particle(from, part).epsilons.push(end)
      return end
    }
    const group = substitutionGroupOf(this.#schema, term.element)
    const order = this.#orderOf(particle, group.length)
    group.forEach((element, i) => {
      from.edges.push({ label: { event: 'element', element, order: order + i }, target: end })
    })
    return end
  }

  /** Every copy that an occurrence count makes of a particle keeps its place in the schema. */
  #orderOf(particle: Particle, size: number): number {
    const known = this.#orders.get(particle)
    if (known !== undefined) return known
    const order = this.#nextOrder
    this.#orders.set(particle, order)
    this.#nextOrder += size
    return order
  }
}

interface OpenPlace extends Place {
  readonly steps: { label: Label; target: Place }[]
}

/** The subset construction: a place is the set of nodes that the events so far may have led to. */
function determinise(start: Node, end: Node, mixed: boolean): Place {
  const places = new Map<string, OpenPlace>()
  const pending: { nodes: ReadonlySet<Node>; place: OpenPlace }[] = []

  const placeOf = (from: Iterable<Node>, startTag: boolean): OpenPlace => {
    const nodes = closureOf(from)
    const key = `${startTag} ${[...nodes]
      .map((node) => node.id)
      .toSorted((a, b) => a - b)
      .join(' ')}`
    const known = places.get(key)
    if (known !== undefined) return known
    const place: OpenPlace = { steps: [], mayEnd: nodes.has(end), startTag }
    places.set(key, place)
    pending.push({ nodes, place })
    return place
  }

  const first = placeOf([start], true)
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { nodes, place } = next
    for (const { label, targets } of groupEdges(nodes)) {
      const startTag = label.event === 'attribute'
      place.steps.push({ label, target: placeOf(targets, startTag) })
    }
    const content = [...nodes].filter((node) => node.content)
    // Mixed content allows text wherever content is, and stays where it was.
    if (mixed && content.length > 0)
      place.steps.push({ label: { event: 'text' }, target: placeOf(content, false) })
  }
  return first
}

function closureOf(from: Iterable<Node>): ReadonlySet<Node> {
  const nodes = new Set(from)
  for (const node of nodes) for (const epsilon of node.epsilons) nodes.add(epsilon)
  return nodes
}

function groupEdges(nodes: ReadonlySet<Node>): { label: Label; targets: Node[] }[] {
  const groups = new Map<string, { label: Label; targets: Node[] }>()
  for (const node of nodes) {
    for (const { label, target } of node.edges) {
      const key = labelKey(label)
      const group = groups.get(key)
      if (group === undefined) groups.set(key, { label, targets: [target] })
      else group.targets.push(target)
    }
  }
  return [...groups.values()].toSorted((a, b) => rankOf(a.label) - rankOf(b.label))
}

function labelKey(label: Label): string {
  switch (label.event) {
    case 'attribute':
      return `@${label.attribute.namespace} ${label.attribute.name}`
    case 'element':
      return `${label.element.namespace} ${label.element.name}`
    default:
      return label.event
  }
}

/** EXI 1.0 §8.5.4.3: attributes (at most one is due at a place, or several in sorted order), elements in schema order, wildcards, text. */
function rankOf(label: Label): number {
  switch (label.event) {
    case 'attribute':
      return -1
    case 'element':
      return label.order
    case 'anyElement':
      return Number.MAX_SAFE_INTEGER - 1
    case 'text':
      return Number.MAX_SAFE_INTEGER
  }
}
