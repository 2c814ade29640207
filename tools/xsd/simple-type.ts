import type { SimpleType } from '#iso15118'

import type { ExpandedName, XsdNode } from './xsd-document.ts'

const XS = '{http://www.w3.org/2001/XMLSchema}'

/** Integers that a JavaScript number holds with room to spare; wider ones become bigint. */
const NUMBER_BITS_MAX = 32

/** The built-in types that ISO 15118 uses. Another one is an error, not a guess. */
const BUILT_IN: Readonly<Record<ExpandedName, SimpleType>> = {
  [`${XS}string`]: { kind: 'string' },
  [`${XS}anyURI`]: { kind: 'string' },
  [`${XS}ID`]: { kind: 'string' },
  [`${XS}boolean`]: { kind: 'boolean' },
  [`${XS}base64Binary`]: { kind: 'base64' },
  [`${XS}hexBinary`]: { kind: 'hex' },
  [`${XS}integer`]: { kind: 'bigint' },
  [`${XS}long`]: signed(64),
  [`${XS}int`]: signed(32),
  [`${XS}short`]: signed(16),
  [`${XS}byte`]: signed(8),
  [`${XS}unsignedLong`]: unsigned(64),
  [`${XS}unsignedInt`]: unsigned(32),
  [`${XS}unsignedShort`]: unsigned(16),
  [`${XS}unsignedByte`]: unsigned(8),
}

/** Facets without influence on EXI: lengths. Whatever else a schema says and we do not know is an error. */
const FACETS_IGNORED = new Set(['length', 'minLength', 'maxLength', 'whiteSpace'])

export function builtInType(name: ExpandedName): SimpleType | undefined {
  return BUILT_IN[name]
}

/** The simple type that a `restriction` makes of its base. */
export function restrict(base: SimpleType, restriction: XsdNode): SimpleType {
  const values = restriction.children
    .filter((facet) => facet.kind === 'enumeration')
    .map((facet) => valueOf(facet))
  if (values.length > 0) {
    // EXI §7.2 gives an enumeration of these bases an index; for other bases the text below would be wrong.
    if (base.kind !== 'string') throw new Error(`enumeration of ${base.kind} is not supported`)
    return { kind: 'enumeration', values }
  }
  return restriction.children.reduce(applyFacet, base)
}

function applyFacet(type: SimpleType, facet: XsdNode): SimpleType {
  if (FACETS_IGNORED.has(facet.kind)) return type
  if (type.kind === 'number') {
    if (facet.kind === 'minInclusive') return { ...type, min: Number(valueOf(facet)) }
    if (facet.kind === 'maxInclusive') return { ...type, max: Number(valueOf(facet)) }
  }
  // A pattern on a string would bring a restricted character set (EXI §7.1.10.1): no schema here has one.
  throw new Error(`facet ${facet.kind} on ${type.kind} is not supported`)
}

function valueOf(facet: XsdNode): string {
  const value = facet.attributes.get('value')
  if (value === undefined) throw new Error(`facet ${facet.kind} without a value`)
  return value
}

function signed(bits: number): SimpleType {
  return range(-(2n ** BigInt(bits - 1)), 2n ** BigInt(bits - 1) - 1n, bits)
}

function unsigned(bits: number): SimpleType {
  return range(0n, 2n ** BigInt(bits) - 1n, bits)
}

function range(min: bigint, max: bigint, bits: number): SimpleType {
  return bits <= NUMBER_BITS_MAX
    ? { kind: 'number', min: Number(min), max: Number(max) }
    : { kind: 'bigint', min: `${min}`, max: `${max}` }
}
