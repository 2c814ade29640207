import { expect, test } from 'vitest'

import { systemClock, systemRandom } from '#base'

import { pkiForTests } from '../central.fixture.ts'
import { RootPool } from './root-pool.ts'
import type { RootStore, StoredRoot } from './root-store.ts'

/** Reads as slowly as `read` resolves, and gives what was stored when the reading began. */
class SlowStore implements RootStore {
  readonly #roots: StoredRoot[] = []
  read: Promise<void> = Promise.resolve()

  async put(root: StoredRoot): Promise<StoredRoot> {
    this.#roots.push(root)
    return root
  }

  async list(): Promise<readonly StoredRoot[]> {
    const roots = [...this.#roots]
    await this.read
    return roots
  }

  async find(id: string): Promise<StoredRoot | undefined> {
    return this.#roots.find((root) => root.id === id)
  }
}

test('a root that was added while the list was read is in the next one', async () => {
  const store = new SlowStore()
  const pool = new RootPool({ store, clock: systemClock, random: systemRandom })
  const { promise, resolve } = Promise.withResolvers<void>()
  store.read = promise
  const listed = pool.list()
  await pool.add((await pkiForTests())['v2g/root'].certificate, 'V2G')
  resolve()
  await expect(listed).resolves.toEqual([])
  await expect(pool.list()).resolves.toHaveLength(1)
})
