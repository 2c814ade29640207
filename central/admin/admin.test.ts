import { afterAll, beforeAll, expect, test } from 'vitest'

import { startScene, type CentralScene } from '../central.fixture.ts'
import { JSON_TYPE, rawRequest, tokenOf, type RawAnswer } from '../raw-request.fixture.ts'

let scene: CentralScene
let token: string
beforeAll(async () => {
  scene = await startScene()
  const clients = scene.config.clients.map((client) =>
    client.clientId === 'ADMIN'
      ? { ...client, permissions: [...client.permissions, 'administration' as const] }
      : client,
  )
  await scene.central.reload({ clients })
  token = await tokenOf(scene, 'ADMIN')
})
afterAll(() => scene[Symbol.asyncDispose]())

function call(method: string, path: string, body?: object, bearer = token): Promise<RawAnswer> {
  return rawRequest(scene, method, path, {
    headers: { ...(body !== undefined && JSON_TYPE), authorization: `Bearer ${bearer}` },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
}

let companies = 0
/** An OEM with a client, whose secret is told. */
async function company(): Promise<{ readonly id: string; readonly wmi: string; readonly secret: string }> {
  companies += 1
  const [id, wmi] = [`company-${companies}`, `Q0${companies}`]
  const added = await call('POST', '/admin/v1/participants', {
    participantId: id,
    name: id,
    roles: ['OEM'],
    wmis: [wmi],
  })
  expect(added).toMatchObject({
    status: 201,
    body: {
      participant: { participantId: id, roles: ['OEM'], wmis: [wmi], state: 'ACTIVE', source: 'admin' },
    },
  })
  const { status, body } = await call('POST', '/admin/v1/clients', {
    participantId: id,
    clientId: id,
    roles: ['OEM'],
  })
  expect([status, Object(body).client]).toMatchObject([
    201,
    { clientId: id, participantId: id, state: 'ACTIVE' },
  ])
  return { id, wmi, secret: String(Object(body).clientSecret) }
}

function askToken(clientId: string, secret: string): Promise<RawAnswer> {
  const credentials = { client_id: clientId, client_secret: secret }
  const body = JSON.stringify({ grant_type: 'client_credentials', ...credentials })
  return rawRequest(scene, 'POST', '/oauth/token', { headers: JSON_TYPE, body })
}

const refused = (status: number, message: string): object => ({
  status,
  body: { errorMessages: [message], traceId: expect.any(String) },
})

const ROOTS = '/v1/root/rootCerts'

test('a token without the permission may not administer', async () => {
  for (const role of ['OEM', 'CPS'] as const)
    await expect(
      call('GET', '/admin/v1/clients', undefined, await tokenOf(scene, role)),
    ).resolves.toMatchObject(refused(403, 'The token has no permission administration.'))
})

test("a participant does not get another's identifier", async () => {
  const { wmi, id } = await company()
  const body = { participantId: 'thief', name: 'Thief', roles: ['OEM'], wmis: [wmi] }
  await expect(call('POST', '/admin/v1/participants', body)).resolves.toMatchObject(
    refused(409, `The WMI ${wmi} belongs to the participant ${id}.`),
  )
  await expect(call('GET', '/admin/v1/participants/thief')).resolves.toMatchObject(
    refused(404, 'There is no participant thief.'),
  )
})

test.each([
  ['the role ADMIN', { roles: ['ADMIN'] }, 'Administrators are named in the config file alone.'],
  [
    "another's identifier",
    { wmis: ['EVO'] },
    /^The WMI EVO does not belong to the participant company-\d+\.$/,
  ],
])('a client does not get %s by a change', async (_, changes, message) => {
  const { id } = await company()
  const { status, body } = await call('PATCH', `/admin/v1/clients/${id}`, changes)
  expect(status).toBe(400)
  expect(Object(body).errorMessages).toEqual([expect.stringMatching(message)])
})

test('nor the permission of administrators', async () => {
  const { id } = await company()
  const answer = await call('PATCH', `/admin/v1/clients/${id}`, { permissions: ['administration'] })
  expect(answer.status).toBe(400)
  const { body } = await call('GET', `/admin/v1/clients/${id}`)
  expect(Object(body).client.permissions).not.toContain('administration')
})

test('the token of a client that is revoked is worth nothing at once, nor is its secret', async () => {
  const { id, secret } = await company()
  const { body } = await askToken(id, secret)
  const bearer = String(Object(body).access_token)
  expect((await call('GET', ROOTS, undefined, bearer)).status).toBe(200)
  await expect(call('DELETE', `/admin/v1/clients/${id}`)).resolves.toMatchObject({
    status: 200,
    body: { client: { clientId: id, state: 'REVOKED' } },
  })
  expect((await call('GET', ROOTS, undefined, bearer)).status).toBe(401)
  expect((await askToken(id, secret)).status).toBe(401)
})

test('the tokens of a participant that is suspended rest until it is active again', async () => {
  const { id, secret } = await company()
  const { body } = await askToken(id, secret)
  const bearer = String(Object(body).access_token)
  await call('PATCH', `/admin/v1/participants/${id}`, { state: 'SUSPENDED' })
  expect((await call('GET', ROOTS, undefined, bearer)).status).toBe(401)
  expect((await askToken(id, secret)).status).toBe(401)
  await call('PATCH', `/admin/v1/participants/${id}`, { state: 'ACTIVE' })
  expect((await call('GET', ROOTS, undefined, bearer)).status).toBe(200)
})

test('a secret is told when it is made, and never again', async () => {
  const { id, secret } = await company()
  const { status, body } = await call('POST', `/admin/v1/clients/${id}/secret`, { overlapSeconds: 0 })
  expect([status, Object(body).client.state]).toEqual([200, 'ACTIVE'])
  expect((await askToken(id, secret)).status).toBe(401)
  expect((await askToken(id, String(Object(body).clientSecret))).status).toBe(200)
  const listed = JSON.stringify((await call('GET', '/admin/v1/clients')).body)
  expect(listed).not.toContain(String(Object(body).clientSecret))
})
