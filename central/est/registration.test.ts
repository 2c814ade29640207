import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { startScene, type CentralScene } from '../central.fixture.ts'
import { curl, newRequest } from './est.fixture.ts'

/** Every CA but that of signing services issues to registered end entities only. */
let scene: CentralScene
beforeAll(async () => {
  scene = await startScene()
  const operatorCas = scene.config.operatorCas.map((ca) => ({
    ...ca,
    registrationRequired: ca.kind !== 'cps',
  }))
  await scene.central.reload({ operatorCas })
})
afterAll(() => scene[Symbol.asyncDispose]())

const OWNERS = [
  { kind: 'oem', role: 'OEM', other: 'CPO', own: 'EVOREG00000000001', foreign: 'XXXREG00000000001' },
  { kind: 'cpo', role: 'CPO', other: 'OEM', own: 'DE*EVO*EREG1', foreign: 'DE*XXX*EREG1' },
  {
    kind: 'mo',
    role: 'MO_HUBJECT_PKI',
    other: 'MO_EXTERNAL_PKI',
    own: 'DE-EVO-CREG00001-X',
    foreign: 'DEXXXCREG00001',
  },
] as const

describe.each(OWNERS)('at /v1/vra/$kind', ({ kind, role, other, own, foreign }) => {
  const path = `/v1/vra/${kind}/endEntities`
  const register = (
    commonName: string,
    over: { role?: 'CPO' | 'OEM' | 'MO_EXTERNAL_PKI' } = {},
  ): ReturnType<typeof curl> =>
    curl(scene, path, {
      method: 'PUT',
      role,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ commonName, deviceName: 'X', unknown: 1 }),
      ...over,
    })
  const listed = async (): Promise<unknown[]> =>
    JSON.parse((await curl(scene, path, { role })).text).endEntities

  test('the owner of a name registers it, and may enrol for it then', async () => {
    const { request } = await newRequest(own)
    const enrol = (): ReturnType<typeof curl> => curl(scene, `/${kind}/simpleenroll`, { role, body: request })
    const refused = await enrol()
    expect([refused.status, refused.text]).toEqual([403, expect.stringContaining('not registered')])
    expect(await listed()).toEqual([])
    expect((await register(own)).status).toBe(200)
    expect(await listed()).toEqual([{ commonName: own, deviceName: 'X' }])
    expect((await enrol()).status).toBe(200)
  })

  test('nobody registers the names of others, and none that is none', async () => {
    expect((await register(foreign)).status).toBe(403)
    expect((await register(own, { role: other })).status).toBe(403)
    expect((await curl(scene, path, { role: other })).status).toBe(403)
    expect((await register('nonsense')).status).toBe(400)
  })
})

test('signing services cannot be registered, so that no CA may ask for it: ERR_CENTRAL_OPERATOR_CA', async () => {
  const operatorCas = scene.config.operatorCas.map((ca) => ({ ...ca, registrationRequired: true }))
  await expect(scene.central.reload({ operatorCas })).rejects.toMatchObject({
    code: 'ERR_CENTRAL_OPERATOR_CA',
  })
  expect((await curl(scene, '/v1/vra/cps/endEntities', { role: 'CPS' })).status).toBe(404)
})
