import { expect, test } from 'vitest'

import { systemClock, systemRandom } from '#base'

import { SYSTEM } from '../audit/audit-record.ts'
import { pkiForTests } from '../central.fixture.ts'
import { openStorage } from '../storage/open-storage.ts'
import { RootPool } from './root-pool.ts'
import type { RootStore } from './root-store.ts'

test('a root that was added while the list was read is in the next one', async () => {
  await using storage = await openStorage({ url: 'sqlite::memory:' })
  let read = Promise.resolve()
  const { roots } = storage.stores
  const slowRoots: RootStore = {
    put: (root) => roots.put(root),
    find: (id) => roots.find(id),
    remove: (id, end) => roots.remove(id, end),
    list: async () => {
      const listed = await roots.list()
      await read
      return listed
    },
  }
  const slow = {
    stores: { ...storage.stores, roots: slowRoots },
    transaction: storage.transaction.bind(storage),
  }
  const pool = new RootPool({ storage: slow, clock: systemClock, random: systemRandom })
  const { promise, resolve } = Promise.withResolvers<void>()
  read = promise
  const listed = pool.list()
  await pool.add((await pkiForTests())['v2g/root'].certificate, 'V2G', SYSTEM)
  resolve()
  await expect(listed).resolves.toEqual([])
  await expect(pool.list()).resolves.toHaveLength(1)
})
