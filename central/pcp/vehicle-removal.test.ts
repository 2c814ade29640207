import { afterAll, beforeAll, expect, test } from 'vitest'

import { systemRandom } from '#base'
import { issueVehicle, type VehicleCredentials } from '#pki'

import {
  generateBody,
  provCertBody,
  putRoots,
  putVehicle,
  startScene,
  type CentralScene,
} from '../central.fixture.ts'
import { rawRequest, tokenOf, type RawAnswer } from '../raw-request.fixture.ts'
import { openStorage } from '../storage/open-storage.ts'
import type { SqlStorage } from '../storage/sql-storage.ts'
import { addSilentEndpoint } from '../webhooks/silent-endpoints.fixture.ts'

let scene: CentralScene
let storage: SqlStorage
const tokens = { OEM: '', CPS: '', MO_HUBJECT_PKI: '' }
beforeAll(async () => {
  scene = await startScene()
  await putRoots(scene)
  storage = await openStorage({ url: scene.config.database.url })
  for (const role of ['OEM', 'CPS', 'MO_HUBJECT_PKI'] as const) tokens[role] = await tokenOf(scene, role)
  await addSilentEndpoint(storage, {
    enabledEvents: [
      'oem.contract.deleted',
      'mo.prov.cert.deleted',
      'mo.prov.cert.updated',
      'mo.prov.cert.factory.reset',
    ],
    wmis: ['EVO'],
    providerIds: ['DEEVO'],
  })
})
afterAll(async () => {
  await storage[Symbol.asyncDispose]()
  await scene[Symbol.asyncDispose]()
})

const ask = (method: string, path: string, role: keyof typeof tokens = 'OEM'): Promise<RawAnswer> =>
  rawRequest(scene, method, `/v1/oem/${path}`, { headers: { authorization: `Bearer ${tokens[role]}` } })

async function eventsOf({ pcid }: VehicleCredentials): Promise<readonly string[]> {
  const rows = await storage.database
    .selectFrom('webhook_event')
    .select('event_type')
    .where('pcid_key', '=', pcid.toUpperCase())
    .orderBy('position')
    .execute()
  return rows.map(({ event_type: type }) => type)
}

let contracts = 0
/** A vehicle with two contracts of the operator's own CA. */
async function vehicleWithContracts(): Promise<VehicleCredentials> {
  const vehicle = await putVehicle(scene)
  for (let made = 0; made < 2; made++) {
    const emaid = `DEEVOR${String(++contracts).padStart(8, '0')}`
    await scene
      .clientOf('MO_HUBJECT_PKI')
      .generateSignedContractData(generateBody({ pcid: vehicle.pcid, emaid }))
  }
  return vehicle
}

async function revokedCount(): Promise<number> {
  const rows = await storage.database
    .selectFrom('issued_certificate')
    .select('serial_number')
    .where('revoked_at_ms', 'is not', null)
    .execute()
  return rows.length
}

const NOT_FOUND = {
  status: 404,
  body: { errorMessages: ['The OEM provisioning certificate with given PCID is not found.'] },
}

test('a deleted vehicle takes its contracts along: gone, revoked and announced, with a record of it', async () => {
  const vehicle = await vehicleWithContracts()
  const before = await revokedCount()
  const path = `provCerts/${vehicle.pcid}`
  await expect(ask('DELETE', path)).resolves.toMatchObject({ status: 200, body: {} })
  await expect(storage.stores.contracts.find({ pcidKey: vehicle.pcid.toUpperCase() })).resolves.toEqual([])
  expect(await revokedCount()).toBe(before + 2)
  const each = ['mo.prov.cert.deleted', 'oem.contract.deleted']
  expect(await eventsOf(vehicle)).toEqual([...each, ...each])
  for (const [method, what] of [
    ['DELETE', path],
    ['GET', path],
    ['GET', `provCerts/lookupVehicle/${vehicle.pcid}`],
    ['GET', `provCertSigntureAlgorithms/${vehicle.pcid}`],
    ['POST', `${path}/factoryReset`],
  ] as const)
    await expect(ask(method, what)).resolves.toMatchObject(NOT_FOUND)
  await expect(ask('HEAD', path)).resolves.toMatchObject({ status: 404, body: undefined })
  const rows = await storage.database.selectFrom('provisioning_tombstone').selectAll().execute()
  expect(rows).toContainEqual(
    expect.objectContaining({ certificate_sha256: vehicle.certificate.fingerprintSha256Hex }),
  )
})

