import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { iso2 } from '../schema/iso2.generated.ts'
import { iso20 } from '../schema/iso20.generated.ts'
import { substitutionGroupOf } from '../schema/members.ts'
import type { ComplexType, Particle, Schema, SimpleType } from '../schema/schema.ts'
import { xmldsig } from '../schema/xmldsig.generated.ts'
import { XmlError } from '../xml/errors.ts'
import { EXI_BYTES_MAX, exiCodec, type ExiElement, type ExiKind, type SchemaName } from './codec.ts'
import { ExiError } from './errors.ts'

const SCHEMAS: readonly [SchemaName, Schema][] = [
  ['iso2', iso2],
  ['iso20', iso20],
  ['xmldsig', xmldsig],
]

/** Draws values of a schema's types at random: as much of every content model as depth and size allow. */
class MessageSource {
  readonly #schema: Schema
  readonly #draw: fc.GeneratorValue

  constructor(schema: Schema, draw: fc.GeneratorValue) {
    this.#schema = schema
    this.#draw = draw
  }

  element(index: number, depth = 0): ExiElement {
    const { name, namespace, type } = at(this.#schema.elements, index)
    return { namespace: at(this.#schema.namespaces, namespace), name, value: this.#value(type, depth) }
  }

  #value(type: number, depth: number): unknown {
    const { definition } = at(this.#schema.types, type)
    return definition.kind === 'complex' ? this.#complex(definition, depth) : this.#simple(definition)
  }

  #simple(type: SimpleType): unknown {
    switch (type.kind) {
      case 'string':
        return this.#draw(fc.string, { unit: 'binary', maxLength: 20 })
      case 'boolean':
        return this.#draw(fc.boolean)
      case 'base64':
      case 'hex':
        return this.#draw(fc.uint8Array, { maxLength: 40 })
      case 'number':
        return this.#draw(fc.integer, { min: type.min, max: type.max })
      case 'bigint':
        return this.#draw(fc.bigInt, {
          min: BigInt(type.min ?? -(2n ** 512n)),
          max: BigInt(type.max ?? 2n ** 512n),
        })
      case 'enumeration':
        return this.#draw(fc.constantFrom, ...type.values)
    }
  }

