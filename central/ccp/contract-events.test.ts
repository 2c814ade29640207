import { setTimeout } from 'node:timers/promises'

import { afterAll, beforeAll, expect, test } from 'vitest'

import type { VehicleCredentials } from '#pki'

import {
  generateBody,
  installationRequest,
  putRoots,
  putVehicle,
  startScene,
  type CentralScene,
} from '../central.fixture.ts'
import { rawRequest, tokenOf } from '../raw-request.fixture.ts'
import { openStorage } from '../storage/open-storage.ts'
import type { SqlStorage } from '../storage/sql-storage.ts'
import { addSilentEndpoints } from '../webhooks/silent-endpoints.fixture.ts'

let scene: CentralScene
let storage: SqlStorage
beforeAll(async () => {
  scene = await startScene()
  await putRoots(scene)
  storage = await openStorage({ url: scene.config.database.url })
  await addSilentEndpoints(storage)
})
afterAll(async () => {
  await storage[Symbol.asyncDispose]()
  await scene[Symbol.asyncDispose]()
})

/** What was published about a vehicle, in its order. */
async function eventsOf({ pcid }: VehicleCredentials) {
  const rows = await storage.database
    .selectFrom('webhook_event')
    .select(['event_type', 'body'])
    .where('pcid_key', '=', pcid.toUpperCase())
    .orderBy('position')
    .execute()
  return rows.map(({ event_type: type, body }) => ({
    type,
    payload: JSON.parse(new TextDecoder().decode(body ?? undefined)).payload,
  }))
}

/** Deliveries are written down soon after the answer. */
async function typesAfter(vehicle: VehicleCredentials, count: number): Promise<readonly string[]> {
  for (let tries = 0; tries < 100 && (await eventsOf(vehicle)).length < count; tries++) await setTimeout(20)
  return (await eventsOf(vehicle)).map(({ type }) => type)
}

const generate = (pcid: string, emaid: string): Promise<unknown> =>
  scene.clientOf('MO_HUBJECT_PKI').generateSignedContractData(generateBody({ pcid, emaid }))

test('a contract is announced when it is made, renewed and deleted, and as delivered once per request and version', async () => {
  const vehicle = await putVehicle(scene)
  const emaid = 'DEEVOE00000001'
  await generate(vehicle.pcid, emaid)
  const request = await installationRequest(vehicle)
  for (let repeated = 0; repeated < 3; repeated++) await scene.clientOf('CPO').getSignedContractData(request)
  const created = ['oem.contract.created', 'mo.contract.delivered.to.oem']
  expect(await typesAfter(vehicle, 2)).toEqual(created)
  await generate(vehicle.pcid, emaid)
  await scene.clientOf('CPO').getSignedContractData(request)
  const updated = [...created, 'oem.contract.updated', 'mo.contract.delivered.to.oem']
  expect(await typesAfter(vehicle, 4)).toEqual(updated)
  const headers = { authorization: `Bearer ${await tokenOf(scene, 'MO_HUBJECT_PKI')}` }
  await rawRequest(scene, 'DELETE', `/v1/ccp/signedContractData/${emaid}`, { headers })
  expect(await typesAfter(vehicle, 5)).toEqual([...updated, 'oem.contract.deleted'])
  const root = scene.pki['v2g/root'].certificate
  expect((await eventsOf(vehicle)).at(-1)?.payload).toMatchObject({
    emaid,
    pcid: vehicle.pcid,
    contractCert: expect.any(String),
    cpsSignerRootFingerprint: root.fingerprintSha256Hex,
    cpsSignerRootCommonName: root.commonName,
    signatureAlgorithm: 'secp256r1',
    defaultContract: true,
  })
})

test('what is refused is announced to nobody', async () => {
  const [vehicle, other] = [await putVehicle(scene), await putVehicle(scene)]
  await generate(vehicle.pcid, 'DEEVOE00000002')
  await expect(generate(other.pcid, 'DEEVOE00000002')).rejects.toMatchObject({ status: 400 })
  expect(await eventsOf(other)).toEqual([])
})
