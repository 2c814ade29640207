import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { base64FromBytes } from '#base'
import { ISO2_NAMESPACE } from '#opcp'

import {
  contractDataBody,
  newVehicle,
  pkiForTests,
  putRoots,
  startScene,
  type CentralScene,
} from '../central.fixture.ts'
import { refusal, base64Refused } from '../raw-request.fixture.ts'

let scene: CentralScene
beforeAll(async () => {
  scene = await startScene()
  await putRoots(scene)
})
afterAll(() => scene[Symbol.asyncDispose]())

const emaid = 'DEEVXS00000001'
async function sign(over: object = {}, outer: object = {}) {
  const pki = await pkiForTests()
  const contractData = {
    ...(await contractDataBody(pki, { vehicle: await newVehicle(pki), emaid })),
    ...over,
  }
  return scene
    .clientOf('MO_EXTERNAL_PKI')
    .signContractData({ contractData, xsdMsgDefNamespace: ISO2_NAMESPACE, ...outer })
}

describe('contractData/signed', () => {
  test('signs without a PCID, stores nothing, and gives XML without a session', async () => {
    const signed = await sign()
    const xml = Buffer.from(signed.signedData, 'base64').toString()
    expect(xml).toContain('CertificateInstallationRes')
    expect(xml).not.toContain('SessionID')
    expect(signed).toMatchObject({
      emaid,
      cpsV2GRootCertificateFingerprint: scene.pki['v2g/root'].certificate.fingerprintSha256Hex,
    })
  })

  test('takes the old shape with its sub CAs in any order', async () => {
    const { contractCertificate, contractSubCa1Certificate, contractSubCa2Certificate, ...keys } =
      await contractDataBody(scene.pki, { vehicle: await newVehicle(scene.pki), emaid })
    const contractSignatureCertChain = {
      contractSignatureCertChainCertificate: contractCertificate,
      contractSignatureCertChainSubCertificates: [contractSubCa1Certificate, contractSubCa2Certificate],
    }
    const call = scene.clientOf('MO_EXTERNAL_PKI').signContractData({
      contractData: { ...keys, contractSignatureCertChain, emaid },
      xsdMsgDefNamespace: 'ISO15118-2',
    })
    await expect(call).resolves.toMatchObject({ emaid, xsdMsgDefNamespace: ISO2_NAMESPACE })
  })

  test.each([
    [base64Refused('contractData.dHpublickey'), { dHpublickey: '?' }],
    ['contractData.dHpublickey : must be 65 bytes', { dHpublickey: 'BAAA' }],
    [
      'contractData.dHpublickey : must be an uncompressed point of secp256r1',
      { dHpublickey: Buffer.alloc(65, 4).toString('base64') },
    ],
    [
      base64Refused('contractData.contractSignatureEncryptedPrivateKey'),
      { contractSignatureEncryptedPrivateKey: 'a' },
    ],
    [
      'contractData.contractSignatureEncryptedPrivateKey : must be 48 bytes',
      { contractSignatureEncryptedPrivateKey: Buffer.alloc(64).toString('base64') },
    ],
    ['Invalid certificate format on contractCertificate', { contractCertificate: 'AAAA' }],
    [
      'Invalid certificate format on contractSignatureCertChainSubCertificates list',
      { contractSubCa1Certificate: 'AAAA' },
    ],
  ])('refuses with 400 %s', async (message, over) => {
    await expect(sign(over)).rejects.toMatchObject(refusal(400, message))
  })

  test('refuses an expired contract, another EMAID beside it, a foreign chain, none at all, and an unknown vehicle', async () => {
    const { pki } = scene
    const expired = await contractDataBody(pki, {
      vehicle: await newVehicle(pki),
      emaid,
      notAfterMs: Date.now() - 1_000,
    })
    await expect(sign(expired)).rejects.toMatchObject(
      refusal(400, 'The validUntil date of contract certificate is in the past.'),
    )
    await expect(sign({}, { emaid: 'DEEVXS00000002' })).rejects.toMatchObject(
      refusal(400, 'emaid : must be the common name of the contract certificate'),
    )
    await expect(
      sign({ contractSubCa1Certificate: base64FromBytes(pki['oem/sub1'].certificate.der) }),
    ).rejects.toMatchObject(refusal(400, 'No trusted root certificate found for the given chain.'))
    const { contractSubCa1Certificate: _, contractSubCa2Certificate: __, ...bare } = expired
    await expect(
      scene
        .clientOf('MO_EXTERNAL_PKI')
        .signContractData({ contractData: bare, xsdMsgDefNamespace: ISO2_NAMESPACE }),
    ).rejects.toMatchObject(refusal(400, 'contractData.contractSubCa1Certificate : must not be null'))
    await expect(sign({}, { pcid: 'EVO00000000000009' })).rejects.toMatchObject(
      refusal(400, 'The OEM provisioning certificate with the given PCID is not available.'),
    )
  })
})
