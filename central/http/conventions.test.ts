import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { startScene, type CentralScene } from '../central.fixture.ts'
import { JSON_TYPE, rawRequest, tokenOf } from '../raw-request.fixture.ts'

let scene: CentralScene
beforeAll(async () => {
  scene = await startScene()
})
afterAll(() => scene[Symbol.asyncDispose]())

describe('every operation', () => {
  test('wants a token, and says 401 to none, a broken one and one of another kind', async () => {
    const [header = '', payload = ''] = (await tokenOf(scene, 'CPO')).split('.')
    const unsigned = `${Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')}.${payload}.`
    for (const authorization of [
      undefined,
      'Bearer x',
      `Bearer ${header}.${payload}.AAAA`,
      `Bearer ${unsigned}`,
    ]) {
      const answer = await rawRequest(scene, 'GET', '/v1/root/rootCerts', {
        ...(authorization !== undefined && { headers: { authorization } }),
      })
      expect(answer).toMatchObject({ status: 401, body: { errorMessages: [expect.any(String)] } })
      expect(answer.headers['www-authenticate']).toBe('Bearer error="invalid_token"')
      expect(answer.headers['x-trace-id']).toBe(Object(answer.body).traceId)
    }
  })

  test('refuses a role it is not for before it reads the body', async () => {
    const headers = { ...JSON_TYPE, authorization: `Bearer ${await tokenOf(scene, 'CPO')}` }
    const answer = await rawRequest(scene, 'PUT', '/v1/root/rootCerts', { headers, body: 'not JSON' })
    expect(answer).toMatchObject({ status: 403, body: { errorMessages: ['Requires a role of: ADMIN.'] } })
  })

  test.each([
    [413, `{"a":"${'x'.repeat(70_000)}"}`, JSON_TYPE, 'The body exceeds 65536 bytes.'],
    [415, '<a/>', { 'content-type': 'application/xml' }, 'The body must be application/json.'],
    [400, '{"a":', JSON_TYPE, 'The body is not JSON.'],
    [400, '['.repeat(100), JSON_TYPE, 'The body is nested more than 16 levels deep.'],
    [400, '{"rootType":"V2G"}', JSON_TYPE, 'caCertificate : must not be null'],
  ])('answers %i to a body it cannot use', async (status, body, type, message) => {
    const headers = { ...type, authorization: `Bearer ${await tokenOf(scene, 'ADMIN')}` }
    const answer = await rawRequest(scene, 'PUT', '/v1/root/rootCerts', { headers, body })
    expect(answer).toMatchObject({ status, body: { errorMessages: [message] } })
  })

  test('that does not exist is 404, a path that is none 400, both with an error body', async () => {
    await expect(rawRequest(scene, 'GET', '/v1/nothing')).resolves.toMatchObject({
      status: 404,
      body: { errorMessages: ['Unknown path or method.'] },
    })
    for (const pcid of ['%E0%A4%A', 'a'.repeat(200)])
      await expect(rawRequest(scene, 'GET', `/v1/oem/provCerts/${pcid}`)).resolves.toMatchObject({
        status: 400,
        body: { errorMessages: ['The path is not a valid one.'] },
      })
  })
})
