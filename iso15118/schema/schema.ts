/**
 * An XML Schema reduced to what decides EXI grammars and message types: element declarations, type definitions and
 * their particles. `tools/generate-schemas.ts` writes one `*.generated.ts` for each schema set; nothing is written by hand.
 *
 * References are indexes: a type in {@link Schema.types}, an element in {@link Schema.elements}, a namespace in
 * {@link Schema.namespaces}.
 */
export interface Schema {
  /** Target namespaces sorted by code point, as the URI string table of EXI 1.0 §7.3.1 wants them after its own four. */
  readonly namespaces: readonly string[]
  readonly elements: readonly ElementDeclaration[]
  readonly types: readonly TypeDefinition[]
}

export interface ElementDeclaration {
  readonly name: string
  readonly namespace: number
  readonly type: number
  readonly global?: true
  readonly abstract?: true
  /** The head of the substitution group this element belongs to. */
  readonly substitutes?: number
}

export interface TypeDefinition {
  /** Absent for an anonymous type. */
  readonly name?: string
  readonly namespace: number
  readonly definition: SimpleType | ComplexType
}

/**
 * How values of a simple type look in EXI (EXI 1.0 §7.1) and in TypeScript. Length facets are left out: EXI does not
 * use them, and messages that break them are on the road.
 */
export type SimpleType =
  | { readonly kind: 'string' | 'boolean' | 'base64' | 'hex' }
  /** Integers of at most 32 bits, as `number`; a range of at most 4096 values becomes an n-bit field. */
  | { readonly kind: 'number'; readonly min: number; readonly max: number }
  /** Wider integers, as `bigint`; a bound is decimal text, absent where there is none. */
  | { readonly kind: 'bigint'; readonly min?: string; readonly max?: string }
  | { readonly kind: 'enumeration'; readonly values: readonly string[] }

export interface ComplexType {
  readonly kind: 'complex'
  readonly attributes: readonly AttributeUse[]
  /** Index of the simple type of the text, for simple content. */
  readonly text?: number
  readonly particle?: Particle
  readonly mixed?: true
}

export interface AttributeUse {
  readonly name: string
  /** `null` for an unqualified attribute. */
  readonly namespace: number | null
  readonly type: number
  readonly required?: true
}

/** A term and how often it may occur; `max: null` means unbounded. */
export interface Particle {
  readonly min: number
  readonly max: number | null
  readonly term: Term
}

export type Term =
  | { readonly element: number }
  /** `##any` and `##other` have the same grammar in EXI (§8.5.4.1.8), so neither says which. */
  | { readonly any: true }
  | { readonly sequence: readonly Particle[] }
  | { readonly choice: readonly Particle[] }
