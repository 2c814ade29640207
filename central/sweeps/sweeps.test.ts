import { setTimeout } from 'node:timers/promises'

import { describe, expect, test } from 'vitest'

import { systemRandom } from '#base'
import { ISO2_NAMESPACE } from '#opcp'
import { createLogger } from '#service'

import { lineOf } from '../audit/audit-record.ts'
import { verifyChain } from '../audit/verify-chain.ts'
import type { StoredContract } from '../ccp/contract-store.ts'
import { pkiForTests } from '../central.fixture.ts'
import type { Storage } from '../storage-port.ts'
import { ENGINES, openTestStorage } from '../storage/storage.fixture.ts'
import { sweepExpiredContracts, sweepRevokedContracts } from './contract-expiry.ts'
import { sweepRetention } from './retention.ts'
import { sweepHourly } from './sweeps.ts'

const DAY_MS = 86_400_000
const VEHICLE = { pcidKey: 'EVOABC00000000001', namespace: ISO2_NAMESPACE } as const
const EMAID = 'DEEVOC00000001'
const roots = { list: async () => [] }

/** A contract whose bundle has ended already; any certificate will do as that of the contract. */
async function putContract(storage: Storage, certificate: Uint8Array): Promise<void> {
  const contract: StoredContract = {
    ...VEHICLE,
    emaid: { asIssued: EMAID, key: EMAID },
    rootFingerprint: '01'.repeat(32),
    contractRootFingerprint: '0a'.repeat(32),
    publicKeySha256: 'aa'.repeat(32),
    validFromMs: 0,
    validToMs: 1,
    metaData: undefined,
    storedAtMs: 1,
    contractCertificate: certificate,
    response: Uint8Array.of(0x80, 0x98),
    signedXml: '<V2G_Message/>',
  }
  await storage.transaction(async (unit) => {
    await unit.vehicles.put({
      ...VEHICLE,
      pcid: 'EVOabc00000000001',
      signatureAlgorithm: 'secp256r1',
      vehicleCertificate: certificate,
      subCa1Certificate: certificate,
      subCa2Certificate: undefined,
      publicKeySha256: contract.publicKeySha256,
      v2gRootKeyIds: [],
      previousPcid: undefined,
      storedAtMs: 1,
    })
    await unit.contracts.put(contract)
    await unit.endpoints.add({
      id: 'e1',
      owner: { participantId: 'P', name: 'P', roles: [], providerIds: [], wmis: ['EVO'] },
      url: 'https://receiver.example/',
      enabledEvents: ['oem.contract.deleted'],
      description: undefined,
      metadata: {},
      wmiFilter: [],
      status: 'ENABLED',
      secrets: { current: new Uint8Array(32), previous: undefined },
      createdAtMs: 0,
      version: 1,
    })
  })
}