  #complex(type: ComplexType, depth: number): unknown {
    const members: Record<string, unknown> = {}
    for (const attribute of type.attributes) {
      if (attribute.required === true || this.#chance())
        members[attribute.name] = this.#value(attribute.type, depth)
    }
    if (type.text !== undefined) members['$value'] = this.#value(type.text, depth)
    const content = this.#particle(type.particle, depth)
    if (type.mixed === true || this.#isOrdered(type.particle)) {
      if (type.mixed === true && this.#chance()) content.push('text between elements')
      if (content.length > 0) members['$content'] = content
      return members
    }
    for (const item of content) this.#addMember(type, members, item)
    return members
  }

  #addMember(type: ComplexType, members: Record<string, unknown>, item: ExiElement | string): void {
    if (typeof item === 'string') return
    const known = members[item.name]
    if (!isRepeated(this.#schema, type.particle, item.name)) members[item.name] = item.value
    else members[item.name] = [...(Array.isArray(known) ? known : []), item.value]
  }

  #isOrdered(particle: Particle | undefined): boolean {
    if (particle === undefined || 'element' in particle.term) return false
    if ('any' in particle.term) return true
    const parts = 'sequence' in particle.term ? particle.term.sequence : particle.term.choice
    return particle.max !== 1 || parts.some((part) => this.#isOrdered(part))
  }

  #particle(particle: Particle | undefined, depth: number): (ExiElement | string)[] {
    if (particle === undefined) return []
    const { min, max, term } = particle
    const most = depth > 6 ? min : Math.min(max ?? min + 2, min + 2)
    const count = this.#draw(fc.integer, { min, max: most })
    return Array.from({ length: count }).flatMap(() => {
      if ('any' in term)
        return [{ namespace: 'http://www.w3.org/2000/09/xmldsig#', name: 'KeyName', value: 'wild' }]
      if ('sequence' in term) return term.sequence.flatMap((part) => this.#particle(part, depth + 1))
      if ('choice' in term) return this.#particle(this.#draw(fc.constantFrom, ...term.choice), depth + 1)
      const group = substitutionGroupOf(this.#schema, term.element).filter((one) => one.abstract !== true)
      const chosen = this.#draw(fc.constantFrom, ...group)
      return [this.element(this.#schema.elements.indexOf(chosen), depth + 1)]
    })
  }

  #chance(): boolean {
    return this.#draw(fc.boolean)
  }
}

function isRepeated(schema: Schema, particle: Particle | undefined, name: string): boolean {
  if (particle === undefined || 'any' in particle.term) return false
  const { term, max } = particle
  if ('element' in term) {
    return max !== 1 && substitutionGroupOf(schema, term.element).some((element) => element.name === name)
  }
  return ('sequence' in term ? term.sequence : term.choice).some((part) => isRepeated(schema, part, name))
}

function at<T>(list: readonly T[], index: number): T {
  const item = list[index]
  if (item === undefined) throw new Error(`no item ${index}`)
  return item
}

/** Messages of a schema: any element that may be a root, with arbitrary valid content. */
function messages(schema: Schema, kind: ExiKind): fc.Arbitrary<ExiElement> {
  const roots = schema.elements
    .map((element, index) => ({ ...element, index }))
    .filter((element) => element.abstract !== true && (kind === 'fragment' || element.global === true))
    // In a fragment eMAID has the relaxed grammar, whose object form has a test of its own.
    .filter((element) => kind === 'document' || element.name !== 'eMAID')
  return fc.gen().map((draw) => {
    const root = draw(fc.constantFrom, ...roots)
    return new MessageSource(schema, draw).element(root.index)
  })
}

describe.each(SCHEMAS)('%s', (name, schema) => {
  const codec = exiCodec(name)

  test.each(['document', 'fragment'] as const)(
    'a %s of any valid content survives encoding and decoding',
    (kind) => {
      fc.assert(
        fc.property(messages(schema, kind), (element) => {
          const exi = codec.encode(element, kind)
          const decoded = codec.decode(exi, kind)
          expect(decoded).toEqual({ element, trailingBytes: 0, stringTables: false })
          expect(codec.encode(decoded.element, kind)).toEqual(exi)
        }),
        { numRuns: 300 },
      )
    },
  )

  test.each(['document', 'fragment'] as const)(
    'a %s survives XML wherever XML has its characters',
    (kind) => {
      const fragment = kind === 'fragment'
      fc.assert(
        fc.property(messages(schema, kind), (element) => {
          const exi = codec.encode(element, kind)
          const xml = decodedOf(() => codec.toXml(exi, { fragment }))
          fc.pre(xml !== undefined)
          expect(codec.decode(codec.fromXml(xml, { fragment }), kind).element).toEqual(element)
        }),
        { numRuns: 300 },
      )
    },
  )

  test('arbitrary bytes decode or are refused with a code', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 400 }),
        fc.constantFrom<ExiKind>('document', 'fragment'),
        (bytes, kind) => {
          const exi = Uint8Array.of(0x80, ...bytes)
          const decoded = decodedOf(() => codec.decode(exi, kind))
          // What does decode is a message of the schema: nothing in it is missing or too much.
          if (decoded !== undefined) codec.encode(decoded.element, kind)
          decodedOf(() => codec.toXml(exi, { fragment: kind === 'fragment' }))
        },
      ),
      { numRuns: 2000 },
    )
  })

  test('a message with changed, missing or added bytes decodes or is refused with a code', () => {
    const edits = fc.array(
      fc.record({ position: fc.nat(4000), xor: fc.integer({ min: 0, max: 255 }), remove: fc.nat(3) }),
      { minLength: 1, maxLength: 4 },
    )
    fc.assert(
      fc.property(messages(schema, 'document'), edits, (element, changes) => {
        const bytes = [...codec.encode(element, 'document')]
        for (const { position, xor, remove } of changes) {
          const place = 1 + (position % bytes.length)
          bytes.splice(place, remove, xor)
        }
        const decoded = decodedOf(() => codec.decode(Uint8Array.from(bytes), 'document'))
        if (decoded !== undefined) codec.encode(decoded.element, 'document')
      }),
      { numRuns: 500 },
    )
  })

  test('no input of the greatest length takes long, whatever byte it repeats', () => {
    for (let octet = 0; octet < 256; octet += 5) {
      const bytes = new Uint8Array(EXI_BYTES_MAX).fill(octet)
      bytes[0] = 0x80
      const startMs = performance.now()
      decodedOf(() => codec.decode(bytes, 'document'))
      // A stream this long decodes in tens of milliseconds; the bound only has to tell that from quadratic time.
      expect(performance.now() - startMs, `of byte ${octet}`).toBeLessThan(2_000)
    }
  })
})

function decodedOf<T>(decode: () => T): T | undefined {
  try {
    return decode()
  } catch (error) {
    if (error instanceof ExiError || error instanceof XmlError) return undefined
    throw error
  }
}
