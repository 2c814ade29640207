import { createHash, verify } from 'node:crypto'
import { join } from 'node:path'

import { Compile } from 'typebox/compile'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { base64FromBytes } from '#base'
import { CtlResponse } from '#opcp'
import { parseCertificate } from '#pki'

import { putRoots, startScene, type CentralScene } from '../central.fixture.ts'
import { rawRequest, tokenOf, type RawAnswer } from '../raw-request.fixture.ts'

const DAY_MS = 86_400_000
const answer = Compile(CtlResponse)
const ROOT_MEMBERS = { V2G: 'v2g/root', OEM: 'oem/root', MO: 'mo/root' } as const

let nowMs = Date.now()
let scene: CentralScene
beforeAll(async () => {
  scene = await startScene({
    clock: () => nowMs,
    rcp: { trustList: { certificateFile: 'pki/cps/leaf.pem', privateKeyFile: 'pki/cps/leaf.key.pem' } },
  })
  await putRoots(scene)
})
afterAll(() => scene[Symbol.asyncDispose]())

async function ask(query = ''): Promise<RawAnswer> {
  const authorization = `Bearer ${await tokenOf(scene, 'CPO')}`
  return await rawRequest(scene, 'GET', `/v1/root/ctl${query}`, { headers: { authorization } })
}

async function get(query = ''): Promise<CtlResponse> {
  const { status, body } = await ask(query)
  expect(status).toBe(200)
  return answer.Parse(body)
}

/** As somebody else would write it. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).map(
    ([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`,
  )
  return `{${members.toSorted().join(',')}}`
}

function unsigned({ CTL }: CtlResponse): string {
  const { jws: _, ...list } = CTL
  return canonical(list)
}

function holds(list: CtlResponse): boolean {
  const [header = '', , signature = ''] = (list.CTL.jws ?? '').split('.')
  const certificate = parseCertificate(Buffer.from(list.signerCertificate, 'base64'))
  const input = Buffer.from(`${header}.${Buffer.from(unsigned(list)).toString('base64url')}`)
  const key = { key: certificate.publicKey, dsaEncoding: 'ieee-p1363' as const }
  return verify('sha256', input, key, Buffer.from(signature, 'base64url'))
}

const dayOf = (timeMs: number): string => new Date(timeMs).toISOString().slice(0, 10)

test('the list names every root with its types, and is signed over its canonical JSON', async () => {
  const body = await get()
  expect(holds(body)).toBe(true)
  expect(body.signerCertificate).toBe(base64FromBytes(scene.pki['cps/leaf'].certificate.der))
  const { entries, nextUpdate } = body.CTL
  expect(nextUpdate.slice(0, 10)).toBe(dayOf(nowMs + 30 * DAY_MS))
  for (const rootType of ['V2G', 'OEM', 'MO'] as const) {
    const { certificate } = scene.pki[ROOT_MEMBERS[rootType]]
    expect(entries.find(({ fingerprint }) => fingerprint === certificate.fingerprintSha256Hex)).toMatchObject(
      {
        certificate: base64FromBytes(certificate.der),
        rootTypes: [rootType],
        isoVersions: ['ISO15118-2'],
        algorithms: ['secp256r1'],
        status: 'trusted',
      },
    )
  }
  await expect(get()).resolves.toEqual(body)
})

test('a list that was changed is no longer signed', async () => {
  const body = await get()
  const [entry, ...others] = body.CTL.entries
  if (entry === undefined) throw new TypeError('an empty list')
  expect(holds({ ...body, CTL: { ...body.CTL, entries: others } })).toBe(false)
  expect(holds({ ...body, CTL: { ...body.CTL, sequence: 9 } })).toBe(false)
})

test('a root that leaves the pool stays in the next list as removed; each list names the hash of the one before', async () => {
  const first = await get()
  const { fingerprintSha256Hex } = scene.pki['mo/root'].certificate
  const root = (await scene.clientOf('ADMIN').getRootCerts({ rootType: 'MO' })).find(
    ({ fingerprint }) => fingerprint === fingerprintSha256Hex,
  )
  const authorization = `Bearer ${await tokenOf(scene, 'ADMIN')}`
  const path = `/v1/root/rootCerts/${root?.rootCertificateId}`
  await expect(rawRequest(scene, 'DELETE', path, { headers: { authorization } })).resolves.toMatchObject({
    status: 200,
  })
  const second = await get()
  expect(holds(second)).toBe(true)
  expect(second.CTL.sequence).toBe(first.CTL.sequence + 1)
  const hash = createHash('sha256').update(unsigned(first)).digest('hex')
  expect(second.CTL.previousHash).toBe(hash)
  expect(second.CTL.entries.find(({ fingerprint }) => fingerprint === fingerprintSha256Hex)?.status).toBe(
    'removed',
  )
  await expect(get(`?sequence=${first.CTL.sequence}`)).resolves.toEqual(first)
  await putRoots(scene)
})

test('a list is made anew when half of its time has passed, and outlives the program', async () => {
  const before = await get()
  nowMs += 16 * DAY_MS
  const after = await get()
  expect(after.CTL.sequence).toBe(before.CTL.sequence + 1)
  expect(after.CTL.entries).toEqual(before.CTL.entries)
  await scene.restart()
  await expect(get()).resolves.toEqual(after)
})

test('several that ask at the same time get the same list', async () => {
  nowMs += 16 * DAY_MS
  const answers = await Promise.all(Array.from({ length: 5 }, () => get()))
  for (const same of answers) expect(same).toEqual(answers[0])
})

test.each([
  ['?sequence=99999', 404, 'There is no such certificate trust list.'],
  ['?sequence=0', 400, 'sequence : must be a whole number from 1'],
  ['?sequence=1x', 400, 'sequence : must be a whole number from 1'],
])('%s is refused with %i', async (query, status, message) => {
  expect(await ask(query)).toMatchObject({ status, body: { errorMessages: [message] } })
})

test('without a signer there is no list', async () => {
  await using other = await startScene()
  const authorization = `Bearer ${await tokenOf(other, 'OEM')}`
  await expect(
    rawRequest(other, 'GET', '/v1/root/ctl', { headers: { authorization } }),
  ).resolves.toMatchObject({
    status: 404,
    body: { errorMessages: ['There is no such certificate trust list.'] },
  })
})

test('a signer whose key is another one keeps central from starting', async () => {
  const trustList = { certificateFile: 'pki/cps/leaf.pem', privateKeyFile: join('pki', 'mo', 'sub2.key.pem') }
  await expect(startScene({ rcp: { trustList } })).rejects.toMatchObject({ code: 'ERR_CENTRAL_SIGNER' })
})
