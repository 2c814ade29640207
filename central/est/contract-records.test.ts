import { afterAll, beforeAll, expect, test } from 'vitest'

import { bytesFromBase64 } from '#base'
import { decodeV2gMessage } from '#iso15118'
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

/** The contract certificate that a vehicle gets after `generate`. */
async function generatedContract(emaid: string): Promise<Certificate> {
  const vehicle = await putVehicle(scene)
  await scene
    .clientOf('MO_HUBJECT_PKI')
    .generateSignedContractData(generateBody({ pcid: vehicle.pcid, emaid }))
  const answer = await scene.clientOf('CPO').getSignedContractData(await installationRequest(vehicle))
  const exi = bytesFromBase64(answer.messages[0]?.certificateInstallationRes ?? '', 64 * 1024)
  const response = decodeV2gMessage(exi).message.Body.CertificateInstallationRes
  return parseCertificate(response?.ContractSignatureCertChain.Certificate ?? new Uint8Array(0))
}

/** What the CRL of the CA for contracts says of a certificate. */
const entryOf = async (certificate: Certificate): Promise<object | undefined> =>
  parseCrl((await curl(scene, '/crl/mo.crl')).body).entryOf(certificate)

test('a contract made by the CPS is on record with the CA that issued it: its operator revokes it', async () => {
  const contract = await generatedContract('DEEVOZ00000001')
  expect(await entryOf(contract)).toBeUndefined()
  const body = JSON.stringify({ certificate: contract.toPem(), revocationReason: 'cessationOfOperation' })
  const headers = { 'content-type': 'application/json' }
  const answer = await curl(scene, '/v1/pki/revokeCertificate', { role: 'MO_HUBJECT_PKI', headers, body })
  expect(answer.status).toBe(200)
  expect(await entryOf(contract)).toMatchObject({ reason: 'cessationOfOperation' })
})
