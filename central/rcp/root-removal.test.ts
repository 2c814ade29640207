import { afterAll, beforeAll, expect, test } from 'vitest'

import { base64FromBytes } from '#base'
import type { Role } from '#opcp'

import { newVehicle, provCertBody, putRoots, startScene, type CentralScene } from '../central.fixture.ts'
import { rawRequest, refusal, tokenOf, type RawAnswer } from '../raw-request.fixture.ts'
import { openStorage } from '../storage/open-storage.ts'
import type { SqlStorage } from '../storage/sql-storage.ts'
import { addSilentEndpoint } from '../webhooks/silent-endpoints.fixture.ts'

let scene: CentralScene
let storage: SqlStorage
beforeAll(async () => {
  scene = await startScene()
  await putRoots(scene)
  storage = await openStorage({ url: scene.config.database.url })
  await addSilentEndpoint(storage, {
    enabledEvents: ['root.cert.added', 'root.cert.revoked', 'root.cert.expired'],
  })
})
afterAll(async () => {
  await storage[Symbol.asyncDispose]()
  await scene[Symbol.asyncDispose]()
})

async function remove(id: string, role: Role = 'ADMIN'): Promise<RawAnswer> {
  const headers = { authorization: `Bearer ${await tokenOf(scene, role)}` }
  return await rawRequest(scene, 'DELETE', `/v1/root/rootCerts/${id}`, { headers })
}

async function eventTypes(): Promise<readonly string[]> {
  const rows = await storage.database
    .selectFrom('webhook_event')
    .select('event_type')
    .orderBy('position')
    .execute()
  return rows.map(({ event_type: type }) => type)
}

test('a removed root is gone at once and announced once; what is below it stays, and nothing new is taken', async () => {
  const stored = await newVehicle(scene.pki)
  await scene.clientOf('OEM').putProvCert(provCertBody(stored))
  const caCertificate = base64FromBytes(scene.pki['oem/root'].certificate.der)
  const [root] = await scene.clientOf('CPS').getRootCerts({ rootType: 'OEM' })
  const id = root?.rootCertificateId ?? ''
  await expect(remove(id)).resolves.toMatchObject({ status: 200, body: {} })
  await expect(remove(id)).resolves.toMatchObject({
    status: 404,
    body: { errorMessages: ['Root certificate with the given ID is not found'] },
  })
  await expect(scene.clientOf('CPS').getRootCerts({ rootType: 'OEM' })).resolves.toEqual([])
  await expect(storage.stores.vehicles.list(stored.pcid.toUpperCase())).resolves.toHaveLength(1)
  await expect(
    scene.clientOf('OEM').putProvCert(provCertBody(await newVehicle(scene.pki))),
  ).rejects.toMatchObject(refusal(400, 'No trusted root certificate found for the given chain.'))
  const kept = await storage.database.selectFrom('root_tombstone').select(['id', 'state']).execute()
  expect(kept).toEqual([{ id, state: 'REVOKED' }])
  for (let again = 0; again < 2; again++)
    await scene.clientOf('ADMIN').putRootCert({ caCertificate, rootType: 'OEM' })
  expect(await eventTypes()).toEqual(['root.cert.revoked', 'root.cert.added'])
})

test('nobody but an administrator removes a root, and none without an id', async () => {
  const [root] = await scene.clientOf('CPS').getRootCerts({ rootType: 'V2G' })
  await expect(remove(root?.rootCertificateId ?? '', 'OEM')).resolves.toMatchObject({ status: 403 })
  await expect(remove('1')).resolves.toMatchObject({ status: 400 })
  await expect(scene.clientOf('CPS').getRootCerts({ rootType: 'V2G' })).resolves.toHaveLength(1)
})
