import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { bytesFromBase64 } from '#base'
import { decodeV2gMessage, decryptContractKey, verifyContractData } from '#iso15118'
import { parseCertificate, verifierOf } from '#pki'

import {
  contractDataBody,
  generateBody,
  installationRequest,
  putRoots,
  putVehicle,
  SESSION_ID,
  startScene,
  type CentralScene,
} from './central.fixture.ts'

let scene: CentralScene
beforeAll(async () => {
  scene = await startScene()
  await putRoots(scene)
})
afterAll(() => scene[Symbol.asyncDispose]())

describe('a vehicle', () => {
  test('gets the contract that was generated for it and opens its key', async () => {
    const vehicle = await putVehicle(scene)
    const emaid = 'DEEVOC00000001'
    await scene
      .clientOf('MO_HUBJECT_PKI')
      .generateSignedContractData(generateBody({ pcid: vehicle.pcid, emaid }))
    const answer = await scene.clientOf('CPO').getSignedContractData(await installationRequest(vehicle))
    expect(answer).toMatchObject({ status: 200, messages: [{ emaid }] })
    expect(answer.messages).toHaveLength(1)
    const exi = bytesFromBase64(answer.messages[0]?.certificateInstallationRes ?? '', 16_000)
    const { message } = decodeV2gMessage(exi)
    expect(message.Header.SessionID).toEqual(SESSION_ID)
    const response = message.Body.CertificateInstallationRes
    if (response === undefined) throw new TypeError('no response')
    const cps = parseCertificate(response.SAProvisioningCertificateChain.Certificate)
    expect(verifyContractData({ message, verifier: verifierOf(cps) })).toMatchObject({ valid: true })
    const contract = parseCertificate(response.ContractSignatureCertChain.Certificate)
    decryptContractKey({
      vehiclePrivateKey: vehicle.privateKey,
      dhPublicKey: response.DHpublickey.$value,
      encryptedPrivateKey: response.ContractSignatureEncryptedPrivateKey.$value,
      contractPublicKey: contract.publicKey,
    })
  })

  test('gets the contract an operator with its own PKI had signed', async () => {
    const vehicle = await putVehicle(scene)
    const emaid = 'DEEVXC0000000A2'
    const signed = await scene.clientOf('MO_EXTERNAL_PKI').signContractData({
      contractData: await contractDataBody(scene.pki, { vehicle, emaid }),
      xsdMsgDefNamespace: 'urn:iso:15118:2:2013:MsgDef',
      pcid: vehicle.pcid,
    })
    expect(signed).toMatchObject({ emaid, pcid: vehicle.pcid })
    const answer = await scene.clientOf('CPO').getSignedContractData(await installationRequest(vehicle))
    expect(answer).toMatchObject({ status: 200, messages: [{ emaid }] })
  })
})
