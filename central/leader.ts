import { setTimeout } from 'node:timers/promises'

import type { Logger } from '#service'

import type { Storage } from './storage-port.ts'

/** How soon another process takes over from one that is gone. */
const RETRY_INTERVAL_MS = 2_000

/** Something that one process alone may do: runs until the signal fires, and then ends what it has begun. */
export type LeaderTask = (signal: AbortSignal) => Promise<void>

/**
 * Runs the tasks whenever this process leads, until it is disposed. When leadership is lost, or one of the tasks fails,
 * all are ended before they are begun again.
 */
export function runAsLeader(
  storage: Pick<Storage, 'tryLead'>,
  {
    tasks,
    logger,
    retryIntervalMs = RETRY_INTERVAL_MS,
  }: {
    readonly tasks: readonly LeaderTask[]
    readonly logger: Logger
    readonly retryIntervalMs?: number
  },
): AsyncDisposable {
  const closing = new AbortController()
  const running = lead()
  return {
    [Symbol.asyncDispose]: async () => {
      closing.abort()
      await running
    },
  }

  async function lead(): Promise<void> {
    while (!closing.signal.aborted) {
      await leadOnce().catch((error: unknown) => logger.error({ err: error }, 'a task of the leader failed'))
      await setTimeout(retryIntervalMs, undefined, { signal: closing.signal }).catch(() => {})
    }
  }

  async function leadOnce(): Promise<void> {
    await using leadership = await storage.tryLead()
    if (leadership === undefined) return
    logger.info('this process leads')
    const failed = new AbortController()
    const signal = AbortSignal.any([closing.signal, leadership.lost, failed.signal])
    const ended = tasks.map(async (task) => {
      try {
        await task(signal)
      } catch (error) {
        failed.abort()
        throw error
      }
    })
    await Promise.allSettled(ended)
    await Promise.all(ended)
  }
}
