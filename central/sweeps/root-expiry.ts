import { codeOf, type Clock } from '#base'

import { SYSTEM } from '../audit/audit-record.ts'
import type { RootPool } from '../rcp/root-pool.ts'

/** Takes the roots that have expired out of the pool, and has it told. What is below them stays, not accepted any more. */
export async function sweepExpiredRoots({
  roots,
  clock,
}: {
  readonly roots: Pick<RootPool, 'list' | 'remove'>
  readonly clock: Clock
}): Promise<void> {
  const nowMs = clock()
  for (const { id, certificate } of await roots.list())
    if (certificate.validToMs < nowMs)
      await roots.remove(id, SYSTEM).catch((error: unknown) => {
        // An administrator was first.
        if (codeOf(error) !== 'ERR_RCP_NOT_FOUND') throw error
      })
}
