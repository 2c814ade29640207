import { afterAll, beforeAll, expect, test } from 'vitest'

import { systemRandom } from '#base'
import { issueVehicle, type VehicleCredentials } from '#pki'

import { provCertBody, putRoots, putVehicle, startScene, type CentralScene } from '../central.fixture.ts'
import { JSON_TYPE, rawRequest, tokenOf, type RawAnswer } from '../raw-request.fixture.ts'

let scene: CentralScene
let token: string
beforeAll(async () => {
  scene = await startScene()
  await putRoots(scene)
  token = await tokenOf(scene, 'OEM')
})
afterAll(() => scene[Symbol.asyncDispose]())

function ask(
  method: string,
  pcid: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<RawAnswer> {
  const authorization = `Bearer ${token}`
  return rawRequest(scene, method, `/v1/oem/provCerts/${pcid}`, { headers: { authorization, ...headers } })
}

function put(
  vehicle: VehicleCredentials,
  headers: Readonly<Record<string, string>> = {},
): Promise<RawAnswer> {
  return rawRequest(scene, 'PUT', '/v1/oem/provCerts', {
    headers: { ...JSON_TYPE, authorization: `Bearer ${token}`, ...headers },
    body: JSON.stringify(provCertBody(vehicle)),
  })
}

const etagOf = ({ headers }: RawAnswer): string => String(headers['etag'])

/** The same vehicle with another key. */
const rekeyed = ({ pcid }: VehicleCredentials): Promise<VehicleCredentials> =>
  issueVehicle(scene.pki, { pcid, clock: Date.now, random: systemRandom })

const CHANGED = {
  status: 412,
  body: {
    errorMessages: ['What is stored is not the version that If-Match names.'],
    traceId: expect.any(String),
  },
}

test('a vehicle has the same tag however it is read, until something else is stored', async () => {
  const vehicle = await putVehicle(scene)
  const etag = etagOf(await ask('GET', vehicle.pcid))
  expect(etag).toMatch(/^"[\w-]{43}"$/)
  expect(etagOf(await ask('HEAD', vehicle.pcid))).toBe(etag)
  expect(etagOf(await put(vehicle))).toBe(etag)
  await expect(ask('GET', vehicle.pcid, { 'if-none-match': etag })).resolves.toMatchObject({
    status: 304,
    body: undefined,
  })
  expect(etagOf(await put(await rekeyed(vehicle)))).not.toBe(etag)
  await expect(ask('GET', vehicle.pcid, { 'if-none-match': etag })).resolves.toMatchObject({ status: 200 })
})

test('who names the version at hand changes it, who names an earlier one changes nothing', async () => {
  const vehicle = await putVehicle(scene)
  const etag = etagOf(await ask('GET', vehicle.pcid))
  const renewed = await put(await rekeyed(vehicle), { 'if-match': `"other", ${etag}` })
  expect(renewed.status).toBe(200)
  for (const ifMatch of [etag, `W/${etagOf(renewed)}`, etagOf(renewed).slice(1, -1), ''])
    for (const refused of [
      put(vehicle, { 'if-match': ifMatch }),
      ask('DELETE', vehicle.pcid, { 'if-match': ifMatch }),
    ])
      expect(await refused).toEqual({ ...CHANGED, headers: expect.anything() })
  expect(etagOf(await ask('GET', vehicle.pcid))).toBe(etagOf(renewed))
  const deleted = await ask('DELETE', vehicle.pcid, { 'if-match': etagOf(renewed) })
  expect(deleted).toMatchObject({ status: 200, body: {} })
})

test('any version is none where there is no vehicle', async () => {
  const vehicle = await putVehicle(scene)
  await expect(put(vehicle, { 'if-match': '*' })).resolves.toMatchObject({ status: 200 })
  await expect(ask('DELETE', vehicle.pcid, { 'if-match': '*' })).resolves.toMatchObject({ status: 200 })
  await expect(put(vehicle, { 'if-match': '*' })).resolves.toEqual({ ...CHANGED, headers: expect.anything() })
  await expect(ask('DELETE', vehicle.pcid, { 'if-match': '*' })).resolves.toMatchObject({ status: 404 })
})

test('of two who change the same version at the same time, one does', async () => {
  const vehicle = await putVehicle(scene)
  const ifMatch = etagOf(await ask('GET', vehicle.pcid))
  const others = await Promise.all([rekeyed(vehicle), rekeyed(vehicle)])
  const answers = await Promise.all(others.map((other) => put(other, { 'if-match': ifMatch })))
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 412]))
})

test('what is written is answered as such, whatever version the writer has at hand', async () => {
  const vehicle = await putVehicle(scene)
  const ifNoneMatch = etagOf(await ask('GET', vehicle.pcid))
  await expect(put(vehicle, { 'if-none-match': ifNoneMatch })).resolves.toMatchObject({
    status: 200,
    body: provCertBody(vehicle),
  })
})

test('a body that is announced as JSON and empty is none', async () => {
  const { pcid } = await putVehicle(scene)
  await expect(ask('POST', `${pcid}/factoryReset`, JSON_TYPE)).resolves.toMatchObject({
    status: 200,
    body: { deletedContracts: 0 },
  })
  await expect(ask('DELETE', pcid, { ...JSON_TYPE, 'content-length': '0' })).resolves.toMatchObject({
    status: 200,
    body: {},
  })
})
