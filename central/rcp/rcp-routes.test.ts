import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { base64FromBytes } from '#base'

import { putRoots, startScene, type CentralScene } from '../central.fixture.ts'
import { rawRequest, refusal, tokenOf } from '../raw-request.fixture.ts'

let scene: CentralScene
beforeAll(async () => {
  scene = await startScene()
  await putRoots(scene)
})
afterAll(() => scene[Symbol.asyncDispose]())

describe('the RCP', () => {
  test('keeps a root once per type and shows it by id', async () => {
    const caCertificate = base64FromBytes(scene.pki['v2g/root'].certificate.der)
    await scene.clientOf('ADMIN').putRootCert({ caCertificate, rootType: 'v2g' })
    const roots = (await scene.clientOf('CPS').getRootCerts({ rootType: 'V2G' })).filter(
      (root) => root.caCertificate === caCertificate,
    )
    expect(roots).toHaveLength(1)
    const [root] = roots
    expect(root).toMatchObject({ caCertificate, rootType: 'V2G', signatureAlgorithm: 'secp256r1' })
    await expect(scene.clientOf('CPO').getRootCert(root?.rootCertificateId ?? '')).resolves.toEqual(root)
  })

  test('answers 304 to who has the list already, until a root is added', async () => {
    const authorization = `Bearer ${await tokenOf(scene, 'CPO')}`
    const list = (headers: Readonly<Record<string, string>> = {}) =>
      rawRequest(scene, 'GET', '/v1/root/rootCerts', { headers: { authorization, ...headers } })
    const etag = String((await list()).headers['etag'])
    for (const named of [etag, `"x", W/${etag}`, '*'])
      await expect(list({ 'if-none-match': named })).resolves.toMatchObject({ status: 304, body: undefined })
    const caCertificate = base64FromBytes(scene.pki['oem/root'].certificate.der)
    await scene.clientOf('ADMIN').putRootCert({ caCertificate, rootType: 'V2G' })
    await expect(list({ 'if-none-match': etag })).resolves.toMatchObject({ status: 200 })
  })

  test.each([
    ['AAAA', 400, 'Invalid certificate format on caCertificate'],
    ['oem/sub1', 400, 'The root certificate is not self-signed.'],
  ])('refuses %s', async (what, status, message) => {
    const sub = scene.pki['oem/sub1'].certificate
    const caCertificate = what === 'AAAA' ? what : base64FromBytes(sub.der)
    const call = scene.clientOf('ADMIN').putRootCert({ caCertificate, rootType: 'OEM' })
    await expect(call).rejects.toMatchObject(refusal(status, message))
  })

  test('knows no root of another id', async () => {
    const call = scene.clientOf('CPO').getRootCert('00000000-0000-4000-8000-000000000000')
    await expect(call).rejects.toMatchObject(refusal(404, 'Root certificate with the given ID is not found'))
  })
})
