import { afterAll, beforeAll, expect, test } from 'vitest'

import { base64FromBytes } from '#base'

import { secretOf, startScene, type CentralScene } from '../central.fixture.ts'
import { JSON_TYPE, rawRequest, type RawAnswer } from '../raw-request.fixture.ts'
import { openStorage } from '../storage/open-storage.ts'
import type { SqlStorage } from '../storage/sql-storage.ts'
import { addSilentEndpoint } from '../webhooks/silent-endpoints.fixture.ts'

let scene: CentralScene
let storage: SqlStorage
const tokens = new Map<string, string>()

/** Two clients of one person, and one of another. */
const PERSONS = { ADMIN: 'Ada', 'ada-laptop': 'Ada', grace: 'Grace' } as const
type Administrator = keyof typeof PERSONS

beforeAll(async () => {
  scene = await startScene({ rcp: { fourEyes: true } })
  const administrators = scene.config.clients
    .filter(({ clientId }) => clientId === 'ADMIN')
    .flatMap((admin) =>
      Object.entries(PERSONS).map(([clientId, person]) => ({
        ...admin,
        clientId,
        person,
        participant: 'operator',
        permissions: [...admin.permissions, 'administration' as const],
      })),
    )
  const others = scene.config.clients.filter(({ clientId }) => clientId !== 'ADMIN')
  await scene.central.reload({ clients: [...others, ...administrators] })
  for (const clientId of Object.keys(PERSONS)) tokens.set(clientId, await tokenFor(clientId))
  storage = await openStorage({ url: scene.config.database.url })
  await addSilentEndpoint(storage, { enabledEvents: ['root.cert.added'] })
})
afterAll(async () => {
  await storage[Symbol.asyncDispose]()
  await scene[Symbol.asyncDispose]()
})

async function tokenFor(clientId: string): Promise<string> {
  const credentials = { client_id: clientId, client_secret: secretOf('ADMIN') }
  const body = JSON.stringify({ grant_type: 'client_credentials', ...credentials })
  const answer = await rawRequest(scene, 'POST', '/oauth/token', { headers: JSON_TYPE, body })
  return String(Object(answer.body).access_token)
}

function ask(who: Administrator, method: string, path: string, body?: object): Promise<RawAnswer> {
  return rawRequest(scene, method, path, {
    headers: { ...JSON_TYPE, authorization: `Bearer ${tokens.get(who)}` },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
}

const approve = (who: Administrator, id: string, fingerprint: string): Promise<RawAnswer> =>
  ask(who, 'POST', `/admin/v1/roots/${id}/approval`, { fingerprint })

/** Ada proposes a root of the PKI; gives its id. */
async function propose(rootType: 'V2G' | 'OEM' | 'MO'): Promise<{ id: string; fingerprint: string }> {
  const { certificate } = scene.pki[({ V2G: 'v2g/root', OEM: 'oem/root', MO: 'mo/root' } as const)[rootType]]
  const caCertificate = base64FromBytes(certificate.der)
  const answer = await ask('ADMIN', 'PUT', '/v1/root/rootCerts', { caCertificate, rootType })
  expect(answer).toMatchObject({ status: 200, body: { RootResponse: { caCertificate, rootType } } })
  return {
    id: String(Object(answer.body).RootResponse.rootCertificateId),
    fingerprint: certificate.fingerprintSha256Hex,
  }
}

async function pendingIds(): Promise<readonly unknown[]> {
  const { body } = await ask('grace', 'GET', '/admin/v1/roots/pending')
  return Object(body).roots.map(({ id }: { readonly id: unknown }) => id)
}

async function activeIds(): Promise<readonly string[]> {
  return (await scene.clientOf('CPS').getRootCerts({})).map(({ rootCertificateId: id }) => id)
}

async function eventCount(): Promise<number> {
  return (await storage.database.selectFrom('webhook_event').selectAll().execute()).length
}

/** What is on record about roots; of what was denied, the record may come later. */
async function actions(): Promise<readonly string[]> {
  const rows = await storage.database.selectFrom('audit_record').select('record').orderBy('seq').execute()
  return rows
    .map(({ record }) => String(JSON.parse(record).action))
    .filter((action) => action.startsWith('root.'))
}

const refused = (status: number, message: string): object => ({
  status,
  headers: expect.anything(),
  body: { errorMessages: [message], traceId: expect.any(String) },
})
const NOT_PENDING = refused(404, 'No root with the given ID waits for an approval.')

test('a proposed root is in no list and tells nobody, until another person approves it', async () => {
  const [events, before] = [await eventCount(), await actions()]
  const { id, fingerprint } = await propose('V2G')
  expect((await propose('V2G')).id).toBe(id)
  expect(await activeIds()).not.toContain(id)
  const proposed = { id, rootType: 'V2G', fingerprint, proposedByClient: 'ADMIN', proposedByPerson: 'Ada' }
  expect(Object((await ask('grace', 'GET', '/admin/v1/roots/pending')).body).roots).toContainEqual(
    expect.objectContaining(proposed),
  )
  expect(await actions()).toEqual([...before, 'root.propose'])
  expect(await eventCount()).toBe(events)
  const answer = await approve('grace', id, fingerprint.toUpperCase().replaceAll(/..(?=.)/g, '$&:'))
  expect(answer).toMatchObject({
    status: 200,
    body: { RootResponse: { rootCertificateId: id, rootType: 'V2G', fingerprint } },
  })
  expect(await activeIds()).toContain(id)
  expect(await pendingIds()).not.toContain(id)
  expect(await actions()).toEqual([...before, 'root.propose', 'root.put'])
  expect(await eventCount()).toBe(events + 1)
  expect(await approve('grace', id, fingerprint)).toEqual(NOT_PENDING)
  expect((await propose('V2G')).id).toBe(id)
  expect(await pendingIds()).not.toContain(id)
})

test('who proposed a root does not approve it, nor by another client of theirs, nor anybody another certificate', async () => {
  const { id, fingerprint } = await propose('OEM')
  for (const who of ['ADMIN', 'ada-laptop'] as const)
    expect(await approve(who, id, fingerprint)).toEqual(
      refused(403, 'Another person than the one who proposed the root must approve it.'),
    )
  expect(await approve('grace', id, '00'.repeat(32))).toEqual(
    refused(400, 'fingerprint : is not that of the proposed root'),
  )
  await expect(approve('grace', id, 'no fingerprint')).resolves.toMatchObject({ status: 400 })
  expect(await pendingIds()).toContain(id)
  expect(await activeIds()).not.toContain(id)
})

test('a proposal is taken back once', async () => {
  const { id, fingerprint } = await propose('MO')
  await expect(ask('grace', 'DELETE', `/admin/v1/roots/${id}`)).resolves.toMatchObject({
    status: 200,
    body: {},
  })
  expect(await ask('grace', 'DELETE', `/admin/v1/roots/${id}`)).toEqual(NOT_PENDING)
  expect(await approve('grace', id, fingerprint)).toEqual(NOT_PENDING)
  expect(await activeIds()).not.toContain(id)
})

test('of two approvals at the same time, one counts', async () => {
  const { id, fingerprint } = await propose('MO')
  const events = await eventCount()
  const answers = await Promise.all([approve('grace', id, fingerprint), approve('grace', id, fingerprint)])
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 404]))
  expect(await eventCount()).toBe(events + 1)
  await ask('ADMIN', 'DELETE', `/v1/root/rootCerts/${id}`)
})