test('a factory reset ends the contracts and keeps the vehicle', async () => {
  const vehicle = await vehicleWithContracts()
  const path = `provCerts/${vehicle.pcid}`
  const reset = await ask('POST', `${path}/factoryReset`)
  expect(reset).toMatchObject({ status: 200, body: { deletedContracts: 2 } })
  const each = ['mo.prov.cert.factory.reset', 'oem.contract.deleted']
  expect(await eventsOf(vehicle)).toEqual([...each, ...each])
  await expect(ask('HEAD', path)).resolves.toMatchObject({ status: 200, body: undefined })
  await expect(ask('POST', `${path}/factoryReset`)).resolves.toMatchObject({ body: { deletedContracts: 0 } })
})

test('another key ends the contracts, the same key none', async () => {
  const vehicle = await vehicleWithContracts()
  await scene.clientOf('OEM').putProvCert(provCertBody(vehicle))
  expect(await eventsOf(vehicle)).toEqual([])
  const other = await issueVehicle(scene.pki, {
    pcid: vehicle.pcid,
    clock: Date.now,
    random: systemRandom,
  })
  const before = await revokedCount()
  await scene.clientOf('OEM').putProvCert(provCertBody(other))
  const each = ['mo.prov.cert.updated', 'oem.contract.deleted']
  expect(await eventsOf(vehicle)).toEqual([...each, ...each])
  expect(await revokedCount()).toBe(before + 2)
})

test('which certificate is meant can be said by its algorithm or its edition, not by both', async () => {
  const { pcid } = await putVehicle(scene)
  for (const name of ['provCertSigntureAlgorithms', 'provCertSignatureAlgorithms'])
    await expect(ask('GET', `${name}/${pcid}`, 'CPS')).resolves.toMatchObject({
      status: 200,
      body: { pcid, signatureAlgorithms: ['secp256r1'] },
    })
  const lookup = `provCerts/lookupVehicle/${pcid}`
  await expect(ask('GET', lookup, 'CPS')).resolves.toMatchObject({ status: 200, body: {} })
  for (const [method, path] of [
    ['GET', lookup],
    ['DELETE', `provCerts/${pcid}`],
  ] as const) {
    const both = `${path}?signatureAlgorithm=secp256r1&xsdMsgDefNamespace=urn:iso:15118:2:2013:MsgDef`
    await expect(ask(method, both)).resolves.toMatchObject({
      status: 400,
      body: { errorMessages: ['signatureAlgorithm and xsdMsgDefNamespace cannot be combined'] },
    })
    await expect(ask(method, `${path}?signatureAlgorithm=rsa`)).resolves.toMatchObject({
      status: 400,
      body: { errorMessages: ['signatureAlgorithm : must be one of [secp256r1, secp521r1, ed448]'] },
    })
    await expect(ask(method, `${path}?signatureAlgorithm=ed448`)).resolves.toMatchObject(NOT_FOUND)
  }
  await expect(ask('DELETE', `provCerts/${pcid}?signatureAlgorithm=secp256r1`)).resolves.toMatchObject({
    status: 200,
  })
})

test('of a foreign vehicle, nothing is deleted nor told', async () => {
  for (const [method, path] of [
    ['DELETE', 'provCerts/XYZ00000000000009'],
    ['POST', 'provCerts/XYZ00000000000009/factoryReset'],
    ['GET', 'provCerts/lookupVehicle/XYZ00000000000009'],
  ] as const)
    await expect(ask(method, path)).resolves.toMatchObject({
      status: 403,
      body: { errorMessages: ['The WMI XYZ does not belong to this client.'] },
    })
})
