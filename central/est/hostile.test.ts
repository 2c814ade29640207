import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { startScene, type CentralScene } from '../central.fixture.ts'
import { rawRequest, tokenOf } from '../raw-request.fixture.ts'
import { newRequest } from './est.fixture.ts'

let scene: CentralScene
let headers: Readonly<Record<string, string>>
beforeAll(async () => {
  scene = await startScene()
  headers = { authorization: `Bearer ${await tokenOf(scene, 'CPO')}`, 'content-type': 'application/pkcs10' }
})
afterAll(() => scene[Symbol.asyncDispose]())

const enrol = async (bytes: Uint8Array): Promise<number> => {
  const body = Buffer.from(bytes).toString('base64')
  return (await rawRequest(scene, 'POST', '/cpo/simpleenroll', { headers, body })).status
}

test('a request with any byte changed is refused, and so are other bytes: 400', async () => {
  const valid = Buffer.from((await newRequest('DE*EVO*E1')).request, 'base64')
  const changed = fc.tuple(fc.nat(valid.length - 1), fc.integer({ min: 1, max: 255 })).map(([at, mask]) => {
    const bytes = Uint8Array.from(valid)
    bytes[at] = (bytes[at] ?? 0) ^ mask
    return bytes
  })
  await fc.assert(
    fc.asyncProperty(fc.oneof(changed, fc.uint8Array({ maxLength: 300 })), async (bytes) => {
      expect(await enrol(bytes)).toBe(400)
    }),
    { numRuns: 150 },
  )
})

test('a body over the limit is not read to its end: 413', async () => {
  const body = 'A'.repeat(70_000)
  expect((await rawRequest(scene, 'POST', '/cpo/simpleenroll', { headers, body })).status).toBe(413)
})

test('who has no token is refused before the body is read, whatever it is: 401', async () => {
  const body = 'A'.repeat(70_000)
  expect((await rawRequest(scene, 'POST', '/cpo/simpleenroll', { body })).status).toBe(401)
  expect((await rawRequest(scene, 'POST', '/cpo/simplereenroll', { body })).status).toBe(401)
})

test('paths that no client sends end in 404', async () => {
  const segment = fc.stringMatching(/^[A-Za-z0-9._-]{1,20}$/)
  await fc.assert(
    fc.asyncProperty(fc.array(segment, { minLength: 1, maxLength: 3 }), async (segments) => {
      fc.pre(!segments.some((text) => /^\.+$/.test(text)))
      const path = `/.well-known/est/x${segments.join('/cacerts/')}/cacerts`
      expect((await rawRequest(scene, 'GET', path, { headers })).status).toBe(404)
    }),
    { numRuns: 50 },
  )
})
