import { describe, expect, test } from 'vitest'

import type { PendingRoot } from '../rcp/pending-root-store.ts'
import { ENGINES, openTestStorage } from './storage.fixture.ts'

const ROOT: PendingRoot = {
  id: '1',
  rootType: 'V2G',
  fingerprint: 'f1',
  certificate: Uint8Array.of(1, 2, 3),
  proposedByClient: 'laptop',
  proposedByPerson: 'Ada',
  proposedAtMs: 2,
}

describe.each(ENGINES)('on %s', (engine) => {
  test('a certificate is proposed once per type, and removed once', async () => {
    await using opened = await openTestStorage(engine)
    const { pendingRoots } = opened.storage.stores
    const earlier: PendingRoot = { ...ROOT, id: '2', rootType: 'MO', proposedAtMs: 1 }
    for (const root of [ROOT, earlier]) await expect(pendingRoots.put(root)).resolves.toEqual(root)
    await expect(pendingRoots.put({ ...ROOT, id: '3', proposedByPerson: 'Grace' })).resolves.toEqual(ROOT)
    await expect(pendingRoots.list()).resolves.toEqual([earlier, ROOT])
    await expect(pendingRoots.find('1')).resolves.toEqual(ROOT)
    const removed = await Promise.all([pendingRoots.remove('1'), pendingRoots.remove('1')])
    expect(removed).toContainEqual(ROOT)
    expect(removed).toContain(undefined)
    await expect(pendingRoots.find('1')).resolves.toBeUndefined()
  })
})
