/** Who may do what, and to whose objects: the role matrix of opcp-digest §2 as it is printed, not as it is implemented. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { systemRandom } from '#base'
import { CA_KINDS, ISO2_NAMESPACE, OPERATIONS, ROLES, type Operation, type Role } from '#opcp'
import { issueVehicle, type VehicleCredentials } from '#pki'

import {
  contractDataBody,
  generateBody,
  installationRequest,
  newVehicle,
  provCertBody,
  putRoots,
  putVehicle,
  startScene,
  type CentralScene,
} from './central.fixture.ts'
import { JSON_TYPE, rawRequest, tokenOf, type RawAnswer } from './raw-request.fixture.ts'

const MO = ['MO_HUBJECT_PKI', 'MO_EXTERNAL_PKI'] as const
const READERS = ['OEM', ...MO, 'CPS'] as const
const MATRIX: Readonly<Record<keyof typeof OPERATIONS, readonly Role[]>> = {
  getRootCerts: ROLES,
  getRootCert: ROLES,
  putRootCert: ['ADMIN'],
  deleteRootCert: ['ADMIN'],
  getCtl: ROLES,
  putProvCert: ['OEM'],
  getProvCert: READERS,
  headProvCert: READERS,
  lookupVehicle: READERS,
  getSignatureAlgorithms: READERS,
  deleteProvCert: ['OEM'],
  factoryReset: ['OEM'],
  getCpsSigners: ROLES,
  signContractData: ['MO_EXTERNAL_PKI'],
  createSignedContractData: ['MO_EXTERNAL_PKI'],
  forwardSignedContractData: ['MO_EXTERNAL_PKI'],
  generateSignedContractData: ['MO_HUBJECT_PKI'],
  getSignedContractData: ['CPO', 'OEM'],
  addSignedContractData: ['CPS', 'MO_EXTERNAL_PKI'],
  deleteSignedContractData: MO,
  lookupContract: ['OEM', ...MO],
  getContracts: ['OEM'],
  provideSignedContractData: ['OEM'],
  setDefaultContract: ['OEM'],
  putVehicleEntity: ['OEM'],
  getVehicleEntities: ['OEM'],
  putEndEntity: ['CPO'],
  getEndEntities: ['CPO'],
  putContractEntity: ['MO_HUBJECT_PKI'],
  getContractEntities: ['MO_HUBJECT_PKI'],
  revokeCertificate: ['ADMIN', 'CPO', 'MO_HUBJECT_PKI', 'OEM', 'CPS'],
  createEndpoint: ROLES,
  getEndpoints: ROLES,
  getEndpoint: ROLES,
  updateEndpoint: ROLES,
  deleteEndpoint: ROLES,
  rotateEndpointSecret: ROLES,
  getDeadLetters: ROLES,
  redeliver: ROLES,
}
const EST_MATRIX = {
  cpo: ['CPO'],
  mo: ['MO_HUBJECT_PKI'],
  oem: ['OEM'],
  veh: ['OEM'],
  cps: ['CPS'],
} as const satisfies Readonly<Record<(typeof CA_KINDS)[number], readonly Role[]>>

const EMAID = 'DEEVOC00000001'
const UNKNOWN = {
  pcid: 'EVO99999999999999',
  emaid: 'DEEVOC99999999',
  id: '00000000-0000-4000-8000-000000000000',
}

let scene: CentralScene
let vehicle: VehicleCredentials
let foreign: VehicleCredentials
let rootId: string
beforeAll(async () => {
  scene = await startScene()
  await putRoots(scene)
  vehicle = await putVehicle(scene)
  foreign = await issueVehicle(scene.pki, {
    pcid: 'XYZ00000000000001',
    clock: Date.now,
    random: systemRandom,
  })
  await scene
    .clientOf('MO_HUBJECT_PKI')
    .generateSignedContractData(generateBody({ pcid: vehicle.pcid, emaid: EMAID }))
  rootId = (await scene.clientOf('ADMIN').getRootCerts())[0]?.rootCertificateId ?? ''
})
afterAll(() => scene[Symbol.asyncDispose]())

const tokens = new Map<Role, Promise<string>>()
async function call(
  role: Role,
  [method, path]: readonly [string, string],
  body?: object,
): Promise<RawAnswer> {
  const token = tokens.get(role) ?? tokenOf(scene, role)
  tokens.set(role, token)
  return await rawRequest(scene, method, path, {
    headers: { ...(body !== undefined && JSON_TYPE), authorization: `Bearer ${await token}` },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
}

/** The paths of an operation with names put in. */
function pathsOf(
  { path, aliases = [] }: Operation,
  names: Readonly<Record<string, string>>,
): readonly string[] {
  return [path, ...aliases].map((each) => each.replace(/:(\w+)/g, (_, name: string) => names[name] ?? ''))
}
const messageOf = ({ body }: RawAnswer): unknown => Object(body).errorMessages?.[0]

