import { readFile, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

import { type Static, type TSchema } from 'typebox'
import { Settings } from 'typebox/system'
import { Value } from 'typebox/value'
import { parseDocument } from 'yaml'

import { messageOf } from '#base'

import { ConfigError } from './config-error.ts'
import { resolvePaths } from './file-path.ts'
import { isObject } from './is-object.ts'

/** Far above any config a person writes; a larger file was named by mistake. */
const CONFIG_BYTES_MAX = 1024 * 1024

/** Complaints gathered from one file before giving up; someone mending a file wants all of them at once. */
const COMPLAINTS_MAX = 64

/**
 * Reads a YAML config file and checks it whole against `schema`: defaults are filled in, every wrong, missing or
 * unknown key is named with its path (all of them in one error), and each relative `FilePath` becomes absolute,
 * counted from the folder of the config file and not from where the program was started.
 *
 * An object has unknown keys refused only when its schema says `additionalProperties: false`, and is filled in when
 * left out only when its schema has `default: {}`.
 *
 * @throws {ConfigError} ERR_CONFIG_FILE, ERR_CONFIG_TOO_LARGE, ERR_CONFIG_SYNTAX, ERR_CONFIG_INVALID
 */
export async function loadConfig<T extends TSchema>(file: string, schema: T): Promise<Static<T>> {
  return parseConfig(await readConfigText(file), schema, file)
}

/**
 * The check of {@link loadConfig} for the text of `file`, for who needs the very bytes that were checked.
 *
 * @throws {ConfigError} ERR_CONFIG_SYNTAX, ERR_CONFIG_INVALID
 */
export function parseConfig<T extends TSchema>(text: string, schema: T, file: string): Static<T> {
  return checkConfig(parseYaml(file, text) ?? {}, schema, { source: file, folder: dirname(resolve(file)) })
}

/**
 * The check of {@link loadConfig} for a config that is already a value, such as one a test or the demo builds.
 * `source` heads the messages; `folder` is what relative paths are counted from.
 *
 * @throws {ConfigError} ERR_CONFIG_INVALID
 */
export function checkConfig<T extends TSchema>(
  value: unknown,
  schema: T,
  { source, folder }: { readonly source: string; readonly folder: string },
): Static<T> {
  const filled = resolvePaths(schema, Value.Default(schema, structuredClone(value)), folder)
  if (Value.Check(schema, filled)) return filled
  throw new ConfigError('ERR_CONFIG_INVALID', `${source}: ${complaints(schema, filled).join('; ')}`)
}

/** @throws {ConfigError} ERR_CONFIG_FILE, ERR_CONFIG_TOO_LARGE */
export async function readConfigText(file: string): Promise<string> {
  try {
    const { size } = await stat(file)
    if (size > CONFIG_BYTES_MAX)
      throw new ConfigError('ERR_CONFIG_TOO_LARGE', `${file}: ${size} bytes, limit ${CONFIG_BYTES_MAX}`)
    return await readFile(file, 'utf8')
  } catch (error) {
    if (error instanceof ConfigError) throw error
    throw new ConfigError('ERR_CONFIG_FILE', `cannot read the config file: ${messageOf(error)}`, {
      cause: error,
    })
  }
}

function parseYaml(file: string, text: string): unknown {
  const document = parseDocument(text)
  try {
    const [first] = document.errors
    if (first !== undefined) throw first
    // Aliases are expanded here, and this is where the parser refuses too many of them.
    return document.toJS()
  } catch (error) {
    const [what = ''] = messageOf(error).split('\n')
    throw new ConfigError('ERR_CONFIG_SYNTAX', `${file}: ${what.replace(/:$/, '')}`, { cause: error })
  }
}

function complaints(schema: TSchema, value: unknown): string[] {
  const found = validationErrors(schema, value)
    // What each alternative of a union lacks only confuses: the union itself is reported as one.
    .filter((error) => !error.schemaPath.includes('/anyOf/') && error.keyword !== 'boolean')
    .flatMap((error): string[] => {
      const at = keyPath(error.instancePath)
      if (error.keyword === 'additionalProperties')
        return error.params.additionalProperties.map((key) => `${join(at, key)}: unknown key`)
      if (error.keyword === 'required')
        return error.params.requiredProperties.map((key) => `${join(at, key)}: missing`)
      if (error.keyword === 'anyOf')
        return [`${at || 'the file'}: must be ${alternatives(schema, error.schemaPath)}`]
      return [`${at || 'the file'}: ${error.message}`]
    })
  return [...new Set(found)]
}

/** The limit of reported errors is a global of TypeBox, so it is put back at once; nothing awaits in between. */
function validationErrors(schema: TSchema, value: unknown): ReturnType<typeof Value.Errors> {
  const { maxErrors } = Settings.Get()
  Settings.Set({ maxErrors: COMPLAINTS_MAX })
  try {
    return Value.Errors(schema, value)
  } finally {
    Settings.Set({ maxErrors })
  }
}

/** `/centrals/0/url` as a person writes it: `centrals[0].url`. */
function keyPath(instancePath: string): string {
  return instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce((path, part) => (/^\d+$/.test(part) ? `${path}[${part}]` : join(path, part)), '')
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`
}

function alternatives(schema: TSchema, schemaPath: string): string {
  const union = nodeAt(schema, schemaPath)
  const branches = isObject(union) && Array.isArray(union['anyOf']) ? union['anyOf'] : []
  return branches.map(formOf).join(' or ')
}

function formOf(branch: unknown): string {
  if (!isObject(branch)) return 'another value'
  if ('const' in branch) return JSON.stringify(branch['const'])
  if (Array.isArray(branch['required'])) return `{ ${branch['required'].join(', ')} }`
  return String(branch['type'])
}

function nodeAt(schema: unknown, pointer: string): unknown {
  return pointer
    .split('/')
    .slice(1)
    .reduce<unknown>((node, key) => (isObject(node) ? node[key] : undefined), schema)
}
