import type { RootPool } from '../rcp/root-pool.ts'

/** The fingerprint of the root that a caller names by it, or by its id in the RCP (opcp-digest A39). */
export async function fingerprintOf(reference: string, roots: Pick<RootPool, 'list'>): Promise<string> {
  const root = (await roots.list()).find(({ id }) => id === reference)
  return root?.certificate.fingerprintSha256Hex ?? reference
}