const operations = Object.entries(OPERATIONS).map(([name, operation]): [string, Operation] => [
  name,
  operation,
])

describe('every operation is refused, for what exists and what does not alike, to all but its roles', () => {
  test.each(operations)('%s', async (name, operation) => {
    const allowed = new Map<string, readonly Role[]>(Object.entries(MATRIX)).get(name) ?? []
    const existing = { pcid: vehicle.pcid, emaid: EMAID, rootCertificateId: rootId, id: UNKNOWN.id }
    for (const role of ROLES) {
      const emaid = role === 'MO_EXTERNAL_PKI' ? 'DEEVXC99999999' : UNKNOWN.emaid
      const unknown = { ...UNKNOWN, emaid, rootCertificateId: UNKNOWN.id }
      for (const path of [
        ...pathsOf(operation, unknown),
        ...(allowed.includes(role) ? [] : pathsOf(operation, existing)),
      ]) {
        const body = operation.request === undefined ? undefined : {}
        const answer = await call(role, [operation.method, path], body)
        const seen = { role, path, status: answer.status, message: messageOf(answer) }
        if (allowed.includes(role)) {
          expect(seen.message, `${name} has no route`).not.toBe('Unknown path or method.')
          expect({ ...seen, refused: [401, 403].includes(seen.status) }).toMatchObject({ refused: false })
        } else if (operation.method === 'HEAD') expect(seen).toMatchObject({ role, path, status: 403 })
        else {
          const message = `Requires a role of: ${Object.keys(operation.roles).join(', ')}.`
          expect(seen).toEqual({ role, path, status: 403, message })
        }
      }
    }
  })

  test.each(CA_KINDS)('EST of %s', async (kind) => {
    const allowed: readonly Role[] = EST_MATRIX[kind]
    for (const role of ROLES.filter((each) => !allowed.includes(each)))
      for (const [method, tail] of [
        ['POST', 'simpleenroll'],
        ['GET', 'csrattrs'],
        ['GET', 'cacerts'],
      ] as const)
        expect(await call(role, [method, `/.well-known/est/${kind}/${tail}`])).toMatchObject({
          status: 403,
          body: { errorMessages: [`Requires a role of: ${allowed.join(', ')}.`] },
        })
  })

  test('the matrix is whole', () => {
    expect(Object.keys(MATRIX).toSorted()).toEqual(Object.keys(OPERATIONS).toSorted())
  })
})

const NOT_OURS = {
  wmi: 'The WMI XYZ does not belong to this client.',
  provider: (id: string) => `The provider id ${id} does not belong to this client.`,
}
const POOL = '/v1/ccp/signedContractData'

