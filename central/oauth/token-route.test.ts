import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { JWKS_PATH } from '#opcp'

import { startScene, type CentralScene } from '../central.fixture.ts'
import { JSON_TYPE, rawRequest } from '../raw-request.fixture.ts'

let scene: CentralScene
beforeAll(async () => {
  scene = await startScene()
})
afterAll(() => scene[Symbol.asyncDispose]())

const good = { grant_type: 'client_credentials', client_id: 'CPO' }
const post = (body: object) =>
  rawRequest(scene, 'POST', '/oauth/token', { headers: JSON_TYPE, body: JSON.stringify(body) })

describe('the token endpoint', () => {
  test('gives a token to a form and to HTTP Basic as well as to JSON', async () => {
    const secret = scene.secretOf('CPO')
    const form = await rawRequest(scene, 'POST', '/oauth/token', {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        ...good,
        client_secret: secret,
        audience: 'https://localhost:7401/',
      }).toString(),
    })
    const basic = await rawRequest(scene, 'POST', '/oauth/token', {
      headers: { ...JSON_TYPE, authorization: `Basic ${Buffer.from(`CPO:${secret}`).toString('base64')}` },
      body: JSON.stringify({ grant_type: 'client_credentials' }),
    })
    for (const { status, headers, body } of [form, basic]) {
      expect(status).toBe(200)
      expect(headers['cache-control']).toBe('no-store')
      expect(body).toMatchObject({
        expires_in: 86_400,
        token_type: 'Bearer',
        scope: expect.stringContaining('ccpservice'),
      })
    }
  })

  test.each([
    [400, 'invalid_request', { grant_type: 'client_credentials' }],
    [400, 'unsupported_grant_type', { ...good, grant_type: 'password', client_secret: 'x' }],
    [401, 'access_denied', { ...good, client_secret: 'wrong' }],
    [401, 'access_denied', { ...good, client_id: 'nobody', client_secret: 'wrong' }],
  ])('refuses with %i %s', async (status, error, body) => {
    await expect(post(body)).resolves.toMatchObject({ status, body: { error } })
  })

  test('refuses a body that is no JSON in the words of OAuth', async () => {
    const answer = rawRequest(scene, 'POST', '/oauth/token', { headers: JSON_TYPE, body: '{' })
    await expect(answer).resolves.toMatchObject({ status: 400, body: { error: 'invalid_request' } })
  })

  test('refuses an audience of another stage', async () => {
    const body = { ...good, client_secret: scene.secretOf('CPO'), audience: 'https://other' }
    await expect(post(body)).resolves.toMatchObject({ status: 403, body: { error: 'access_denied' } })
  })

  test('stops listening to a client id after too many wrong secrets', async () => {
    for (let i = 0; i < 20; i++) await post({ ...good, client_id: 'guessed', client_secret: String(i) })
    const answer = post({ ...good, client_id: 'guessed', client_secret: 'x' })
    await expect(answer).resolves.toMatchObject({ status: 429 })
  })

  test('publishes its public key and no private part of it', async () => {
    const { body } = await rawRequest(scene, 'GET', JWKS_PATH)
    expect(body).toMatchObject({ keys: [{ alg: 'RS256', kty: 'RSA', use: 'sig' }] })
    expect(JSON.stringify(body)).not.toContain('"d":')
  })
})
