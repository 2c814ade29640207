import { createHash } from 'node:crypto'

import { describe, expect, test } from 'vitest'

import { systemClock, systemRandom, type Clock } from '#base'
import { ISO2_NAMESPACE } from '#opcp'
import { parseCertificate, type Certificate } from '#pki'

import { lineOf, SYSTEM } from '../audit/audit-record.ts'
import { verifyChain } from '../audit/verify-chain.ts'
import { ContractEnding } from '../ccp/contract-ending.ts'
import { ContractRevocation } from '../ccp/contract-revocation.ts'
import { newVehicle, pkiForTests } from '../central.fixture.ts'
import { ProvisioningPool, publicKeySha256 } from '../pcp/provisioning-pool.ts'
import { RootPool, type PathRecords } from '../rcp/root-pool.ts'
import { ENGINES, openTestStorage } from '../storage/storage.fixture.ts'
import { addSilentEndpoint } from '../webhooks/silent-endpoints.fixture.ts'
import { sweepExpiredRoots } from './root-expiry.ts'
import { sweepEndedVehicles } from './vehicles.ts'

const EMAID = 'DEEVOC00000001'

/** Two vehicles, the first with a contract, whose pools have the clock and what is recorded about revocations. */
async function openScene(engine: (typeof ENGINES)[number]) {
  const pki = await pkiForTests()
  const opened = await openTestStorage(engine)
  const { storage } = opened
  const revoked: Certificate[] = []
  let clock: Clock = systemClock
  const ports = { clock: () => clock(), random: systemRandom }
  const records: PathRecords = {
    refuse: async (path) => {
      const certificate = path.find((each) => revoked.some((other) => other.equals(each)))
      const rule = { rule: 'revocation', section: 'RFC 5280 section 6.1.3 (a)(3)' }
      return (
        certificate && { valid: false, code: 'ERR_PATH_REVOKED', message: 'revoked', certificate, ...rule }
      )
    },
  }
  const roots = new RootPool({ storage, records, ...ports })
  const revocation = new ContractRevocation({ cas: { all: [] }, clock: ports.clock })
  const ending = new ContractEnding({ revocation, ...ports })
  const vehicles = new ProvisioningPool({ storage, roots, ending, ...ports })
  await roots.add(pki['oem/root'].certificate, 'OEM', SYSTEM)
  const issued = [await newVehicle(pki), await newVehicle(pki)] as const
  for (const { pcid, certificate, sub1, sub2 } of issued) {
    const parsed = parseCertificate(certificate.der)
    const key = { pcid, pcidKey: pcid.toUpperCase(), namespace: ISO2_NAMESPACE } as const
    const chain = { certificate: parsed, subCa1: sub1, subCa2: sub2 }
    await vehicles.put({ ...key, ...chain, v2gRootKeyIds: [], previousPcid: undefined }, SYSTEM)
  }
  const leaf = parseCertificate(issued[0].certificate.der)
  const pcidKey = issued[0].pcid.toUpperCase()
  await storage.transaction(async (unit) => {
    await unit.contracts.put({
      pcidKey,
      namespace: ISO2_NAMESPACE,
      emaid: { asIssued: EMAID, key: EMAID },
      rootFingerprint: '01'.repeat(32),
      contractRootFingerprint: '0a'.repeat(32),
      publicKeySha256: publicKeySha256(leaf),
      validFromMs: 0,
      validToMs: 1,
      metaData: undefined,
      storedAtMs: 1,
      contractCertificate: pki['cps/leaf'].certificate.der,
      response: Uint8Array.of(0x80, 0x98),
      signedXml: '<V2G_Message/>',
    })
  })
  await addSilentEndpoint(storage, {
    enabledEvents: ['oem.contract.deleted', 'mo.prov.cert.deleted', 'root.cert.expired'],
    providerIds: ['DEEVO'],
    wmis: ['EVO'],
  })
  const actions = async () => {
    const sealed = await storage.stores.audit.list({ fromSeq: 1, limit: 100 })
    await verifyChain(sealed.map(lineOf))
    return sealed.map(({ record }) => JSON.parse(record).action)
  }
  const events = async () => {
    const rows = await storage.database.selectFrom('webhook_event').select('event_type').execute()
    return rows.map(({ event_type: type }) => type).toSorted()
  }
  const at = (ms: number) => void (clock = () => ms)
  const sweep = () => sweepEndedVehicles({ storage, vehicles }, new AbortController().signal)
  return {
    opened,
    storage,
    roots,
    leaf,
    sub2: issued[0].sub2,
    pcidKey,
    revoked,
    ports,
    at,
    sweep,
    actions,
    events,
  }
}

describe.each(ENGINES)('on %s', (engine) => {
  test('a revoked provisioning certificate goes once with its contracts, and MO and OEM are told; others stay', async () => {
    const scene = await openScene(engine)
    await using _ = scene.opened
    const { vehicles, contracts } = scene.storage.stores
    await scene.sweep()
    expect(await vehicles.listKeys({ afterPcidKey: '', limit: 10 })).toHaveLength(2)
    scene.revoked.push(scene.leaf)
    for (let round = 0; round < 2; round++) await scene.sweep()
    expect(await vehicles.list(scene.pcidKey)).toEqual([])
    expect(await vehicles.listKeys({ afterPcidKey: '', limit: 10 })).toHaveLength(1)
    expect(await contracts.find({ emaidKey: EMAID })).toEqual([])
    const pcidSha256 = createHash('sha256').update(scene.pcidKey).digest('hex')
    expect(await vehicles.findTombstones(pcidSha256)).toHaveLength(1)
    expect(await scene.events()).toEqual(['mo.prov.cert.deleted', 'oem.contract.deleted'])
    expect((await scene.actions()).filter((action) => action === 'vehicle.end')).toHaveLength(1)
  })

  test('a vehicle below a CA that is revoked stays', async () => {
    const scene = await openScene(engine)
    await using _ = scene.opened
    if (scene.sub2 === undefined) throw new TypeError('the vehicle has two sub CAs')
    scene.revoked.push(scene.sub2)
    await scene.sweep()
    expect(await scene.storage.stores.vehicles.list(scene.pcidKey)).toHaveLength(1)
    expect(await scene.events()).toEqual([])
  })

  test('expired provisioning certificates go; an expired root goes alone and is told once', async () => {
    const scene = await openScene(engine)
    await using _ = scene.opened
    const { vehicles } = scene.storage.stores
    const [root] = await scene.roots.list()
    scene.at((root?.certificate.validToMs ?? 0) + 1)
    for (let round = 0; round < 2; round++) await sweepExpiredRoots({ roots: scene.roots, ...scene.ports })
    expect(await scene.roots.list()).toEqual([])
    expect(await scene.events()).toEqual(['root.cert.expired'])
    expect(await vehicles.listKeys({ afterPcidKey: '', limit: 10 })).toHaveLength(2)
    await scene.sweep()
    expect(await vehicles.listKeys({ afterPcidKey: '', limit: 10 })).toEqual([])
    expect(await scene.events()).toEqual([
      'mo.prov.cert.deleted',
      'oem.contract.deleted',
      'root.cert.expired',
    ])
  })
})
