import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { ISO2_NAMESPACE, type Role } from '#opcp'
import type { VehicleCredentials } from '#pki'

import {
  contractDataBody,
  generateBody,
  putRoots,
  putVehicle,
  startScene,
  type CentralScene,
} from '../central.fixture.ts'
import { JSON_TYPE, rawRequest, tokenOf, type RawAnswer } from '../raw-request.fixture.ts'

const POOL = '/v1/ccp/signedContractData'
const MOS = { DEEVO: 'MO_HUBJECT_PKI', DEEVX: 'MO_EXTERNAL_PKI' } as const
type Provider = keyof typeof MOS

let scene: CentralScene
const tokens = new Map<Role, string>()
beforeAll(async () => {
  scene = await startScene()
  await putRoots(scene)
  for (const role of ['OEM', 'MO_HUBJECT_PKI', 'MO_EXTERNAL_PKI'] as const)
    tokens.set(role, await tokenOf(scene, role))
})
afterAll(() => scene[Symbol.asyncDispose]())

const call = (role: Role, method: string, path: string, body?: object): Promise<RawAnswer> =>
  rawRequest(scene, method, path, {
    headers: { ...(body !== undefined && JSON_TYPE), authorization: `Bearer ${tokens.get(role) ?? ''}` },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })

/** Each MO stores in its own way. */
async function store(provider: Provider, vehicle: VehicleCredentials, emaid: string): Promise<RawAnswer> {
  const { pcid } = vehicle
  if (provider === 'DEEVO')
    return await call(
      MOS[provider],
      'PUT',
      '/v1/cps/generate/signedContractData',
      generateBody({ pcid, emaid }),
    )
  const contractData = await contractDataBody(scene.pki, { vehicle, emaid })
  const body = { contractData, pcid, xsdMsgDefNamespace: ISO2_NAMESPACE }
  return await call(MOS[provider], 'PUT', '/v1/cps/contractData/signed', body)
}

/** What the pool should hold: by EMAID the vehicle, by vehicle the EMAID of its default. */
interface Model {
  readonly holders: Map<string, number>
  readonly defaults: Map<number, string>
}

function expectedOf({ holders, defaults }: Model, index: number): Readonly<Record<string, boolean>> {
  const held = [...holders].filter(([, holder]) => holder === index)
  return Object.fromEntries(held.map(([emaid]) => [emaid, defaults.get(index) === emaid]))
}

const command = fc.record({
  act: fc.constantFrom('store', 'store', 'delete', 'choose'),
  by: fc.constantFrom<Provider>('DEEVO', 'DEEVX'),
  of: fc.constantFrom<Provider>('DEEVO', 'DEEVX'),
  number: fc.constantFrom(1, 2),
  index: fc.constantFrom(0, 1),
})

let runs = 0
test('whatever two MOs and an OEM do to two vehicles, no MO touches the contracts of the other and no vehicle has two defaults', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { minLength: 4, maxLength: 12 }), async (commands) => {
      const run = String(++runs).padStart(6, '0')
      const vehicles = [await putVehicle(scene), await putVehicle(scene)]
      const model: Model = { holders: new Map(), defaults: new Map() }
      for (const { act, by, of, number, index } of commands) {
        const vehicle = vehicles[index]
        if (vehicle === undefined) throw new RangeError('there are two vehicles')
        const emaid = `${of}T${run}${number}0`
        const { holders, defaults } = model
        const holder = holders.get(emaid)
        if (act === 'store') {
          const ours = `${by}T${run}${number}0`
          const at = holders.get(ours)
          const isTaken = at !== undefined && at !== index
          expect((await store(by, vehicle, ours)).status).toBe(isTaken ? 400 : 201)
          if (!isTaken) {
            if (Object.keys(expectedOf(model, index)).length === 0) defaults.set(index, ours)
            holders.set(ours, index)
          }
        } else if (act === 'delete') {
          const { status } = await call(MOS[by], 'DELETE', `${POOL}/${emaid}`)
          expect(status).toBe(by !== of ? 403 : holder === undefined ? 404 : 200)
          if (status === 200) {
            holders.delete(emaid)
            if (holder !== undefined && defaults.get(holder) === emaid) defaults.delete(holder)
          }
        } else {
          const { status } = await call('OEM', 'POST', `${POOL}/${vehicle.pcid}/${emaid}/default`)
          expect(status).toBe(holder === index ? 200 : 404)
          if (status === 200) defaults.set(index, emaid)
        }
        const looked = await call(MOS[by], 'GET', `/v1/ccp/lookupContract/${emaid}`)
        expect(looked.status).toBe(by !== of ? 403 : holders.has(emaid) ? 200 : 404)
        for (const [each, { pcid }] of vehicles.entries()) {
          const listed: readonly { emaid: string; defaultContract: boolean; pcid: string }[] = Object(
            (await call('OEM', 'GET', `${POOL}/${pcid}`)).body,
          ).XMLContracts
          expect(listed.every((contract) => contract.pcid === pcid)).toBe(true)
          expect(Object.fromEntries(listed.map((it) => [it.emaid, it.defaultContract]))).toEqual(
            expectedOf(model, each),
          )
        }
      }
    }),
    { numRuns: 8 },
  )
})
