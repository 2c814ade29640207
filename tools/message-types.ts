import { membersOf, type ComplexType, type Schema, type SimpleType } from '#iso15118'

/** Writes the TypeScript types of every complex type and enumeration of a schema, as the codec reads and takes them. */
export function messageTypes(schema: Schema): string {
  const names = typeNames(schema)
  const declarations = schema.types.flatMap(({ definition }, index) => {
    const name = names.get(index)
    if (name === undefined) return []
    if (definition.kind === 'complex') return [complexDeclaration(schema, names, name, definition)]
    return definition.kind === 'enumeration' ? [`export type ${name} =${enumeration(definition.values)}`] : []
  })
  return `import type { ContentItem } from '../exi/codec.ts'\n\n${declarations.join('\n\n')}\n`
}

/** Named types keep their name; an anonymous one is called after its element. */
function typeNames(schema: Schema): ReadonlyMap<number, string> {
  const names = new Map<number, string>()
  const taken = new Set<string>()
  const take = (index: number, name: string): void => {
    if (taken.has(name)) throw new Error(`two types are called ${name}`)
    taken.add(name)
    names.set(index, name)
  }
  schema.types.forEach(({ name, definition }, index) => {
    if (name !== undefined && (definition.kind === 'complex' || definition.kind === 'enumeration'))
      take(index, name)
  })
  for (const { name, type } of schema.elements) {
    if (schema.types[type]?.definition.kind === 'complex' && !names.has(type)) take(type, `${name}Type`)
  }
  return names
}

function complexDeclaration(
  schema: Schema,
  names: ReadonlyMap<number, string>,
  name: string,
  type: ComplexType,
): string {
  const typeName = (index: number): string => {
    const definition = schema.types[index]?.definition
    if (definition === undefined) throw new Error(`no type ${index}`)
    return names.get(index) ?? simpleName(definition)
  }
  const lines = type.attributes.map(
    (attribute) => `${attribute.name}${attribute.required === true ? '' : '?'}: ${typeName(attribute.type)}`,
  )
  if (type.text !== undefined) lines.push(`$value: ${typeName(type.text)}`)
  const members = membersOf(schema, type)
  if (members === 'ordered') lines.push('$content?: readonly ContentItem[]')
  else {
    for (const [member, { element, optional, repeated }] of members) {
      const item = typeName(element.type)
      lines.push(`${member}${optional ? '?' : ''}: ${repeated ? `readonly ${item}[]` : item}`)
    }
  }
  if (lines.length === 0) return `export type ${name} = Readonly<Record<never, never>>`
  return `export interface ${name} {\n${lines.map((line) => `  readonly ${line}\n`).join('')}}`
}

function simpleName(type: SimpleType | ComplexType): string {
  switch (type.kind) {
    case 'base64':
    case 'hex':
      return 'Uint8Array'
    case 'enumeration':
    case 'complex':
      throw new Error(`an anonymous ${type.kind} type needs a name`)
    default:
      return type.kind
  }
}

function enumeration(values: readonly string[]): string {
  return values.map((value) => `\n  | '${value}'`).join('')
}
