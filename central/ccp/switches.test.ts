/** The switches of `ccp` in central.yaml, as their callers see them. */
import { DatabaseSync } from 'node:sqlite'

import { describe, expect, test } from 'vitest'

import { base64FromBytes, bytesFromBase64 } from '#base'
import { decodeV2gMessage } from '#iso15118'
import type { VehicleCredentials } from '#pki'

import {
  generateBody,
  idOf,
  installationRequest,
  newVehicle,
  putRoots,
  putVehicle,
  startScene,
  type CentralScene,
} from '../central.fixture.ts'
import { JSON_TYPE, rawRequest, tokenOf, type RawAnswer } from '../raw-request.fixture.ts'

const POOL = '/v1/ccp/signedContractData'
const UNKNOWN_ROOT = { X509IssuerName: 'CN=V2GRootCA,DC=V2G', X509SerialNumber: 12345n }

async function sceneWith(ccp: object): Promise<CentralScene> {
  const scene = await startScene({ ccp })
  await putRoots(scene)
  return scene
}

async function ask(
  scene: CentralScene,
  vehicle: VehicleCredentials,
  { roots, headers = {} }: { roots?: Parameters<typeof idOf>[0][]; headers?: Record<string, string> } = {},
): Promise<RawAnswer & { readonly code: string | undefined; readonly emaid: unknown }> {
  const body = await installationRequest(vehicle, { roots: roots?.map(idOf) ?? [UNKNOWN_ROOT] })
  const answer = await rawRequest(scene, 'POST', POOL, {
    headers: { ...JSON_TYPE, authorization: `Bearer ${await tokenOf(scene, 'CPO')}`, ...headers },
    body: JSON.stringify(body),
  })
  const { certificateInstallationRes, emaid } =
    Object(answer.body).CCPResponse?.emaidContent[0].messageDef ?? {}
  const code =
    certificateInstallationRes === undefined
      ? undefined
      : decodeV2gMessage(bytesFromBase64(certificateInstallationRes, 16_000)).message.Body
          .CertificateInstallationRes?.ResponseCode
  return { ...answer, code, emaid }
}

async function generate(scene: CentralScene, vehicle: VehicleCredentials, emaid: string): Promise<string> {
  await scene
    .clientOf('MO_HUBJECT_PKI')
    .generateSignedContractData(generateBody({ pcid: vehicle.pcid, emaid }))
  return emaid
}
async function remove(scene: CentralScene, emaid: string): Promise<RawAnswer> {
  const headers = { authorization: `Bearer ${await tokenOf(scene, 'MO_HUBJECT_PKI')}` }
  return await rawRequest(scene, 'DELETE', `${POOL}/${emaid}`, { headers })
}

describe('negativeExiStatus', () => {
  test('200 tells the vehicle in EXI why not, and our own client takes it; who wants no EXI still gets 404', async () => {
    await using scene = await sceneWith({ negativeExiStatus: 200 })
    const vehicle = await newVehicle(scene.pki)
    expect(await ask(scene, vehicle)).toMatchObject({
      status: 200,
      code: 'FAILED_NoCertificateAvailable',
      emaid: undefined,
    })
    const answer = await scene.clientOf('CPO').getSignedContractData(await installationRequest(vehicle))
    expect(answer).toMatchObject({
      status: 200,
      messages: [{ certificateInstallationRes: expect.any(String) }],
    })
    expect(answer.messages[0]).not.toHaveProperty('emaid')
    expect(await ask(scene, vehicle, { headers: { alwaysReturnEXI: 'false' } })).toMatchObject({
      status: 404,
      body: { errorMessages: ['Contract or Vehicle not found.'] },
    })
  })
})

describe('fallbackWhenNoDefault', () => {
  test.each([
    { fallbackWhenNoDefault: 'none', expected: { status: 404, code: 'FAILED_NoCertificateAvailable' } },
    { fallbackWhenNoDefault: 'oldest', expected: { status: 200, code: 'OK', emaid: 'DEEVOF00000002' } },
  ] as const)(
    '$fallbackWhenNoDefault: after the default was deleted',
    async ({ fallbackWhenNoDefault, expected }) => {
      await using scene = await sceneWith({ fallbackWhenNoDefault })
      const vehicle = await putVehicle(scene)
      const emaids = ['DEEVOF00000001', 'DEEVOF00000002', 'DEEVOF00000003']
      for (const emaid of emaids) await generate(scene, vehicle, emaid)
      expect(await ask(scene, vehicle)).toMatchObject({ status: 200, emaid: 'DEEVOF00000001' })
      expect((await remove(scene, 'DEEVOF00000001')).status).toBe(200)
      expect(await ask(scene, vehicle)).toMatchObject(expected)
    },
  )
})

describe('unknownRoots, and V2G roots that have no bundle', () => {
  test.each([
    { unknownRoots: 'deliver', toUnknown: { status: 200, code: 'OK' } },
    { unknownRoots: 'refuse', toUnknown: { status: 404, code: 'FAILED_NoCertificateAvailable' } },
  ] as const)(
    '$unknownRoots: to a vehicle that lists what nobody knows',
    async ({ unknownRoots, toUnknown }) => {
      await using scene = await sceneWith({ unknownRoots })
      const other = scene.pki['mo/root'].certificate
      await scene
        .clientOf('ADMIN')
        .putRootCert({ caCertificate: base64FromBytes(other.der), rootType: 'V2G' })
      const vehicle = await putVehicle(scene)
      await generate(scene, vehicle, 'DEEVOU00000001')
      const ours = scene.pki['v2g/root'].certificate
      expect(await ask(scene, vehicle)).toMatchObject(toUnknown)
      expect(await ask(scene, vehicle, { roots: [other] })).toMatchObject({ status: 404 })
      expect(await ask(scene, vehicle, { roots: [other, ours] })).toMatchObject({ status: 200, code: 'OK' })
    },
  )
})

test('DELETE answers 502 when the CA cannot revoke, and the contract is still there and delivered', async () => {
  await using scene = await sceneWith({})
  const vehicle = await putVehicle(scene)
  const emaid = await generate(scene, vehicle, 'DEEVOD00000001')
  using database = new DatabaseSync(scene.config.database.url.replace('sqlite:', ''))
  database.exec(
    "CREATE TRIGGER no_revocation BEFORE UPDATE ON issued_certificate BEGIN SELECT RAISE(ABORT, 'no'); END",
  )
  expect(await remove(scene, emaid)).toMatchObject({
    status: 502,
    body: {
      errorMessages: ['The contract certificate could not be revoked, so the contract was not deleted.'],
    },
  })
  expect(await ask(scene, vehicle)).toMatchObject({ status: 200, code: 'OK', emaid })
  database.exec('DROP TRIGGER no_revocation')
  expect((await remove(scene, emaid)).status).toBe(200)
  expect(await ask(scene, vehicle)).toMatchObject({ status: 404 })
})
