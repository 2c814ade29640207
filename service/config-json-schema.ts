import { type TSchema } from 'typebox'

import { isObject } from './is-object.ts'

/**
 * The JSON Schema (draft 2020-12) of a config file, for editors that complete and check YAML. A key with a default may
 * be left out of the file, so it is not `required` here although the loaded config always has it.
 */
export function configJsonSchema(schema: TSchema, { title }: { readonly title: string }): object {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title,
    ...withOptionalDefaults(structuredClone(schema)),
  }
}

function withOptionalDefaults(node: object): object {
  const entries = Object.entries(node).map(([key, member]: [string, unknown]): [string, unknown] => [
    key,
    Array.isArray(member)
      ? member.map((item: unknown) => (isObject(item) ? withOptionalDefaults(item) : item))
      : isObject(member) && key !== 'default'
        ? withOptionalDefaults(member)
        : member,
  ])
  const copy: Record<string, unknown> = Object.fromEntries(entries)
  const { properties, required } = copy
  if (isObject(properties) && Array.isArray(required))
    copy['required'] = required.filter((key: string) => !hasDefault(properties[key]))
  return copy
}

function hasDefault(schema: unknown): boolean {
  return isObject(schema) && 'default' in schema
}
