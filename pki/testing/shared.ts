/** Where tests find the published vectors and suites, which are not part of the project. */
import { existsSync, readFileSync } from 'node:fs'

export const SHARED = new URL('../../../shared/', import.meta.url)

/** Whether the folder is there; test suites that need it are skipped by name otherwise. */
export const hasShared = existsSync(SHARED)

export function readShared(path: string): Uint8Array {
  return readFileSync(new URL(path, SHARED))
}

/** The caller states the shape; a vector file of another one fails the test that reads it. */
export function readSharedJson<T>(path: string): T {
  return JSON.parse(readFileSync(new URL(path, SHARED), 'utf8')) as T
}
