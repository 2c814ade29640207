import { afterAll, beforeAll, expect, test } from 'vitest'

import { bytesFromBase64 } from '#base'
import { decodeV2gMessage, type CertificateInstallationResType } from '#iso15118'
import { parseCertificate, parseCrl, type Certificate } from '#pki'

import {
  generateBody,
  installationRequest,
  putRoots,
  putVehicle,
  startScene,
  type CentralScene,
} from '../central.fixture.ts'
import { curl } from './est.fixture.ts'

let scene: CentralScene
beforeAll(async () => {
  scene = await startScene()
  await putRoots(scene)
})
afterAll(() => scene[Symbol.asyncDispose]())

async function vehicleWithContract(emaid: string): ReturnType<typeof putVehicle> {
  const vehicle = await putVehicle(scene)
  await scene
    .clientOf('MO_HUBJECT_PKI')
    .generateSignedContractData(generateBody({ pcid: vehicle.pcid, emaid }))
  return vehicle
}

/** What a vehicle is told that asks for its contract. */
async function answerTo(
  vehicle: Awaited<ReturnType<typeof putVehicle>>,
): Promise<CertificateInstallationResType> {
  const answer = await scene.clientOf('CPO').getSignedContractData(await installationRequest(vehicle))
  const exi = bytesFromBase64(answer.messages[0]?.certificateInstallationRes ?? '', 64 * 1024)
  const response = decodeV2gMessage(exi).message.Body.CertificateInstallationRes
  if (response === undefined) throw new Error('no CertificateInstallationRes')
  return response
}

/** What the CRL of the CA for contracts says of a certificate. */
const entryOf = async (certificate: Certificate): Promise<object | undefined> =>
  parseCrl((await curl(scene, '/crl/mo.crl')).body).entryOf(certificate)

test('a contract made by the CPS is on record with its CA: revoked there, it is no longer delivered', async () => {
  const vehicle = await vehicleWithContract('DEEVOZ00000001')
  const installed = await answerTo(vehicle)
  const contract = parseCertificate(installed.ContractSignatureCertChain.Certificate)
  expect(installed.ResponseCode).toBe('OK')
  expect(await entryOf(contract)).toBeUndefined()

  const body = JSON.stringify({ certificate: contract.toPem(), revocationReason: 'cessationOfOperation' })
  const headers = { 'content-type': 'application/json' }
  const answer = await curl(scene, '/v1/pki/revokeCertificate', { role: 'MO_HUBJECT_PKI', headers, body })
  expect(answer.status).toBe(200)
  expect(await entryOf(contract)).toMatchObject({ reason: 'cessationOfOperation' })
  expect((await answerTo(vehicle)).ResponseCode).toBe('FAILED_CertificateRevoked')
})
