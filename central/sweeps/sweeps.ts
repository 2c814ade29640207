import { setTimeout } from 'node:timers/promises'

import type { Logger } from '#service'

import type { LeaderTask } from '../leader.ts'

/** What is due meanwhile is refused or passed over by whoever reads it. */
const INTERVAL_MS = 3_600_000

/** Does something at once and every hour. One that fails is logged, and done again with the next round. */
export function sweepHourly(
  sweeps: Readonly<Record<string, (signal: AbortSignal) => Promise<void>>>,
  { logger, intervalMs = INTERVAL_MS }: { readonly logger: Logger; readonly intervalMs?: number },
): LeaderTask {
  return async (signal) => {
    while (!signal.aborted) {
      for (const [sweep, run] of Object.entries(sweeps))
        await run(signal).catch((error: unknown) => logger.error({ sweep, err: error }, 'a sweep failed'))
      await setTimeout(intervalMs, undefined, { signal }).catch(() => {})
    }
  }
}
