import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { JWKS_PATH, OPENID_PATH } from '#opcp'

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
    [
      400,
      'invalid_request',
      'client_id and client_secret are required.',
      { grant_type: 'client_credentials' },
    ],
    [400, 'invalid_request', 'The body is not a token request.', { client_id: 'CPO', client_secret: 'x' }],
    [400, 'invalid_request', 'The body is not a token request.', { ...good, client_secret: 1 }],
    [
      400,
      'unsupported_grant_type',
      'grant_type must be client_credentials.',
      { ...good, grant_type: 'password', client_secret: 'x' },
    ],
    [401, 'access_denied', 'Unauthorized', { ...good, client_secret: 'wrong' }],
    [401, 'access_denied', 'Unauthorized', { ...good, client_id: 'nobody', client_secret: 'wrong' }],
  ])('refuses with %i %s: %s', async (status, error, description, body) => {
    const answer = await post(body)
    expect(answer).toMatchObject({ status, headers: { 'cache-control': 'no-store' } })
    expect(answer.body).toEqual({ error, error_description: description })
  })

  test('narrows the scope as asked, never widens it, and refuses when nothing is left', async () => {
    const asked = { ...good, client_secret: scene.secretOf('CPO') }
    const scopeOf = async (scope: string): Promise<unknown> =>
      Object((await post({ ...asked, scope })).body).scope
    expect(await scopeOf('ccpservice administration')).toBe('ccpservice')
    expect(await scopeOf('')).toContain('rcpservice')
    await expect(post({ ...asked, scope: 'administration' })).resolves.toMatchObject({
      status: 400,
      body: { error: 'invalid_scope', error_description: 'The client has none of the requested scopes.' },
    })
  })

  test('does not give the permission of administrators to who was not given it by name', async () => {
    const { body } = await post({ ...good, client_id: 'ADMIN', client_secret: scene.secretOf('ADMIN') })
    expect(Object(body).scope.split(' ')).not.toContain('administration')
  })

  test('takes a form with a parameter given twice for none, and an empty one for one left out', async () => {
    const form = (body: string) =>
      rawRequest(scene, 'POST', '/oauth/token', {
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body,
      })
    const credentials = `client_id=CPO&client_secret=${scene.secretOf('CPO')}`
    await expect(form(`grant_type=client_credentials&${credentials}&client_id=OEM`)).resolves.toMatchObject({
      status: 400,
      body: { error: 'invalid_request', error_description: 'A parameter is given more than once.' },
    })
    await expect(
      form(`grant_type=client_credentials&${credentials}&audience=&scope=`),
    ).resolves.toMatchObject({
      status: 200,
    })
  })

  test('tells who tried HTTP Basic that it was wrong, and no type of body but its two', async () => {
    const authorization = `Basic ${Buffer.from('CPO:wrong').toString('base64')}`
    const answer = await rawRequest(scene, 'POST', '/oauth/token/', {
      headers: { ...JSON_TYPE, authorization },
      body: JSON.stringify({ grant_type: 'client_credentials' }),
    })
    expect(answer).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Basic realm="token"' } })
    await expect(
      rawRequest(scene, 'POST', '/oauth/token', { headers: { 'content-type': 'text/xml' }, body: '<a/>' }),
    ).resolves.toMatchObject({ status: 400, body: { error: 'invalid_request' } })
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
    await expect(answer).resolves.toMatchObject({
      status: 429,
      headers: { 'retry-after': expect.stringMatching(/^[1-6]?[0-9]$/) },
      body: { error: 'access_denied', error_description: 'Too many requests, try again later.' },
    })
  })

  test('says where tokens and keys are', async () => {
    await expect(rawRequest(scene, 'GET', OPENID_PATH)).resolves.toMatchObject({
      status: 200,
      body: {
        issuer: 'https://localhost:7401/',
        token_endpoint: 'https://localhost:7401/oauth/token',
        jwks_uri: 'https://localhost:7401/.well-known/jwks.json',
        grant_types_supported: ['client_credentials'],
        token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
      },
    })
  })

  test('publishes its public key and no private part of it', async () => {
    const { body } = await rawRequest(scene, 'GET', JWKS_PATH)
    expect(body).toMatchObject({ keys: [{ alg: 'RS256', kty: 'RSA', use: 'sig' }] })
    expect(JSON.stringify(body)).not.toContain('"d":')
  })
})
