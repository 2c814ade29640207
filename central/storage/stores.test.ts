import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { ISO2_NAMESPACE } from '#opcp'

import type { StoredContract } from '../ccp/contract-store.ts'
import type { ProvisioningEntry } from '../pcp/provisioning-store.ts'
import type { StoredRoot } from '../rcp/root-store.ts'
import { openDatabase, type Database } from './database.ts'
import { SqlContractStore } from './sql-contract-store.ts'
import { SqlProvisioningStore } from './sql-provisioning-store.ts'
import { SqlRootStore } from './sql-root-store.ts'

const KEY_A = 'aa'.repeat(32)
const KEY_B = 'bb'.repeat(32)

function entry(over: Partial<ProvisioningEntry> = {}): ProvisioningEntry {
  return {
    pcid: 'EVOabc00000000001',
    pcidKey: 'EVOABC00000000001',
    namespace: ISO2_NAMESPACE,
    signatureAlgorithm: 'secp256r1',
    vehicleCertificate: Uint8Array.of(0x30, 1),
    subCa1Certificate: Uint8Array.of(0x30, 2),
    subCa2Certificate: undefined,
    publicKeySha256: KEY_A,
    v2gRootKeyIds: ['4f13', '4a'],
    previousPcid: undefined,
    storedAtMs: 1_800_000_000_000,
    ...over,
  }
}

function contract(over: Partial<StoredContract> = {}): StoredContract {
  return {
    emaid: { asIssued: 'DEevoC00000001', key: 'DEEVOC00000001' },
    pcidKey: 'EVOABC00000000001',
    namespace: ISO2_NAMESPACE,
    rootFingerprint: '01'.repeat(32),
    contractRootFingerprint: '0a'.repeat(32),
    publicKeySha256: KEY_A,
    validFromMs: 0,
    validToMs: 253_402_300_799_000,
    metaData: undefined,
    storedAtMs: 1,
    contractCertificate: Uint8Array.of(0x30, 3),
    response: Uint8Array.of(0x80, 0x98),
    signedXml: '<V2G_Message/>',
    ...over,
  }
}

function root(over: Partial<StoredRoot> = {}): StoredRoot {
  return {
    id: '1',
    rootType: 'V2G',
    fingerprint: KEY_A,
    certificate: Uint8Array.of(0x30),
    addedAtMs: 1,
    ...over,
  }
}

const VEHICLE = { pcidKey: 'EVOABC00000000001', namespace: ISO2_NAMESPACE } as const
const OTHER_EMAID = { asIssued: 'DEEVOC00000002', key: 'DEEVOC00000002' }

let directory: string
let database: Database
let roots: SqlRootStore
let vehicles: SqlProvisioningStore
let contracts: SqlContractStore

async function open(): Promise<void> {
  database = await openDatabase(join(directory, 'central.sqlite'))
  roots = new SqlRootStore(database)
  vehicles = new SqlProvisioningStore(database)
  contracts = new SqlContractStore(database)
}
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'evouch-stores-'))
  await open()
})
afterEach(async () => {
  await database.destroy()
  await rm(directory, { recursive: true })
})

describe('roots', () => {
  test('added twice for the same type are held once, under the first id', async () => {
    await roots.put(root())
    await expect(roots.put(root({ id: '2', addedAtMs: 2 }))).resolves.toEqual(root())
    await expect(roots.list()).resolves.toEqual([root()])
  })

  test('may serve two types, and come in the order they were added', async () => {
    await roots.put(root({ id: 'z' }))
    await roots.put(root({ id: 'a', rootType: 'OEM', addedAtMs: 2 }))
    expect((await roots.list()).map(({ id }) => id)).toEqual(['z', 'a'])
    await expect(roots.find('a')).resolves.toMatchObject({ rootType: 'OEM' })
    await expect(roots.find('b')).resolves.toBeUndefined()
  })
})