describe.each(ENGINES)('sweeps on %s', (engine) => {
  test('an expired contract goes once, with an event for the OEM and a record of it', async () => {
    const { certificate } = (await pkiForTests())['cps/leaf']
    await using opened = await openTestStorage(engine)
    const { storage } = opened
    const { contracts, outbox, audit } = storage.stores
    await putContract(storage, certificate.der)
    const ports = { storage, roots, random: systemRandom, clock: () => certificate.validToMs + 1 }
    for (let round = 0; round < 2; round++) await sweepExpiredContracts(ports, new AbortController().signal)
    expect(await contracts.find({ emaidKey: EMAID })).toEqual([])
    expect(await contracts.vehicleOf(EMAID)).toBeUndefined()
    expect(await outbox.count()).toMatchObject({ PENDING: 1 })
    const records = await audit.list({ fromSeq: 1, limit: 10 })
    expect(records.map(({ record }) => JSON.parse(record))).toMatchObject([
      { action: 'contract.expire', actor: { clientId: 'system' }, after: null },
    ])
    expect(await verifyChain(records.map(lineOf))).toEqual(await audit.head())
  })

  test('a contract stays while its own certificate is valid, whatever else in its bundle has ended', async () => {
    const { certificate } = (await pkiForTests())['cps/leaf']
    await using opened = await openTestStorage(engine)
    const { storage } = opened
    await putContract(storage, certificate.der)
    const ports = { storage, roots, random: systemRandom, clock: () => certificate.validToMs }
    await sweepExpiredContracts(ports, new AbortController().signal)
    expect(await storage.stores.contracts.find({ emaidKey: EMAID })).toHaveLength(1)
    expect(await storage.stores.outbox.count()).toMatchObject({ PENDING: 0 })
  })

  test('a contract whose certificate our CA has revoked goes once, with an event and a record', async () => {
    const { certificate } = (await pkiForTests())['cps/leaf']
    await using opened = await openTestStorage(engine)
    const { storage } = opened
    const { contracts, issued, outbox, audit } = storage.stores
    await putContract(storage, certificate.der)
    const name = { issuerKeySha256: 'ca', serialNumberHex: '01' }
    const terms = { commonName: 'DE-EVO-C00000001', requester: 'mo', issuedAtMs: 0, validToMs: 1 }
    await issued.reserve({ ...name, ...terms })
    await issued.complete(name, certificate.der)
    const ports = { storage, roots, random: systemRandom, clock: () => certificate.validFromMs }
    const sweep = () => sweepRevokedContracts(ports, new AbortController().signal)
    await sweep()
    expect(await contracts.find({ emaidKey: EMAID })).toHaveLength(1)
    await issued.revoke(name, { revokedAtMs: 1, reason: 'keyCompromise' })
    for (let round = 0; round < 2; round++) await sweep()
    expect(await contracts.find({ emaidKey: EMAID })).toEqual([])
    expect(await outbox.count()).toMatchObject({ PENDING: 1 })
    const records = await audit.list({ fromSeq: 1, limit: 10 })
    expect(records.map(({ record }) => JSON.parse(record).action)).toEqual(['contract.revoke'])
  })

  test('deliveries are forgotten after 90 days, records of contracts two years after their end', async () => {
    await using opened = await openTestStorage(engine)
    const { storage } = opened
    const { contracts } = storage.stores
    const nowMs = Date.UTC(2030, 0)
    const delivery = (days: number) => ({
      bundleSha256: `${days}`,
      requestSha256: 'r',
      kind: 'request' as const,
      requester: 'cpo',
      deliveredAtMs: nowMs - days * DAY_MS,
    })
    for (const days of [89, 91]) await contracts.addDelivery(delivery(days))
    for (const days of [729, 731])
      await storage.transaction((unit) =>
        unit.contracts.bury({
          emaidSha256: 'e',
          certificateSha256: `${days}`,
          serialNumberHex: '01',
          certificate: Uint8Array.of(0x30),
          validToMs: nowMs - days * DAY_MS,
          removedAtMs: 0,
        }),
      )
    await sweepRetention({ storage, clock: () => nowMs })
    expect(await contracts.addDelivery(delivery(89))).toBe('repeated')
    expect(await contracts.addDelivery(delivery(91))).toBe('first')
    const left = await storage.database
      .selectFrom('contract_tombstone')
      .select('certificate_sha256')
      .execute()
    expect(left).toEqual([{ certificate_sha256: '729' }])
  })
})

test('a sweep that fails is logged, keeps no other from its turn, and has its own again', async () => {
  const ending = new AbortController()
  const log: string[] = []
  const logger = createLogger({
    name: 'test',
    level: 'error',
    destination: { write: (line) => void log.push(line) },
  })
  const turns: string[] = []
  const sweeps = {
    broken: async () => {
      turns.push('broken')
      throw new Error('the database is away')
    },
    sound: async () => {
      turns.push('sound')
      if (turns.length === 4) ending.abort()
    },
  }
  await Promise.race([sweepHourly(sweeps, { logger, intervalMs: 1 })(ending.signal), setTimeout(5_000)])
  expect(turns).toEqual(['broken', 'sound', 'broken', 'sound'])
  expect(log.map((line) => JSON.parse(line))).toMatchObject([
    { sweep: 'broken', msg: 'a sweep failed' },
    { sweep: 'broken', msg: 'a sweep failed' },
  ])
})
