import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { ISO2_NAMESPACE } from '#opcp'

import type { StoredContract } from '../ccp/contract-store.ts'
import type { ProvisioningEntry } from '../pcp/provisioning-store.ts'
import type { StoredRoot } from '../rcp/root-store.ts'
import type { Stores } from '../storage-port.ts'
import { ENGINES, openTestStorage, type TestStorage } from './storage.fixture.ts'

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

let opened: TestStorage
const stores = (): Stores => opened.storage.stores
const putContract = (value: StoredContract): Promise<string> =>
  opened.storage.transaction((unit) => unit.contracts.put(value))
const putVehicle = (value: ProvisioningEntry): Promise<void> =>
  opened.storage.transaction((unit) => unit.vehicles.put(value))

describe.each(ENGINES)('on %s', (engine) => {
  beforeEach(async () => {
    opened = await openTestStorage(engine)
  })
  afterEach(() => opened[Symbol.asyncDispose]())

  describe('roots', () => {
    test('added twice for the same type are held once, under the first id', async () => {
      await stores().roots.put(root())
      await expect(stores().roots.put(root({ id: '2', addedAtMs: 2 }))).resolves.toEqual(root())
      await expect(stores().roots.list()).resolves.toEqual([root()])
    })

    test('may serve two types, and come in the order they were added', async () => {
      await stores().roots.put(root({ id: 'z' }))
      await stores().roots.put(root({ id: 'a', rootType: 'OEM', addedAtMs: 2 }))
      expect((await stores().roots.list()).map(({ id }) => id)).toEqual(['z', 'a'])
      await expect(stores().roots.find('a')).resolves.toMatchObject({ rootType: 'OEM' })
      await expect(stores().roots.find('b')).resolves.toBeUndefined()
    })
  })

  describe('provisioning certificates', () => {
    test('come back as they were put, found by the upper-case PCID', async () => {
      await putVehicle(entry())
      await expect(stores().vehicles.find(VEHICLE)).resolves.toEqual(entry())
      await expect(stores().vehicles.find({ ...VEHICLE, pcidKey: 'EVO' })).resolves.toBeUndefined()
    })

    test('with the same key are renewed and keep their contracts', async () => {
      await putVehicle(entry())
      await putContract(contract())
      await putVehicle(entry({ vehicleCertificate: Uint8Array.of(0x30, 9) }))
      await expect(stores().contracts.findDefault(VEHICLE)).resolves.toHaveLength(1)
    })

    test('that were removed are found no more, but on record', async () => {
      await putVehicle(entry())
      const tombstone = {
        certificateSha256: '0a'.repeat(32),
        pcidSha256: '0b'.repeat(32),
        removedAtMs: 1,
        chain: [entry().vehicleCertificate, entry().subCa1Certificate],
      }
      for (const removedAtMs of [1, 2])
        await opened.storage.transaction(async (unit) => {
          await unit.vehicles.remove(entry())
          await unit.vehicles.bury({ ...tombstone, removedAtMs })
        })
      await expect(stores().vehicles.list(VEHICLE.pcidKey)).resolves.toEqual([])
      const found = await stores().vehicles.findTombstones(tombstone.pcidSha256)
      expect(found).toEqual([{ ...tombstone, removedAtMs: 2 }])
    })
  })

  describe('contracts', () => {
    beforeEach(() => putVehicle(entry()))

    test('come back as they were put, after the program ended too', async () => {
      await putContract(contract({ metaData: 'x' }))
      await opened.reopen()
      const {
        signedXml: _,
        namespace: __,
        pcidKey: ___,
        storedAtMs: ____,
        ...deliverable
      } = contract({ metaData: 'x' })
      await expect(stores().contracts.findDefault(VEHICLE)).resolves.toEqual([deliverable])
    })

    test('put again after a lost answer are there already', async () => {
      await expect(putContract(contract())).resolves.toBe('created')
      await expect(putContract(contract())).resolves.toBe('unchanged')
      await expect(stores().contracts.findDefault(VEHICLE)).resolves.toHaveLength(1)
    })

    test('are kept once per V2G root, the newest first', async () => {
      await putContract(contract())
      await putContract(contract({ rootFingerprint: '02'.repeat(32), storedAtMs: 2 }))
      const found = await stores().contracts.findDefault(VEHICLE)
      expect(found.map(({ rootFingerprint }) => rootFingerprint.slice(0, 2))).toEqual(['02', '01'])
    })

    test('of a vehicle after the first do not change its default', async () => {
      await putContract(contract())
      await putContract(contract({ emaid: OTHER_EMAID }))
      expect((await stores().contracts.findDefault(VEHICLE)).map(({ emaid }) => emaid.key)).toEqual([
        'DEEVOC00000001',
      ])
    })

    test('of another vehicle are taken, and leave no trace', async () => {
      await putVehicle(entry({ pcidKey: 'EVOOTHER000000001' }))
      await putContract(contract())
      await expect(putContract(contract({ pcidKey: 'EVOOTHER000000001' }))).resolves.toBe('taken')
      await expect(
        stores().contracts.findDefault({ ...VEHICLE, pcidKey: 'EVOOTHER000000001' }),
      ).resolves.toEqual([])
      await expect(stores().contracts.vehicleOf('DEEVOC00000001')).resolves.toBe('EVOABC00000000001')
    })

    test('that race for one EMAID are kept for exactly one vehicle', async () => {
      await putVehicle(entry({ pcidKey: 'EVOOTHER000000001' }))
      const results = await Promise.all([
        putContract(contract()),
        putContract(contract({ pcidKey: 'EVOOTHER000000001' })),
      ])
      expect(results.toSorted()).toEqual(['created', 'taken'])
    })

    test('encrypted for a key that is not the stored one are refused', async () => {
      await expect(putContract(contract({ publicKeySha256: KEY_B }))).resolves.toBe('vehicle-changed')
      await expect(stores().contracts.vehicleOf('DEEVOC00000001')).resolves.toBeUndefined()
    })
  })
})
