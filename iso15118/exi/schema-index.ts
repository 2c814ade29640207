import { compareText } from '../schema/members.ts'
import type { AttributeUse, ComplexType, ElementDeclaration, Schema, SimpleType } from '../schema/schema.ts'
import { datatypeOf, type Datatype } from './datatype.ts'
import { NameTable, type ExiName } from './name.ts'

/** Resolves the indexes of a schema: to names that are one object each, and to datatypes that are made once. */
export class SchemaIndex {
  readonly schema: Schema
  readonly #names = new NameTable()
  readonly #datatypes = new Map<SimpleType, Datatype>()
  readonly #localNames = new Map<string, readonly string[]>()

  constructor(schema: Schema) {
    this.schema = schema
  }

  name(namespace: string, name: string): ExiName {
    return this.#names.name(namespace, name)
  }

  elementName({ name, namespace }: ElementDeclaration): ExiName {
    return this.name(this.schema.namespaces[namespace] ?? '', name)
  }

  attributeName({ name, namespace }: AttributeUse): ExiName {
    return this.name(namespace === null ? '' : (this.schema.namespaces[namespace] ?? ''), name)
  }

  definition(type: number): SimpleType | ComplexType {
    const definition = this.schema.types[type]?.definition
    if (definition === undefined) throw new Error(`unreachable: no type ${type}`)
    return definition
  }

  /** The datatype of the simple type at that index. */
  datatype(type: number): Datatype {
    const definition = this.definition(type)
    if (definition.kind === 'complex') throw new Error(`unreachable: type ${type} is not simple`)
    const known = this.#datatypes.get(definition)
    if (known !== undefined) return known
    const datatype = datatypeOf(definition)
    this.#datatypes.set(definition, datatype)
    return datatype
  }

  /** The local names of a namespace as its string table begins (EXI 1.0 §7.3.1): elements, attributes and types, sorted. */
  localNames(namespace: string): readonly string[] {
    const known = this.#localNames.get(namespace)
    if (known !== undefined) return known
    const index = namespace === '' ? null : this.schema.namespaces.indexOf(namespace)
    const { elements, types } = this.schema
    const attributes = types.flatMap(({ definition }) =>
      definition.kind === 'complex' ? definition.attributes : [],
    )
    const names = [...elements, ...types, ...attributes].flatMap((component) =>
      component.namespace === index && component.name !== undefined ? [component.name] : [],
    )
    const sorted = [...new Set(names)].toSorted(compareText)
    this.#localNames.set(namespace, sorted)
    return sorted
  }
}
