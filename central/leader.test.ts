import { describe, expect, test, vi } from 'vitest'

import { createLogger } from '#service'

import { runAsLeader, type LeaderTask } from './leader.ts'
import { openStorage } from './storage/open-storage.ts'

const logger = createLogger({ name: 'test', level: 'silent' })
const storageForTests = (): ReturnType<typeof openStorage> => openStorage({ url: 'sqlite::memory:' })

/** Runs until it is told to end, and says what it sees. */
function task(log: string[], name: string): LeaderTask {
  return async (signal) => {
    log.push(`${name} begins`)
    await new Promise((resolve) => {
      signal.addEventListener('abort', resolve)
    })
    log.push(`${name} ends`)
  }
}

describe('the tasks of the leader', () => {
  test('run in one process, and in the next one when that ends', async () => {
    await using storage = await storageForTests()
    const log: string[] = []
    const first = runAsLeader(storage, { tasks: [task(log, 'a')], logger, retryIntervalMs: 5 })
    await vi.waitFor(() => expect(log).toEqual(['a begins']))
    await using running = new AsyncDisposableStack()
    running.use(runAsLeader(storage, { tasks: [task(log, 'b')], logger, retryIntervalMs: 5 }))
    await first[Symbol.asyncDispose]()
    await vi.waitFor(() => expect(log).toEqual(['a begins', 'a ends', 'b begins']))
  })

  test('begin again together when one of them fails', async () => {
    await using storage = await storageForTests()
    const log: string[] = []
    let failures = 0
    const failing: LeaderTask = async (signal) => {
      if (failures++ === 0) throw new Error('no database')
      await task(log, 'b')(signal)
    }
    await using running = new AsyncDisposableStack()
    running.use(runAsLeader(storage, { tasks: [task(log, 'a'), failing], logger, retryIntervalMs: 5 }))
    await vi.waitFor(() => expect(log).toEqual(['a begins', 'a ends', 'a begins', 'b begins']))
  })

  test('end when leadership is lost, and begin again with it', async () => {
    const losses: AbortController[] = []
    const log: string[] = []
    const tryLead = async (): Promise<AsyncDisposable & { lost: AbortSignal }> => {
      const loss = new AbortController()
      losses.push(loss)
      return { lost: loss.signal, [Symbol.asyncDispose]: async () => void log.push('let go') }
    }
    await using running = new AsyncDisposableStack()
    running.use(runAsLeader({ tryLead }, { tasks: [task(log, 'a')], logger, retryIntervalMs: 5 }))
    await vi.waitFor(() => expect(log).toEqual(['a begins']))
    losses[0]?.abort()
    await vi.waitFor(() => expect(log).toEqual(['a begins', 'a ends', 'let go', 'a begins']))
  })
})