describe('an identifier of another participant is refused with 403 in each place it can stand in', () => {
  test.each<[string, string]>([
    ['GET', '/v1/oem/provCerts/:pcid'],
    ['GET', '/v1/oem/provCerts/lookupVehicle/:pcid'],
    ['GET', '/v1/oem/provCertSigntureAlgorithms/:pcid'],
    ['DELETE', '/v1/oem/provCerts/:pcid'],
    ['POST', '/v1/oem/provCerts/:pcid/factoryReset'],
    ['GET', `${POOL}/:pcid`],
    ['GET', `/v1/ccp/provideSignedContractData/${EMAID}/:pcid`],
    ['POST', `${POOL}/:pcid/${EMAID}/default`],
  ])('PCID of another OEM: %s %s', async (method, path) => {
    for (const pcid of [foreign.pcid, foreign.pcid.toLowerCase(), 'XYZ99999999999999'])
      expect(await call('OEM', [method, path.replace(':pcid', pcid)])).toMatchObject({
        status: 403,
        body: { errorMessages: [NOT_OURS.wmi] },
      })
  })

  test('PCID of another OEM in a certificate, as the one before, and in a request of a vehicle', async () => {
    const own = provCertBody(await newVehicle(scene.pki))
    for (const body of [provCertBody(foreign), { ...own, previousPcid: foreign.pcid }])
      expect(await call('OEM', ['PUT', '/v1/oem/provCerts'], body)).toMatchObject({
        status: 403,
        body: { errorMessages: [NOT_OURS.wmi] },
      })
    const request = await installationRequest(foreign)
    expect(await call('OEM', ['POST', POOL], request)).toMatchObject({
      status: 403,
      body: { errorMessages: [NOT_OURS.wmi] },
    })
  })

  test.each<[Role, string, string, string]>([
    ['MO_EXTERNAL_PKI', 'DEEVO', 'DELETE', `${POOL}/:emaid`],
    ['MO_HUBJECT_PKI', 'DEEVX', 'DELETE', `${POOL}/:emaid`],
    ['MO_EXTERNAL_PKI', 'DEEVO', 'GET', '/v1/ccp/lookupContract/:emaid'],
    ['MO_HUBJECT_PKI', 'DEEVX', 'GET', '/v1/ccp/lookupContract/:emaid'],
  ])('EMAID of another MO: %s, %s, %s %s', async (role, provider, method, path) => {
    const spellings = [`${provider}C00000001`, `${provider}C99999999`, `${provider.toLowerCase()}c00000001`]
    for (const emaid of [...spellings, `${provider.slice(0, 2)}-${provider.slice(2)}-C00000001-7`])
      expect(await call(role, [method, path.replace(':emaid', emaid)])).toMatchObject({
        status: 403,
        body: { errorMessages: [NOT_OURS.provider(provider)] },
      })
  })

  test.each(['contractData/signed', 'signedContractData', 'forward/signedContractData'])(
    'EMAID of another MO in the certificate for %s, or in but one of the places',
    async (tail) => {
      const send = (data: object, emaid: string) =>
        call('MO_EXTERNAL_PKI', ['PUT', `/v1/cps/${tail}`], {
          contractData: data,
          emaid,
          pcid: vehicle.pcid,
          xsdMsgDefNamespace: ISO2_NAMESPACE,
        })
      const [ours, theirs] = ['DEEVXC00000077', 'DEEVOC00000077']
      const stolen = await contractDataBody(scene.pki, { vehicle, emaid: theirs })
      const own = await contractDataBody(scene.pki, { vehicle, emaid: ours })
      expect(await send(stolen, theirs)).toMatchObject({
        status: 403,
        body: { errorMessages: [NOT_OURS.provider('DEEVO')] },
      })
      for (const [data, emaid] of [
        [stolen, ours],
        [own, theirs],
      ] as const)
        expect(await send(data, emaid)).toMatchObject({
          status: 400,
          body: { errorMessages: ['emaid : must be the common name of the contract certificate'] },
        })
    },
  )

  test('EMAID of another MO in an order to generate, and beside or in contract data to store', async () => {
    const order = generateBody({ pcid: vehicle.pcid, emaid: 'DEEVXC00000001' })
    expect(await call('MO_HUBJECT_PKI', ['PUT', '/v1/cps/generate/signedContractData'], order)).toMatchObject(
      {
        status: 403,
        body: { errorMessages: [NOT_OURS.provider('DEEVX')] },
      },
    )
    const provided = await call('OEM', ['GET', `/v1/ccp/provideSignedContractData/${EMAID}/${vehicle.pcid}`])
    const body = {
      xsdMsgDefNamespace: ISO2_NAMESPACE,
      pcid: vehicle.pcid,
      signedContractDataXML: Object(provided.body).certificateInstallationRes,
    }
    expect(await call('MO_EXTERNAL_PKI', ['PUT', POOL], { ...body, emaid: EMAID })).toMatchObject({
      status: 403,
      body: { errorMessages: [NOT_OURS.provider('DEEVO')] },
    })
    expect(await call('MO_EXTERNAL_PKI', ['PUT', POOL], { ...body, emaid: 'DEEVXC00000001' })).toMatchObject({
      status: 400,
      body: { errorMessages: ['The signed contract data is not acceptable: it is of another EMAID.'] },
    })
  })

  test.each<[Role, string, object, string]>([
    ['CPO', 'cpo', { commonName: 'DE*XXX*E1' }, 'The operator id DEXXX does not belong to this client.'],
    [
      'CPO',
      'cpo',
      { commonName: 'DE*EVO*E1', evseID: ['DE*EVO*E1', 'DE*XXX*E1'] },
      'The operator id DEXXX does not belong to this client.',
    ],
    ['OEM', 'oem', { commonName: 'XYZ00000000000001' }, NOT_OURS.wmi],
    ['MO_HUBJECT_PKI', 'mo', { commonName: 'DEEVXC00000001' }, NOT_OURS.provider('DEEVX')],
  ])('name of an end entity: %s %s %o', async (role, kind, entity, message) => {
    expect(await call(role, ['PUT', `/v1/vra/${kind}/endEntities`], entity)).toMatchObject({
      status: 403,
      body: { errorMessages: [message] },
    })
  })

  test('certificate of another participant that is to be revoked', async () => {
    const { body } = await call('MO_HUBJECT_PKI', ['GET', `/v1/ccp/lookupContract/${EMAID}`])
    const certificate = Object(body).XMLContracts[0].contractCertificate
    const order = { certificate, revocationReason: 'keyCompromise' }
    for (const role of ['CPO', 'OEM', 'CPS'] as const)
      expect((await call(role, ['POST', '/v1/pki/revokeCertificate'], order)).status).toBe(403)
  })

  test('vehicles of another OEM that events are wanted of, and an endpoint of another is not to be found', async () => {
    const endpoint = { enabledEvents: ['root.cert.added'], url: 'https://hooks.example/' }
    expect(
      await call('OEM', ['POST', '/v1/webhook/endpoints'], {
        ...endpoint,
        enabledEvents: ['oem.contract.created'],
        wmi: ['XYZ'],
      }),
    ).toMatchObject({
      status: 403,
      body: { errorMessages: [NOT_OURS.wmi] },
    })
    const made = await call('OEM', ['POST', '/v1/webhook/endpoints'], endpoint)
    const path = `/v1/webhook/endpoints/${Object(made.body).id}`
    expect(made.status).toBe(201)
    for (const [method, tail] of [
      ['GET', ''],
      ['DELETE', ''],
      ['POST', '/secret'],
      ['GET', '/deadLetters'],
      ['POST', '/redeliver'],
    ] as const)
      expect((await call('CPO', [method, path + tail], method === 'POST' ? {} : undefined)).status).toBe(404)
    expect((await call('CPO', ['PUT', path], endpoint)).status).toBe(404)
    expect((await call('OEM', ['GET', path])).status).toBe(200)
  })
})
