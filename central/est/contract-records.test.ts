import { afterAll, beforeAll, expect, test } from 'vitest'

import { bytesFromBase64 } from '#base'
import { decodeV2gMessage, decryptContractKey, type CertificateInstallationResType } from '#iso15118'
import { parseCertificate, parseCrl, readCertificatesOnly, type Certificate } from '#pki'

import {
  generateBody,
  installationRequest,
  putRoots,
  putVehicle,
  startScene,
  type CentralScene,
} from '../central.fixture.ts'
import { curl, newRequest, writeClient } from './est.fixture.ts'

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

test('a vehicle cannot prolong a contract that the CPS made, though it has its key: 403', async () => {
  const vehicle = await vehicleWithContract('DEEVOZ00000002')
  const answer = await answerTo(vehicle)
  const contract = parseCertificate(answer.ContractSignatureCertChain.Certificate)
  const privateKey = decryptContractKey({
    vehiclePrivateKey: vehicle.privateKey,
    dhPublicKey: answer.DHpublickey.$value,
    encryptedPrivateKey: answer.ContractSignatureEncryptedPrivateKey.$value,
    contractPublicKey: contract.publicKey,
  })
  const client = await writeClient(scene, contract, { privateKey })
  const organizationName = contract.organizationName ?? ''
  const { request } = await newRequest('DEEVOZ00000002', { organizationName })
  const refused = await curl(scene, '/mo/simplereenroll', { client, body: request })
  expect([refused.status, refused.text]).toEqual([
    403,
    expect.stringContaining('renewed by its mobility operator'),
  ])
})

test('a contract that its mobility operator enrolled is renewed for the same name', async () => {
  const { request, ...keys } = await newRequest('DEEVOZ00000003')
  const enrolled = await curl(scene, '/mo/simpleenroll', { role: 'MO_HUBJECT_PKI', body: request })
  const [contract] = readCertificatesOnly(enrolled.text)
  if (contract === undefined) throw new TypeError('a contract')
  const client = await writeClient(scene, contract, keys)
  const renew = async (...requested: Parameters<typeof newRequest>): Promise<number> => {
    const next = await newRequest(...requested)
    return (await curl(scene, '/mo/simplereenroll', { client, body: next.request })).status
  }
  expect(await renew('DEEVOZ00000003')).toBe(200)
  expect(await renew('DEEVOZ00000004')).toBe(403)
  expect(await renew('DEEVOZ00000003', { organizationName: 'Somebody Else' })).toBe(403)
})
