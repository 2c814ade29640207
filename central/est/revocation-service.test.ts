import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { systemClock } from '#base'

import { newRequest } from './est.fixture.ts'
import { startIssuing, TARGET, type IssuingScene } from './issuing.fixture.ts'

let scene: IssuingScene
beforeAll(async () => {
  scene = await startIssuing(systemClock)
})
afterAll(() => scene[Symbol.asyncDispose]())

describe('the certificate of a signing service', () => {
  test('is revoked by the client that enrolled for it and by no other of the same role', async () => {
    const certificate = await scene.enrolled('first')
    await expect(scene.revoke(certificate, 'second')).rejects.toMatchObject({ code: 'ERR_POOL_NOT_OWNER' })
    await scene.revoke(certificate, 'first')
    const { serialNumberHex } = certificate
    const issued = await scene.store.find({ issuerKeySha256: scene.ca.keySha256, serialNumberHex })
    expect(issued?.revocation).toMatchObject({ reason: 'superseded' })
  })

  test('that was renewed belongs to the same client', async () => {
    const certificate = await scene.enrolled('first')
    const body = Buffer.from((await newRequest('A signing service')).request)
    const [renewed] = await scene.enrolment.renew(TARGET, body, certificate.der)
    if (renewed === undefined) throw new TypeError('a leaf')
    await expect(scene.revoke(renewed, 'second')).rejects.toMatchObject({ code: 'ERR_POOL_NOT_OWNER' })
    await scene.revoke(renewed, 'first')
  })
})
