import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { base64FromBytes, systemRandom } from '#base'
import { issueVehicle } from '#pki'

import { newVehicle, provCertBody, putRoots, startScene, type CentralScene } from '../central.fixture.ts'
import { refusal, PCID_REFUSED } from '../raw-request.fixture.ts'

let scene: CentralScene
beforeAll(async () => {
  scene = await startScene()
  await putRoots(scene)
})
afterAll(() => scene[Symbol.asyncDispose]())

describe('the PCP', () => {
  test('gives back what was put, wrapped or not, and takes PEM and the old spellings', async () => {
    const vehicle = await newVehicle(scene.pki)
    const put = await scene.clientOf('OEM').putProvCert({
      provisioningCertificate: vehicle.certificate.toPem(),
      subCa1Certificate: vehicle.sub1.toPem(),
      subCa2Certificate: vehicle.sub2.toPem(),
      v2gRootAuthorityKeyIdentifier: '4F:13:AB',
    })
    expect(put).toMatchObject({ ...provCertBody(vehicle), v2gRootAuthorityKeyIdentifiers: ['4f:13:ab'] })
    await expect(scene.clientOf('MO_EXTERNAL_PKI').getProvCert(vehicle.pcid.toLowerCase())).resolves.toEqual(
      put,
    )
  })

  test.each([
    ['vehicleCertificate', 'Invalid certificate format on vehicleCertificate'],
    ['subCA1Certificate', 'Invalid certificate format on subCa1Certificate'],
    ['subCA2Certificate', 'Invalid certificate format on subCa2Certificate'],
  ])('refuses a %s that is none', async (member, message) => {
    const body = { ...provCertBody(await newVehicle(scene.pki)), [member]: 'AAAA' }
    await expect(scene.clientOf('OEM').putProvCert(body)).rejects.toMatchObject(refusal(400, message))
  })

  test('refuses vehicles of another maker, expired ones and those below a root it does not know', async () => {
    const { pki } = scene
    const oem = scene.clientOf('OEM')
    const clock = Date.now
    const foreign = await issueVehicle(pki, { pcid: 'XYZ00000000000001', clock, random: systemRandom })
    await expect(oem.putProvCert(provCertBody(foreign))).rejects.toMatchObject(
      refusal(403, 'The WMI XYZ does not belong to this client.'),
    )
    const vehicle = await newVehicle(pki)
    const expired = {
      ...provCertBody(vehicle),
      vehicleCertificate: base64FromBytes(vehicle.expiredCertificate.der),
    }
    await expect(oem.putProvCert(expired)).rejects.toMatchObject(
      refusal(400, 'The validUntil date of vehicleCertificate is in the past.'),
    )
    const orphan = { ...provCertBody(vehicle), subCA1Certificate: provCertBody(vehicle).subCA2Certificate }
    await expect(oem.putProvCert(orphan)).rejects.toMatchObject(
      refusal(400, 'No trusted root certificate found for the given chain.'),
    )
  })

  test('says 403 to a foreign PCID whether it exists or not, 404 to an own one, 400 to none', async () => {
    const oem = scene.clientOf('OEM')
    const foreign = 'The WMI XYZ does not belong to this client.'
    await expect(oem.getProvCert('XYZ00000000000009')).rejects.toMatchObject(refusal(403, foreign))
    await expect(oem.getProvCert('EVO00000000000009')).rejects.toMatchObject(
      refusal(404, 'The OEM provisioning certificate with given PCID is not found.'),
    )
    await expect(oem.getProvCert('EVO-9')).rejects.toMatchObject(refusal(400, PCID_REFUSED))
  })
})
