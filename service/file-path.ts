import { resolve } from 'node:path'

import { Type, type TSchema, type TString, type TStringOptions } from 'typebox'
import { Value } from 'typebox/value'

import { isObject } from './is-object.ts'

/** What marks a string of a config schema as a path; JSON Schema tools ignore keywords they do not know. */
const MARK = 'filePath'

/** A file or folder in a config. Written relative, it is counted from the folder of the config file. */
export function FilePath(options: TStringOptions = {}): TString {
  return Type.String({ minLength: 1, ...options, [MARK]: true })
}

/** Gives back `value` with each {@link FilePath} of `schema` in it made absolute; what does not fit the schema stays. */
export function resolvePaths(schema: unknown, value: unknown, folder: string): unknown {
  if (!isObject(schema)) return value
  if (typeof value === 'string') return schema[MARK] === true && value !== '' ? resolve(folder, value) : value
  if (Array.isArray(schema['anyOf'])) {
    const branch: unknown = schema['anyOf'].find((each: TSchema) => Value.Check(each, value))
    return resolvePaths(branch, value, folder)
  }
  if (Array.isArray(value)) return value.map((item) => resolvePaths(schema['items'], item, folder))
  const { properties } = schema
  if (!isObject(value) || !isObject(properties)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, resolvePaths(properties[key], member, folder)]),
  )
}
