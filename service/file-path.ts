import { resolve } from 'node:path'

import { Type, type TSchema, type TString, type TStringOptions } from 'typebox'
import { Value } from 'typebox/value'

import { isObject } from './is-object.ts'

/** Marks a string of a config schema as a path, after this prefix; JSON Schema tools ignore keywords they do not know. */
const MARK = 'filePathAfter'

/** A file or folder in a config. Written relative, it is counted from the folder of the config file. */
export function FilePath(options: TStringOptions = {}): TString {
  return Type.String({ minLength: 1, ...options, [MARK]: '' })
}

/**
 * A URL that may name such a file, after `prefix`; URLs of other kinds stay as they are. What begins with a colon is a
 * name that the prefix gives a meaning of its own, and no file.
 */
export function FileUrl(prefix: string, options: TStringOptions = {}): TString {
  return Type.String({ minLength: 1, ...options, [MARK]: prefix })
}

/** Gives back `value` with each {@link FilePath} of `schema` in it made absolute; what does not fit the schema stays. */
export function resolvePaths(schema: unknown, value: unknown, folder: string): unknown {
  if (!isObject(schema)) return value
  if (typeof value === 'string') return resolvePath(schema[MARK], value, folder)
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

function resolvePath(prefix: unknown, value: string, folder: string): string {
  if (typeof prefix !== 'string' || !value.startsWith(prefix)) return value
  const path = value.slice(prefix.length)
  return path === '' || path.startsWith(':') ? value : prefix + resolve(folder, path)
}
