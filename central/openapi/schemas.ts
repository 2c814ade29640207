import { deepStrictEqual } from 'node:assert/strict'

export type Json = { readonly [member: string]: JsonValue }
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | Json

/**
 * Collects the schemas that have a title as components of a document. JSON Schema 2020-12, which TypeBox writes, is what
 * OpenAPI 3.1 takes, so that nothing is translated.
 */
export class SchemaComponents {
  readonly #schemas = new Map<string, Json>()

  /** By name, sorted. */
  get all(): Json {
    return Object.fromEntries([...this.#schemas].toSorted(([a], [b]) => a.localeCompare(b)))
  }

  /** The schema for use in the document: a reference, when it or what is in it has a title. */
  use(schema: object): JsonValue {
    // Drops the marks of TypeBox, which are no members of JSON.
    const plain: JsonValue = JSON.parse(JSON.stringify(schema))
    return this.#extracted(plain)
  }

  #extracted(value: JsonValue): JsonValue {
    if (isList(value)) return value.map((item) => this.#extracted(item))
    if (typeof value !== 'object' || value === null) return value
    const inner = Object.fromEntries(
      Object.entries(value).map(([member, inside]) => [
        member,
        VALUES.has(member) ? inside : this.#extracted(inside),
      ]),
    )
    const { title } = value
    if (typeof title !== 'string') return inner
    const known = this.#schemas.get(title)
    if (known !== undefined) deepStrictEqual(inner, known, `two schemas are called ${title}`)
    this.#schemas.set(title, inner)
    return { $ref: `#/components/schemas/${title}` }
  }
}

/** Members of a schema that hold values instead of schemas. */
const VALUES = new Set(['const', 'default', 'enum', 'examples'])

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value)
}
