import { createHash } from 'node:crypto'

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { systemRandom } from '#base'

import type { Storage } from '../storage-port.ts'
import { openStorage } from '../storage/open-storage.ts'
import { ENGINES, openTestStorage } from '../storage/storage.fixture.ts'
import { auditEntry, lineOf, seal, SYSTEM, FIRST_HASH, type SealedRecord } from './audit-record.ts'
import { verifyChain } from './verify-chain.ts'

const ports = { clock: () => Date.UTC(2026, 10, 23), random: systemRandom }
const CONTRACT = { type: 'contract', id: 'DE8AACA2B3C4D5' } as const

function entry(over: Partial<Parameters<typeof auditEntry>[0]> = {}) {
  return auditEntry({ action: 'contract.put', by: SYSTEM, object: CONTRACT, ...over }, ports)
}

async function linesOf({ stores }: Storage): Promise<readonly string[]> {
  return (await stores.audit.list({ fromSeq: 1, limit: 1000 })).map(lineOf)
}

function chainOf(length: number): readonly string[] {
  const chain: SealedRecord[] = []
  for (let seq = 1; seq <= length; seq++) {
    const salt = new Uint8Array(32)
    const prevHash = chain.at(-1)?.hash ?? FIRST_HASH
    chain.push(seal(entry({ action: `action ${seq}` }), { seq, prevHash, salt, environment: 'test' }))
  }
  return chain.map(lineOf)
}

describe.each(ENGINES)('the audit chain on %s', (engine) => {
  test('numbers the records of concurrent transactions without a gap and binds each to the one before', async () => {
    await using opened = await openTestStorage(engine)
    const { storage } = opened
    await storage.stores.audit.begin('https://pools.example')
    await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        storage.transaction((unit) =>
          unit.audit.append(entry({ object: { ...CONTRACT, id: `id ${n % 3}` } })),
        ),
      ),
    )
    const lines = await linesOf(storage)
    expect(lines).toHaveLength(20)
    expect(await verifyChain(lines)).toEqual(await storage.stores.audit.head())
  })

  test('has transactions about the same new objects in another order run once each', async () => {
    await using opened = await openTestStorage(engine)
    let runs = 0
    const recordAll = (ids: readonly string[]): Promise<void> =>
      opened.storage.transaction(async (unit) => {
        runs++
        for (const id of ids) await unit.audit.append(entry({ object: { ...CONTRACT, id } }))
      })
    const ids = Array.from({ length: 10 }, (_, n) => `id ${n}`)
    await Promise.all([recordAll(ids), recordAll(ids.toReversed()), recordAll(ids)])
    expect(runs).toBe(3)
    expect(await opened.storage.stores.audit.head()).toMatchObject({ seq: 30 })
  })

  test('keeps no record of a transaction that fails', async () => {
    await using opened = await openTestStorage(engine)
    const failing = opened.storage.transaction(async (unit) => {
      await unit.audit.append(entry())
      throw new Error('the change failed')
    })
    await expect(failing).rejects.toThrow('the change failed')
    expect(await opened.storage.stores.audit.head()).toEqual({ seq: 0, hash: FIRST_HASH })
  })

  test('stays whole when the salt of an object is erased; what comes later is under another salt', async () => {
    await using opened = await openTestStorage(engine)
    const { storage } = opened
    for (let n = 0; n < 2; n++) await storage.transaction((unit) => unit.audit.append(entry()))
    await storage.stores.audit.forget(CONTRACT)
    await storage.transaction((unit) => unit.audit.append(entry()))
    const lines = await linesOf(storage)
    expect((await verifyChain(lines)).seq).toBe(3)
    const ids = lines.map((line) => JSON.parse(line).record.object.id)
    expect(ids[0]).toBe(ids[1])
    expect(ids[2]).not.toBe(ids[1])
  })
})

test('a record says who did what in which environment, and names the object only by a salted hash', async () => {
  await using storage = await openStorage({ url: 'sqlite::memory:' })
  await storage.stores.audit.begin('https://pools.example')
  const by = { clientId: 'mo', participantId: 'MO', roles: ['MO'], sourceIp: '192.0.2.1', traceId: 'trace' }
  await storage.transaction((unit) => unit.audit.append(entry({ by, before: 'old', after: 'new' })))
  const [line = ''] = await linesOf(storage)
  expect(line).not.toContain(CONTRACT.id)
  expect(JSON.parse(line).record).toEqual({
    seq: 1,
    at: '2026-11-23T00:00:00.000Z',
    environment: 'https://pools.example',
    actor: { clientId: 'mo', participantId: 'MO', roles: ['MO'], sourceIp: '192.0.2.1' },
    traceId: 'trace',
    action: 'contract.put',
    object: { type: 'contract', id: expect.stringMatching(/^[0-9a-f]{64}$/) },
    before: createHash('sha256').update('old').digest('hex'),
    after: createHash('sha256').update('new').digest('hex'),
    decision: 'allow',
  })
})

test('adding outside a transaction is refused, as the change and its record could be torn apart', async () => {
  await using storage = await openStorage({ url: 'sqlite::memory:' })
  await expect(storage.stores.audit.append(entry())).rejects.toThrow(TypeError)
})

describe('the verifier', () => {
  const chain = chainOf(12)
  const place = fc.nat(chain.length - 1)

  test('finds any character that was changed, and names its record', async () => {
    await fc.assert(
      fc.asyncProperty(place, fc.nat(), fc.constantFrom('0', 'x', '"', ' '), async (at, where, character) => {
        const line = chain[at] ?? ''
        const index = where % line.length
        fc.pre(line[index] !== character)
        const changed = chain.with(at, line.slice(0, index) + character + line.slice(index + 1))
        await expect(verifyChain(changed)).rejects.toMatchObject({
          code: 'ERR_AUDIT_BROKEN',
          message: expect.stringContaining(`record ${at + 1} of`),
        })
      }),
    )
  })

  test('finds a record that was removed before the last, or put twice', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(chain.length - 2), fc.boolean(), async (at, twice) => {
        const [line = ''] = chain.slice(at)
        const changed = twice ? chain.toSpliced(at, 0, line) : chain.toSpliced(at, 1)
        await expect(verifyChain(changed)).rejects.toMatchObject({ code: 'ERR_AUDIT_BROKEN' })
      }),
    )
  })

  test('finds any two records that were exchanged', async () => {
    await fc.assert(
      fc.asyncProperty(place, place, async (a, b) => {
        fc.pre(a !== b)
        const changed = chain.with(a, chain[b] ?? '').with(b, chain[a] ?? '')
        await expect(verifyChain(changed)).rejects.toMatchObject({
          message: expect.stringContaining(`record ${Math.min(a, b) + 1} of`),
        })
      }),
    )
  })

  test('gives another last record when records at the end are missing', async () => {
    const whole = await verifyChain(chain)
    expect(await verifyChain(chain.slice(0, -1))).not.toEqual(whole)
    expect(whole.seq).toBe(chain.length)
  })
})
