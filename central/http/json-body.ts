import type { Static, TProperties, TSchema } from 'typebox'
import type { Validator } from 'typebox/compile'

import { PoolError } from '../pool-error.ts'

/** The deepest OPCP body has three levels; what nests further was made to hurt. */
const DEPTH_MAX = 16

/** @throws {PoolError} ERR_POOL_BODY when the text is no JSON or nests too deeply */
export function parseJson(text: string): unknown {
  if (depthOf(text) > DEPTH_MAX)
    throw new PoolError('ERR_POOL_BODY', `The body is nested more than ${DEPTH_MAX} levels deep.`)
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
