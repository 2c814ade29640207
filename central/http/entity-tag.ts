import { hash } from 'node:crypto'

import { PoolError } from '../pool-error.ts'

/** The strong entity tag of something that JSON can hold, quoted. */
export function entityTagOf(content: object): string {
  return `"${hash('sha256', JSON.stringify(content), 'base64url')}"`
}

/** RFC 9110 §13.1.2: a list of tags, weak ones compare like strong ones, or `*` for any. */
export function isKnown(etag: string, ifNoneMatch: string | undefined): boolean {
  const tags = tagsOf(ifNoneMatch ?? '').map((tag) => tag.replace(/^W\//, ''))
  return tags.includes(etag) || tags.includes('*')
}

/**
 * RFC 9110 §13.1.1: all that is about to change must be there and among the tags, of which weak ones never fit; `*` for any
 * version. Without the header anything may change.
 *
 * @throws {PoolError} ERR_POOL_PRECONDITION
 */
export function requireMatch(etags: readonly string[], ifMatch: string | undefined): void {
  if (ifMatch === undefined) return
  const tags = tagsOf(ifMatch)
  if (etags.length > 0 && (tags.includes('*') || etags.every((etag) => tags.includes(etag)))) return
  throw new PoolError('ERR_POOL_PRECONDITION', 'What is stored is not the version that If-Match names.')
}

function tagsOf(header: string): readonly string[] {
  return header.split(',').map((tag) => tag.trim())
}