describe('provisioning certificates', () => {
  test('come back as they were put, found by the upper-case PCID', async () => {
    await expect(vehicles.put(entry())).resolves.toBe('created')
    await expect(vehicles.find(VEHICLE)).resolves.toEqual(entry())
    await expect(vehicles.find({ ...VEHICLE, pcidKey: 'EVO' })).resolves.toBeUndefined()
  })

  test('with the same key are renewed and keep their contracts', async () => {
    await vehicles.put(entry())
    await contracts.put(contract())
    await expect(vehicles.put(entry({ vehicleCertificate: Uint8Array.of(0x30, 9) }))).resolves.toBe('renewed')
    await expect(contracts.findDefault(VEHICLE)).resolves.toHaveLength(1)
  })

  test('with another key take their contracts, default and pairing with them', async () => {
    await vehicles.put(entry())
    await contracts.put(contract())
    await expect(vehicles.put(entry({ publicKeySha256: KEY_B }))).resolves.toBe('rekeyed')
    await expect(contracts.findDefault(VEHICLE)).resolves.toEqual([])
    await expect(contracts.vehicleOf('DEEVOC00000001')).resolves.toBeUndefined()
    await expect(contracts.put(contract({ publicKeySha256: KEY_B }))).resolves.toBe('created')
  })
})

describe('contracts', () => {
  beforeEach(() => vehicles.put(entry()).then(() => undefined))

  test('come back as they were put, after the program ended too', async () => {
    await contracts.put(contract({ metaData: 'x' }))
    await database.destroy()
    await open()
    const {
      signedXml: _,
      namespace: __,
      pcidKey: ___,
      storedAtMs: ____,
      ...deliverable
    } = contract({ metaData: 'x' })
    await expect(contracts.findDefault(VEHICLE)).resolves.toEqual([deliverable])
  })

  test('put again after a lost answer are replaced by themselves', async () => {
    await expect(contracts.put(contract())).resolves.toBe('created')
    await expect(contracts.put(contract())).resolves.toBe('replaced')
    await expect(contracts.findDefault(VEHICLE)).resolves.toHaveLength(1)
  })

  test('are kept once per V2G root, the newest first', async () => {
    await contracts.put(contract())
    await contracts.put(contract({ rootFingerprint: '02'.repeat(32), storedAtMs: 2 }))
    const found = await contracts.findDefault(VEHICLE)
    expect(found.map(({ rootFingerprint }) => rootFingerprint.slice(0, 2))).toEqual(['02', '01'])
  })

  test('of a vehicle after the first do not change its default', async () => {
    await contracts.put(contract())
    await contracts.put(contract({ emaid: OTHER_EMAID }))
    expect((await contracts.findDefault(VEHICLE)).map(({ emaid }) => emaid.key)).toEqual(['DEEVOC00000001'])
  })

  test('of another vehicle are taken, and leave no trace', async () => {
    await vehicles.put(entry({ pcidKey: 'EVOOTHER000000001' }))
    await contracts.put(contract())
    await expect(contracts.put(contract({ pcidKey: 'EVOOTHER000000001' }))).resolves.toBe('taken')
    await expect(contracts.findDefault({ ...VEHICLE, pcidKey: 'EVOOTHER000000001' })).resolves.toEqual([])
    await expect(contracts.vehicleOf('DEEVOC00000001')).resolves.toBe('EVOABC00000000001')
  })

  test('that race for one EMAID are kept for exactly one vehicle', async () => {
    await vehicles.put(entry({ pcidKey: 'EVOOTHER000000001' }))
    const results = await Promise.all([
      contracts.put(contract()),
      contracts.put(contract({ pcidKey: 'EVOOTHER000000001' })),
    ])
    expect(results.toSorted()).toEqual(['created', 'taken'])
  })

  test('encrypted for a key that is not the stored one are refused', async () => {
    await expect(contracts.put(contract({ publicKeySha256: KEY_B }))).resolves.toBe('vehicle-changed')
    await expect(contracts.vehicleOf('DEEVOC00000001')).resolves.toBeUndefined()
  })
})
