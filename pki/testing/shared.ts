/** Where tests find the published vectors and suites, which are not part of the project. */
import { existsSync, readFileSync } from 'node:fs'

export const SHARED = new URL('../../../shared/', import.meta.url)

/** Whether the folder is there; test suites that need it are skipped by name otherwise. */
export const hasShared = existsSync(SHARED)

export function readShared(path: string): Uint8Array {
  return readFileSync(new URL(path, SHARED))
}

export function readSharedText(path: string): string {
  return readFileSync(new URL(path, SHARED), 'utf8')
}
