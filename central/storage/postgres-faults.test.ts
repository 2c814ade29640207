import { afterEach, beforeEach, expect, test } from 'vitest'

import { startNetwork, type TestNetwork } from './network.fixture.ts'
import { openStorage, type StorageOptions } from './open-storage.ts'
import { openTestStorage, type TestStorage } from './storage.fixture.ts'

const UNAVAILABLE = expect.objectContaining({ code: 'ERR_STORAGE_UNAVAILABLE' })

let opened: TestStorage
let network: TestNetwork
beforeEach(async () => {
  opened = await openTestStorage('postgres')
  const { hostname, port } = new URL(opened.options.url)
  network = await startNetwork({ host: hostname, port: Number(port) })
})
afterEach(async () => {
  await network[Symbol.asyncDispose]()
  await opened[Symbol.asyncDispose]()
})

/** The same database by way of the network. */
function throughNetwork(parameters: Readonly<Record<string, string>> = {}): StorageOptions {
  const url = new URL(opened.options.url)
  url.port = String(network.port)
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  return { ...opened.options, url: url.href }
}

test.each([
  ['a server that is not there', () => network.cut(), {}, /on 127\.0\.0\.1:\d+ as postgres: .*ECONNREFUSED/],
  ['another password', async () => {}, { password: 'wrong' }, /password authentication failed/],
])('at the start %s is named, with what to look at', async (_, prepare, change, reason) => {
  await prepare()
  const opening = openStorage({ ...throughNetwork(), ...change })
  await expect(opening).rejects.toMatchObject({ code: 'ERR_STORAGE_UNREACHABLE' })
  await expect(opening).rejects.toThrow(reason)
  await expect(opening).rejects.toThrow('see whether the server runs there')
  await expect(opening).rejects.not.toThrow(String(opened.options.password))
})

test('at the start a database that does not exist is named', async () => {
  const url = new URL(opened.options.url)
  url.pathname = 'nowhere'
  await expect(openStorage({ ...opened.options, url: url.href })).rejects.toThrow(
    'cannot use the database nowhere',
  )
})

test('a server that is lost makes each call fail until it is back', async () => {
  await using storage = await openStorage(throughNetwork())
  await network.cut()
  await expect(storage.stores.roots.list()).rejects.toEqual(UNAVAILABLE)
  await expect(storage.transaction((unit) => unit.roots.list())).rejects.toEqual(UNAVAILABLE)
  await network.mend()
  await expect(storage.stores.roots.list()).resolves.toEqual([])
  await expect(storage.transaction((unit) => unit.issued.nextCrlNumber('aa'))).resolves.toBe(1n)
})

test('a server that is lost in the middle of a transaction keeps nothing of it', async () => {
  await using storage = await openStorage(throughNetwork())
  const interrupted = storage.transaction(async (unit) => {
    await unit.issued.nextCrlNumber('aa')
    await network.cut()
    await unit.issued.nextCrlNumber('aa')
  })
  await expect(interrupted).rejects.toEqual(UNAVAILABLE)
  await network.mend()
  await expect(storage.stores.issued.nextCrlNumber('aa')).resolves.toBe(1n)
})

test('a network that swallows everything holds a call up for as long as is set, and its connection is not used again', async () => {
  await using storage = await openStorage(
    throughNetwork({ query_timeout: '200', connectionTimeoutMillis: '200' }),
  )
  await storage.stores.roots.list()
  network.swallow()
  await expect(storage.stores.roots.list()).rejects.toEqual(UNAVAILABLE)
  await network.mend()
  await expect(storage.stores.roots.list()).resolves.toEqual([])
})

test('a lock that another transaction holds for too long makes the call fail, and nothing is written', async () => {
  await using impatient = await openStorage(throughNetwork({ lock_timeout: '100' }))
  await opened.storage.transaction(async (unit) => {
    await unit.vehicles.lock('EVOX')
    const waiting = impatient.transaction(async (other) => {
      await other.issued.nextCrlNumber('aa')
      await other.vehicles.lock('EVOX')
    })
    await expect(waiting).rejects.toMatchObject({ code: 'ERR_STORAGE_BUSY' })
  })
  await expect(impatient.stores.issued.nextCrlNumber('aa')).resolves.toBe(1n)
})

test('two transactions in a deadlock are both carried out: the one taken back is run again', async () => {
  let runs = 0
  const lockBoth = (first: string, second: string): Promise<void> =>
    opened.storage.transaction(async (unit) => {
      runs += 1
      await unit.vehicles.lock(first)
      // Both have their first lock before either asks for its second.
      if (runs <= 2) await bothBegan(runs)
      await unit.vehicles.lock(second)
      await unit.issued.nextCrlNumber('aa')
    })
  const { promise: began, resolve } = Promise.withResolvers<void>()
  const bothBegan = async (run: number): Promise<void> => {
    if (run === 2) resolve()
    await began
  }
  await Promise.all([lockBoth('A', 'B'), lockBoth('B', 'A')])
  expect(runs).toBe(3)
  await expect(opened.storage.stores.issued.nextCrlNumber('aa')).resolves.toBe(3n)
})
