import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { ISO2_NAMESPACE } from '#opcp'

import {
  DAY_MS,
  generateBody,
  putRoots,
  putVehicle,
  startScene,
  type CentralScene,
} from '../central.fixture.ts'
import { refusal, PCID_REFUSED, EMAID_REFUSED } from '../raw-request.fixture.ts'

let scene: CentralScene
beforeAll(async () => {
  scene = await startScene()
  await putRoots(scene)
})
afterAll(() => scene[Symbol.asyncDispose]())

const generate = (over: Partial<ReturnType<typeof generateBody>> & { pcid: string }) =>
  scene.clientOf('MO_HUBJECT_PKI').generateSignedContractData({
    ...generateBody({ emaid: 'DEEVOG00000001', ...over }),
    ...over,
  })
const PCID = 'EVO00000000000009'
const past = new Date(Date.now() - DAY_MS / 2).toISOString()

describe('generate', () => {
  test.each([
    [400, EMAID_REFUSED, { pcid: PCID, emaid: 'DE_EVO' }],
    [400, PCID_REFUSED, { pcid: 'X' }],
    [400, 'The contractBegins does not match the specification', { pcid: PCID, contractBegins: 'today' }],
    [400, 'The contractEnds does not match the specification', { pcid: PCID, contractEnds: '2026' }],
    [400, 'The given contractEnds date is in the past.', { pcid: PCID, contractEnds: past }],
    [
      400,
      'The contractEnds does not match the specification',
      { pcid: PCID, contractEnds: '2040-02-30T00:00:00Z' },
    ],
    [
      400,
      'The given contractBegins date is after the end of the CA.',
      { pcid: PCID, contractBegins: '9000-01-01T00:00:00Z', contractEnds: '9001-01-01T00:00:00Z' },
    ],
    [403, 'The provider id DEXXX does not belong to this client.', { pcid: PCID, emaid: 'DEXXXG00000001' }],
    [400, 'The OEM provisioning certificate with the given PCID is not available.', { pcid: PCID }],
    [
      400,
      `xsdMsgDefNamespace : must be one of ["${ISO2_NAMESPACE}"]`,
      { pcid: PCID, xsdMsgDefNamespace: 'urn:din:70121:2012:MsgDef' },
    ],
  ])('refuses with %i %s', async (status, message, over) => {
    await expect(generate(over)).rejects.toMatchObject(refusal(status, message))
  })

  test('refuses an EMAID of another vehicle, and a V2G root without a signer', async () => {
    const [one, other] = [await putVehicle(scene), await putVehicle(scene)]
    await generate({ pcid: one.pcid, emaid: 'DEEVOG00000007' })
    await expect(generate({ pcid: other.pcid, emaid: 'DE-EVO-G00000007' })).rejects.toMatchObject(
      refusal(400, 'Invalid Tupple - EMAID is already used by other PCID.'),
    )
    const call = scene.clientOf('MO_HUBJECT_PKI').generateSignedContractData({
      ...generateBody({ pcid: one.pcid, emaid: 'DEEVOG00000007' }),
      cpsV2GRootCertificateFingerprint: '00'.repeat(32),
    })
    const message = 'No CPS signer available for the given cpsV2GRootCertificateFingerprint.'
    await expect(call).rejects.toMatchObject(refusal(400, message))
  })
})
