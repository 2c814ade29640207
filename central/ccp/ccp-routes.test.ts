import { DatabaseSync } from 'node:sqlite'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { base64FromBytes, bytesFromBase64, systemRandom } from '#base'
import { decodeV2gMessage } from '#iso15118'
import { ISO2_NAMESPACE } from '#opcp'
import { authorityOf, generateP256KeyPair, issueVehicle } from '#pki'

import {
  DAY_MS,
  generateBody,
  idOf,
  installationRequest,
  newVehicle,
  putRoots,
  putVehicle,
  startScene,
  type CentralScene,
} from '../central.fixture.ts'
import { JSON_TYPE, rawRequest, tokenOf, refusal, base64Refused } from '../raw-request.fixture.ts'

let scene: CentralScene
beforeAll(async () => {
  scene = await startScene()
  await putRoots(scene)
})
afterAll(() => scene[Symbol.asyncDispose]())

const emaids = (function* () {
  for (let i = 1; ; i++) yield `DEEVOR${String(i).padStart(8, '0')}`
})()
async function vehicleWithContract() {
  const vehicle = await putVehicle(scene)
  const body = generateBody({ pcid: vehicle.pcid, emaid: emaids.next().value })
  await scene.clientOf('MO_HUBJECT_PKI').generateSignedContractData(body)
  return vehicle
}
async function responseCodeTo(body: Awaited<ReturnType<typeof installationRequest>>, at = scene) {
  const { status, messages } = await at.clientOf('CPO').getSignedContractData(body)
  const { message } = decodeV2gMessage(bytesFromBase64(messages[0]?.certificateInstallationRes ?? '', 16_000))
  expect(Buffer.from(message.Header.SessionID).toString('hex')).toBe('0102030405060708')
  return { status, code: message.Body.CertificateInstallationRes?.ResponseCode, emaid: messages[0]?.emaid }
}
const UNKNOWN_ROOT = { X509IssuerName: 'CN=V2GRootCA,DC=V2G', X509SerialNumber: 12345n }
const negative = (code: string) => ({ status: 404, code, emaid: undefined })

function post(certificateInstallationReq: string) {
  return scene
    .clientOf('CPO')
    .getSignedContractData({ certificateInstallationReq, xsdMsgDefNamespace: ISO2_NAMESPACE })
}

describe('a CertificateInstallationReq', () => {
  test('that is no EXI, no such message or no base64 is 400', async () => {
    await expect(post('gJg=')).rejects.toMatchObject(refusal(400, 'EXI format is invalid!'))
    await expect(post('')).rejects.toMatchObject(refusal(400, 'EXI format is invalid!'))
    await expect(post('?')).rejects.toMatchObject(refusal(400, base64Refused('certificateInstallationReq')))
    await expect(post('A'.repeat(30_000))).rejects.toMatchObject({ status: 400 })
  })

  test('signed with another key gets FAILED_SignatureError', async () => {
    const { privateKey } = await generateP256KeyPair()
    const body = await installationRequest(await vehicleWithContract(), { privateKey })
    await expect(responseCodeTo(body)).resolves.toEqual(negative('FAILED_SignatureError'))
  })

  test('with an expired certificate gets FAILED_CertificateExpired', async () => {
    const vehicle = await vehicleWithContract()
    const body = await installationRequest(vehicle, { certificate: vehicle.expiredCertificate })
    await expect(responseCodeTo(body)).resolves.toEqual(negative('FAILED_CertificateExpired'))
  })

  test('of an unknown vehicle, a known one without contract, and one with another key than the pool has gets FAILED_NoCertificateAvailable', async () => {
    const unknown = await newVehicle(scene.pki)
    const known = await putVehicle(scene)
    const rekeyed = await issueVehicle(scene.pki, {
      pcid: (await vehicleWithContract()).pcid,
      clock: Date.now,
      random: systemRandom,
    })
    for (const vehicle of [unknown, known, rekeyed])
      await expect(responseCodeTo(await installationRequest(vehicle))).resolves.toEqual(
        negative('FAILED_NoCertificateAvailable'),
      )
  })

  test('with a certificate for another role, or one from a CA that is none of ours, gets FAILED_CertChainError', async () => {
    const vehicle = await vehicleWithContract()
    const order = {
      subject: { commonName: vehicle.pcid },
      publicKey: vehicle.certificate.publicKey,
      notBeforeMs: Date.now() - DAY_MS,
      notAfterMs: Date.now() + DAY_MS,
    }
    const contract = await authorityOf(scene.pki['mo/sub2'], systemRandom).issue({
      ...order,
      profile: 'contract',
    })
    const foreign = await authorityOf(scene.pki['cpo/sub2'], systemRandom).issue({
      ...order,
      profile: 'oem-provisioning',
    })
    for (const certificate of [contract, foreign])
      await expect(responseCodeTo(await installationRequest(vehicle, { certificate }))).resolves.toEqual(
        negative('FAILED_CertChainError'),
      )
  })

  test('is answered though its root list names nothing we know, but not when it names only roots without a bundle', async () => {
    const vehicle = await vehicleWithContract()
    const body = await installationRequest(vehicle, { roots: [UNKNOWN_ROOT] })
    await expect(responseCodeTo(body)).resolves.toMatchObject({ status: 200, code: 'OK' })
    const mo = scene.pki['mo/root'].certificate
    await scene.clientOf('ADMIN').putRootCert({ caCertificate: base64FromBytes(mo.der), rootType: 'V2G' })
    await expect(
      responseCodeTo(await installationRequest(vehicle, { roots: [UNKNOWN_ROOT, idOf(mo)] })),
    ).resolves.toEqual(negative('FAILED_NoCertificateAvailable'))
  })

  test('for a contract whose root left the pool gets FAILED_NoCertificateAvailable, until it is back', async () => {
    let nowMs = Date.now()
    await using other = await startScene({ clock: () => nowMs })
    await putRoots(other)
    const vehicle = await putVehicle(other)
    const body = generateBody({ pcid: vehicle.pcid, emaid: emaids.next().value })
    await other.clientOf('MO_HUBJECT_PKI').generateSignedContractData(body)
    const ask = async () =>
      await responseCodeTo(await installationRequest(vehicle, { roots: [UNKNOWN_ROOT] }), other)
    for (const rootType of ['V2G', 'MO']) {
      await expect(ask()).resolves.toMatchObject({ code: 'OK' })
      // As another process would: what is stored counts within seconds.
      using database = new DatabaseSync(other.config.database.url.replace('sqlite:', ''))
      database.exec(`DELETE FROM root WHERE root_type = '${rootType}'`)
      nowMs += 6_000
      await expect(ask()).resolves.toEqual(negative('FAILED_NoCertificateAvailable'))
      expect(other.log.at(-1)).toContain('ERR_CCP_CONTRACT_UNTRUSTED')
      await putRoots(other)
    }
  })

  test('is refused in plain words when EXI is not wanted', async () => {
    const headers = {
      ...JSON_TYPE,
      authorization: `Bearer ${await tokenOf(scene, 'CPO')}`,
      alwaysReturnEXI: 'false',
    }
    const body = JSON.stringify(await installationRequest(await newVehicle(scene.pki)))
    await expect(
      rawRequest(scene, 'POST', '/v1/ccp/signedContractData', { headers, body }),
    ).resolves.toMatchObject({
      status: 404,
      body: { errorMessages: ['Contract or Vehicle not found.'] },
    })
  })
})
