import { generateKeyPairSync } from 'node:crypto'

import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { base64FromBytes, bytesFromBase64, systemRandom } from '#base'
import { ISO2_NAMESPACE } from '#opcp'
import { authorityOf } from '#pki'

import {
  installationRequest,
  newVehicle,
  putRoots,
  putVehicle,
  startScene,
  type CentralScene,
} from '../central.fixture.ts'

let scene: CentralScene
beforeAll(async () => {
  scene = await startScene()
  await putRoots(scene)
})
afterAll(() => scene[Symbol.asyncDispose]())

/** The status, whether it came as an answer or as a refusal. */
async function statusOf(exi: Uint8Array): Promise<number> {
  const body = { certificateInstallationReq: base64FromBytes(exi), xsdMsgDefNamespace: ISO2_NAMESPACE }
  const answer: unknown = await scene
    .clientOf('CPO')
    .getSignedContractData(body)
    .catch((error: unknown) => error)
  return Number(Object(answer).status)
}

test('any changed byte of a request is answered 400 or with a negative message, never an internal error', async () => {
  const vehicle = await putVehicle(scene)
  const { certificateInstallationReq } = await installationRequest(vehicle)
  const good = bytesFromBase64(certificateInstallationReq, 16_000)
  await fc.assert(
    fc.asyncProperty(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), async (at, mask) => {
      const changed = Uint8Array.from(good)
      changed[at] = (changed[at] ?? 0) ^ mask
      expect([400, 404]).toContain(await statusOf(changed))
    }),
    { numRuns: 200 },
  )
  expect(await statusOf(good)).toBe(404)
})

test('arbitrary bytes are answered 400', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (bytes) => {
      expect(await statusOf(bytes)).toBe(400)
    }),
    { numRuns: 100 },
  )
})

test('a certificate with a key of another curve is a negative message', async () => {
  const vehicle = await newVehicle(scene.pki)
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'secp521r1' })
  const certificate = await authorityOf(scene.pki['oem/sub2'], systemRandom).issue({
    // Certificates of vehicles have no such key under this CA: its own lint would not let one out.
    profile: 'tls-server',
    subject: { commonName: vehicle.pcid },
    publicKey,
    notBeforeMs: Date.now() - 1_000,
    notAfterMs: Date.now() + 60_000,
  })
  const { certificateInstallationReq } = await installationRequest(vehicle, { certificate })
  expect(await statusOf(bytesFromBase64(certificateInstallationReq, 16_000))).toBe(404)
})
