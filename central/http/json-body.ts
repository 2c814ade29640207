import type { Static, TProperties, TSchema } from 'typebox'
import type { Validator } from 'typebox/compile'

import { PoolError } from '../pool-error.ts'

/** The deepest OPCP body has three levels; what nests further was made to hurt. */
const DEPTH_MAX = 16

/**
 * @throws {PoolError} ERR_POOL_BODY when the text is no JSON, nests too deeply, names a member of an object twice or
 * holds U+0000
 */
export function parseJson(text: string): unknown {
  if (depthOf(text) > DEPTH_MAX)
    throw new PoolError('ERR_POOL_BODY', `The body is nested more than ${DEPTH_MAX} levels deep.`)
  const value = valueOf(text)
  if (ESCAPED_NUL.test(text)) throw new PoolError('ERR_POOL_BODY', 'The body contains the character U+0000.')
  requireDistinctMembers(text)
  return value
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new PoolError('ERR_POOL_BODY', 'The body is not JSON.')
  }
}

/** The body, when it fits. Members the schema does not name are ignored. @throws {PoolError} ERR_POOL_BODY with the member's path */
export function readBody<T extends TSchema>(
  body: unknown,
  schema: Validator<TProperties, T, Static<T>>,
): Static<T> {
  if (schema.Check(body)) return body
  const [error] = schema.Errors(body)
  if (error === undefined) throw new PoolError('ERR_POOL_BODY', 'The body is not as specified.')
  const path = error.instancePath.split('/').slice(1)
  if (error.keyword === 'required') {
    const [missing = ''] = error.params.requiredProperties
    throw new PoolError('ERR_POOL_BODY', `${[...path, missing].join('.')} : must not be null`)
  }
  throw new PoolError('ERR_POOL_BODY', `${path.join('.') || 'body'} : ${error.message}`)
}

/** The only spelling of U+0000 in valid JSON. PostgreSQL keeps no text with it, and no identifier has it. */
const ESCAPED_NUL = /(?<!\\)(?:\\\\)*\\u0000/

/** What structures JSON: strings, with the colon that makes one a name, and braces. */
const STRUCTURE = /"([^"\\]*(?:\\.[^"\\]*)*)"(\s*:)?|[{}]/g

/**
 * JSON.parse keeps the last of two, other parsers the first: whoever looks at a body on its way here could see another
 * identifier than we do. `text` is valid JSON.
 */
function requireDistinctMembers(text: string): void {
  const objects: Set<unknown>[] = []
  for (const [token, name, colon] of text.matchAll(STRUCTURE)) {
    if (token === '{') objects.push(new Set())
    else if (token === '}') objects.pop()
    else if (colon !== undefined) {
      const names = objects.at(-1)
      const known = names?.size
      // Escapes spell the same name in other ways.
      if (names?.add(name?.includes('\\') === true ? JSON.parse(`"${name}"`) : name).size === known)
        throw new PoolError('ERR_POOL_BODY', 'The body names a member more than once.')
    }
  }
}

/** Nesting of brackets outside strings; good enough for text that may turn out not to be JSON. */
function depthOf(text: string): number {
  let depth = 0
  let deepest = 0
  let inString = false
  for (let i = 0; i < text.length; i++) {
    const character = text.charCodeAt(i)
    if (inString) {
      if (character === BACKSLASH) i++
      else if (character === QUOTE) inString = false
    } else if (character === QUOTE) inString = true
    else if (character === BRACE || character === BRACKET) deepest = Math.max(deepest, ++depth)
    else if (character === BRACE_END || character === BRACKET_END) depth--
  }
  return deepest
}

const QUOTE = 0x22
const BRACKET = 0x5b
const BACKSLASH = 0x5c
const BRACKET_END = 0x5d
const BRACE = 0x7b
const BRACE_END = 0x7d
