import { setTimeout } from 'node:timers/promises'

import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import type { Leadership } from '../storage-port.ts'
import { openStorage } from './open-storage.ts'
import { startProcess } from './process.fixture.ts'
import { ENGINES, openTestStorage, runSql, type TestStorage } from './storage.fixture.ts'

let opened: TestStorage
const leaderElsewhere = (): string =>
  `import { openStorage } from '${import.meta.resolve('./open-storage.ts')}'
   const storage = await openStorage(${JSON.stringify(opened.options)})
   const leadership = await storage.tryLead()
   setInterval(() => leadership, 1_000)
   process.send(leadership !== undefined)`

describe.each(ENGINES)('leadership on %s', (engine) => {
  beforeEach(async () => {
    opened = await openTestStorage(engine)
  })
  afterEach(() => opened[Symbol.asyncDispose]())

  test('is of one at a time, and free again when it is given back', async () => {
    await using other = await openStorage(opened.options)
    const first = await other.tryLead()
    expect(first).toBeDefined()
    await expect(opened.storage.tryLead()).resolves.toBeUndefined()
    await expect(other.tryLead()).resolves.toBeUndefined()
    await first?.[Symbol.asyncDispose]()
    expect(first?.lost.aborted).toBe(false)
    await using second = await opened.storage.tryLead()
    expect(second).toBeDefined()
  })

  test('keeps nobody from writing', async () => {
    await using leadership = await opened.storage.tryLead()
    expect(leadership).toBeDefined()
    await using other = await openStorage(opened.options)
    await expect(other.transaction((unit) => unit.issued.nextCrlNumber('aa'))).resolves.toBe(1n)
  })

  test('ends with a process that is killed', async () => {
    await using leader = await startProcess(leaderElsewhere())
    expect(leader.said).toBe(true)
    await expect(opened.storage.tryLead()).resolves.toBeUndefined()
    await leader.kill()
    await using leadership = await untilLeading()
    expect(leadership).toBeDefined()
  })
})

test('a leader whose connection to PostgreSQL ends is told, and another one may lead', async () => {
  await using own = await openTestStorage('postgres')
  opened = own
  await using leadership = await opened.storage.tryLead()
  if (leadership === undefined) throw new TypeError('nobody else leads')
  const lost = new Promise((resolve) => {
    leadership.lost.addEventListener('abort', resolve)
  })
  await runSql(
    opened.options,
    'SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = $$advisory$$ AND database = (SELECT oid FROM pg_database WHERE datname = current_database())',
  )
  await lost
  await using second = await untilLeading()
  expect(second).toBeDefined()
})

/** The server sees the end of a connection a moment later. */
async function untilLeading(): Promise<Leadership | undefined> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const leadership = await opened.storage.tryLead()
    if (leadership !== undefined) return leadership
    await setTimeout(20)
  }
  return undefined
}
