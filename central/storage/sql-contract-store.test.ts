import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { ISO2_NAMESPACE } from '#opcp'

import type { ContractStore, StoredContract } from '../ccp/contract-store.ts'
import { ENGINES, openTestStorage, type TestStorage } from './storage.fixture.ts'

const KEY = 'aa'.repeat(32)
const VEHICLE = { pcidKey: 'EVOABC00000000001', namespace: ISO2_NAMESPACE } as const
const FIRST = 'DEEVOC00000001'
const SECOND = 'DEEVOC00000002'
const [ROOT_A, ROOT_B] = ['01'.repeat(32), '02'.repeat(32)]

const contract = (key: string, over: Partial<StoredContract> = {}): StoredContract => ({
  ...VEHICLE,
  emaid: { asIssued: key, key },
  rootFingerprint: ROOT_A,
  contractRootFingerprint: '0a'.repeat(32),
  publicKeySha256: KEY,
  validFromMs: 0,
  validToMs: 253_402_300_799_000,
  metaData: undefined,
  storedAtMs: 1,
  contractCertificate: Uint8Array.of(0x30, 3),
  response: Uint8Array.of(0x80, 0x98),
  signedXml: '<V2G_Message/>',
  ...over,
})

let opened: TestStorage
const stored = (): ContractStore => opened.storage.stores.contracts
const within = <T>(work: (contracts: ContractStore) => Promise<T>): Promise<T> =>
  opened.storage.transaction((unit) => work(unit.contracts))
const put = (value: StoredContract): Promise<string> => within((contracts) => contracts.put(value))
const held = async (): Promise<readonly string[]> =>
  (await stored().find(VEHICLE)).map(
    ({ emaid, rootFingerprint, isDefault }) =>
      `${emaid.key} ${rootFingerprint.slice(0, 2)}${isDefault ? ' default' : ''}`,
  )

const roots = async (emaidKey?: string): Promise<readonly string[]> =>
  (await stored().findDeliverable({ ...VEHICLE, emaidKey })).map(({ rootFingerprint }) => rootFingerprint)

describe.each(ENGINES)('contracts on %s', (engine) => {
  beforeEach(async () => {
    opened = await openTestStorage(engine)
    await opened.storage.transaction((unit) =>
      unit.vehicles.put({
        ...VEHICLE,
        pcid: 'EVOabc00000000001',
        signatureAlgorithm: 'secp256r1',
        vehicleCertificate: Uint8Array.of(0x30, 1),
        subCa1Certificate: Uint8Array.of(0x30, 2),
        subCa2Certificate: undefined,
        publicKeySha256: KEY,
        v2gRootKeyIds: [],
        previousPcid: undefined,
        storedAtMs: 1,
      }),
    )
    await put(contract(FIRST))
    await put(contract(SECOND, { storedAtMs: 2 }))
    await put(contract(FIRST, { storedAtMs: 3, rootFingerprint: ROOT_B }))
  })
  afterEach(() => opened[Symbol.asyncDispose]())

  test('are found by vehicle and by EMAID, in the order they were stored, with the PCID as the OEM writes it', async () => {
    expect(await held()).toEqual([`${FIRST} 01 default`, `${SECOND} 01`, `${FIRST} 02 default`])
    const found = await stored().find({ emaidKey: SECOND, rootFingerprint: ROOT_A })
    expect(found).toMatchObject([{ pcid: 'EVOabc00000000001', emaid: { key: SECOND }, isDefault: false }])
    expect(await stored().find({ emaidKey: SECOND, rootFingerprint: ROOT_B })).toEqual([])
  })

  test('put with the same bytes are unchanged, with others or other metadata replaced', async () => {
    expect(await put(contract(FIRST, { storedAtMs: 9 }))).toBe('unchanged')
    expect(await put(contract(FIRST, { metaData: 'm' }))).toBe('replaced')
    expect(await put(contract(FIRST, { response: Uint8Array.of(0x80) }))).toBe('replaced')
  })

  test('removed below one root stay the default below the other; with the last bundle default and pairing go', async () => {
    await within((contracts) =>
      contracts.remove({ emaidKey: FIRST, pcidKey: VEHICLE.pcidKey, rootFingerprint: ROOT_A }),
    )
    expect(await held()).toEqual([`${SECOND} 01`, `${FIRST} 02 default`])
    const gone = await within((contracts) => contracts.remove({ emaidKey: FIRST, pcidKey: VEHICLE.pcidKey }))
    expect(gone).toMatchObject([{ emaid: { key: FIRST }, isDefault: true }])
    expect(await held()).toEqual([`${SECOND} 01`])
    expect(await stored().vehicleOf(FIRST)).toBeUndefined()
    expect(await stored().findDefault(VEHICLE)).toEqual([])
    await put(contract(FIRST, { storedAtMs: 5 }))
    expect(await held()).toEqual([`${SECOND} 01`, `${FIRST} 01`])
  })

  test('removed all at once leave nothing, and the next one is the default again', async () => {
    expect(await within((contracts) => contracts.remove({ pcidKey: VEHICLE.pcidKey }))).toHaveLength(3)
    expect(await held()).toEqual([])
    await put(contract(SECOND))
    expect(await held()).toEqual([`${SECOND} 01 default`])
  })

  test('have never two defaults, however many are set at once; an unknown one changes nothing', async () => {
    const set = (emaidKey: string): Promise<string> =>
      within((contracts) => contracts.setDefault({ ...VEHICLE, emaidKey }))
    await Promise.all([FIRST, SECOND, FIRST, SECOND].map(set))
    const defaults = (await stored().find(VEHICLE)).filter(({ isDefault }) => isDefault)
    expect(new Set(defaults.map(({ emaid }) => emaid.key)).size).toBe(1)
    expect(await set(SECOND)).toBe('set')
    expect(await set('DEEVOC00000003')).toBe('unknown')
    expect((await stored().findDefault(VEHICLE)).map(({ emaid }) => emaid.key)).toEqual([SECOND])
  })

  test('are deliverable by EMAID, the newest bundle first, and without one the oldest contract is', async () => {
    expect(await roots(FIRST)).toEqual([ROOT_B, ROOT_A])
    expect(await roots(SECOND)).toEqual([ROOT_A])
    expect(await roots()).toEqual([ROOT_B, ROOT_A])
  })

  test('that went out for one request twice are counted once', async () => {
    const delivery = {
      bundleSha256: '0b'.repeat(32),
      requestSha256: '0c'.repeat(32),
      kind: 'request',
      requester: 'CPO',
      deliveredAtMs: 1,
    } as const
    expect(await stored().addDelivery(delivery)).toBe('first')
    expect(await stored().addDelivery({ ...delivery, deliveredAtMs: 2 })).toBe('repeated')
    expect(await stored().addDelivery({ ...delivery, requestSha256: '0d'.repeat(32) })).toBe('first')
  })

  test('that are gone leave their certificate on record, once', async () => {
    const tombstone = {
      emaidSha256: '0e'.repeat(32),
      certificateSha256: '0f'.repeat(32),
      serialNumberHex: '01',
      certificate: Uint8Array.of(0x30, 3),
      validToMs: 2,
      removedAtMs: 1,
    }
    await within((contracts) => contracts.bury(tombstone))
    await within((contracts) => contracts.bury({ ...tombstone, removedAtMs: 5 }))
    const rows = await opened.storage.database.selectFrom('contract_tombstone').selectAll().execute()
    expect(rows).toMatchObject([{ serial_number: '01', removed_at_ms: 1 }])
  })
})
