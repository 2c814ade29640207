import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { bytesFromBase64, bytesFromHex } from '#base'
import { decodeV2gMessage } from '#iso15118'
import { ISO2_NAMESPACE, type Role } from '#opcp'
import type { VehicleCredentials } from '#pki'

import {
  contractDataBody,
  generateBody,
  installationRequest,
  putRoots,
  putVehicle,
  startScene,
  type CentralScene,
} from '../central.fixture.ts'
import { EMAID_REFUSED, JSON_TYPE, PCID_REFUSED, rawRequest, tokenOf } from '../raw-request.fixture.ts'

let scene: CentralScene
beforeAll(async () => {
  scene = await startScene()
  await putRoots(scene)
})
afterAll(() => scene[Symbol.asyncDispose]())

const POOL = '/v1/ccp/signedContractData'
const NOT_FOUND = 'The contract for the given EMAID not found.'
const NO_VEHICLE = 'The OEM provisioning certificate with the given PCID is not available.'
const PCID = 'EVO00000000000009'
const SESSION =
  'Invalid SessionID format, make sure the length is maximum 8 characters and it is represented in HEX binary'

let numbers = 0
const newEmaid = (provider: 'DEEVX' | 'DEEVO'): string => `${provider}K${String(++numbers).padStart(8, '0')}`

const tokens = new Map<Role, Promise<string>>()
function tokenFor(role: Role): Promise<string> {
  const token = tokens.get(role) ?? tokenOf(scene, role)
  tokens.set(role, token)
  return token
}

async function call(
  role: Role,
  [method, path]: readonly [string, string],
  { body, headers = {} }: { body?: object; headers?: Readonly<Record<string, string>> } = {},
) {
  const authorization = `Bearer ${await tokenFor(role)}`
  return await rawRequest(scene, method, path, {
    headers: { authorization, ...(body !== undefined && JSON_TYPE), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
}

const refused = (status: number, message: string) => ({ status, body: { errorMessages: [message] } })

/** Signed by our CPS for the vehicle, and not stored. */
async function signedFor(vehicle: VehicleCredentials, emaid: string): Promise<string> {
  const contractData = await contractDataBody(scene.pki, { vehicle, emaid })
  const order = { contractData, xsdMsgDefNamespace: ISO2_NAMESPACE }
  return (await scene.clientOf('MO_EXTERNAL_PKI').signContractData(order)).signedData
}

const putBody = (emaid: string, pcid: string, signedContractDataXML: string) => ({
  xsdMsgDefNamespace: ISO2_NAMESPACE,
  emaid,
  pcid,
  signedContractDataXML,
})

/** Those of a vehicle, by EMAID, with whether they are its default. */
async function contractsOf(vehicle: VehicleCredentials): Promise<Record<string, boolean>> {
  const { status, body } = await call('OEM', ['GET', `${POOL}/${vehicle.pcid}`])
  expect(status).toBe(200)
  const listed: readonly { emaid: string; defaultContract: boolean }[] = Object(body).XMLContracts
  return Object.fromEntries(listed.map(({ emaid, defaultContract }) => [emaid, defaultContract]))
}

async function generated(vehicle: VehicleCredentials, emaid = newEmaid('DEEVO')): Promise<string> {
  const order = generateBody({ pcid: vehicle.pcid, emaid })
  const answer = await call('MO_HUBJECT_PKI', ['PUT', '/v1/cps/generate/signedContractData'], { body: order })
  expect(answer).toMatchObject({ status: 201, body: {} })
  expect(answer.headers['location']).toBe(`/v1/ccp/lookupContract/${emaid}`)
  return emaid
}

async function certificateOf(emaid: string): Promise<string> {
  const { body } = await call('MO_HUBJECT_PKI', ['GET', `/v1/ccp/lookupContract/${emaid}`])
  return Object(body).XMLContracts[0].contractCertificate
}

const putContract = (body: object, role: Role = 'CPS') => call(role, ['PUT', POOL], { body })
const chooseDefault = (pcid: string, name: string) => call('OEM', ['POST', `${POOL}/${pcid}/${name}/default`])
const removeContract = (name: string) => call('MO_HUBJECT_PKI', ['DELETE', `${POOL}/${name}`])
const listOf = (pcid: string) => call('OEM', ['GET', `${POOL}/${pcid}`])
const provideFor = (first: string, second: string, query = '') =>
  call('OEM', ['GET', `/v1/ccp/provideSignedContractData/${first}/${second}${query}`])

const oldShape = async (vehicle: VehicleCredentials, emaid: string) => {
  const { contractCertificate, contractSubCa1Certificate, contractSubCa2Certificate, ...keys } =
    await contractDataBody(scene.pki, { vehicle, emaid })
  const contractSignatureCertChain = {
    contractSignatureCertChainCertificate: contractCertificate,
    contractSignatureCertChainSubCertificates: [contractSubCa2Certificate, contractSubCa1Certificate],
  }
  return { ...keys, contractSignatureCertChain, emaid }
}

describe('PUT signedContractData', () => {
  test('keeps what a CPS signed, as XML or as EXI, again and again', async () => {
    const vehicle = await putVehicle(scene)
    const emaid = newEmaid('DEEVX')
    const xml = await signedFor(vehicle, emaid)
    const first = await call('CPS', ['PUT', POOL], { body: putBody(emaid, vehicle.pcid, xml) })
    expect(first).toMatchObject({ status: 201, body: {} })
    const path = `/v1/ccp/provideSignedContractData/${emaid}/${vehicle.pcid}`
    const provided = await call('OEM', ['GET', path])
    expect(provided.status).toBe(200)
    const exi: string = Object(provided.body).certificateInstallationRes
    const again = await call('MO_EXTERNAL_PKI', ['PUT', POOL], { body: putBody(emaid, vehicle.pcid, exi) })
    expect(again).toMatchObject({ status: 201, body: {} })
    expect(await contractsOf(vehicle)).toEqual({ [emaid]: true })
  })

  test('refuses what is changed, of another EMAID, vehicle or root, expired, or signed by nobody', async () => {
    const vehicle = await putVehicle(scene)
    const emaid = newEmaid('DEEVX')
    const xml = await signedFor(vehicle, emaid)
    const changed = Buffer.from(xml, 'base64').toString().replace(emaid, newEmaid('DEEVX'))
    const body = putBody(emaid, vehicle.pcid, xml)
    const unacceptable = { status: 400, body: { errorMessages: [expect.stringContaining('not acceptable')] } }
    await expect(
      putContract({ ...body, signedContractDataXML: Buffer.from(changed).toString('base64') }),
    ).resolves.toMatchObject(unacceptable)
    await expect(putContract({ ...body, emaid: newEmaid('DEEVX') })).resolves.toMatchObject(
      refused(400, 'The signed contract data is not acceptable: it is of another EMAID.'),
    )
    await expect(
      putContract({ ...body, cpsV2GRootCertificateFingerprint: '00'.repeat(32) }),
    ).resolves.toMatchObject(
      refused(
        400,
        'The signed contract data is not acceptable: the CPS is below another V2G root than cpsV2GRootCertificateFingerprint.',
      ),
    )
    await expect(putContract({ ...body, pcid: PCID })).resolves.toMatchObject(refused(400, NO_VEHICLE))
    await expect(putContract({ ...body, emaid: 'DE_EVX' })).resolves.toMatchObject(
      refused(400, EMAID_REFUSED),
    )
    await expect(putContract({ ...body, pcid: 'X' })).resolves.toMatchObject(refused(400, PCID_REFUSED))
    await expect(putContract({ ...body, signedContractDataXML: '' })).resolves.toMatchObject(
      refused(400, 'signedContractDataXML : must be the XML or EXI of a V2G_Message'),
    )
    await expect(putContract({ ...body, emaid: 'DEEVOK99999999' }, 'MO_EXTERNAL_PKI')).resolves.toMatchObject(
      refused(403, 'The provider id DEEVO does not belong to this client.'),
    )
    await expect(putContract(body, 'OEM')).resolves.toMatchObject(
      refused(403, 'Requires a role of: CPS, MO_EXTERNAL_PKI.'),
    )
    expect(await contractsOf(vehicle)).toEqual({})
  })

  test('refuses an EMAID that another vehicle has', async () => {
    const [one, other] = [await putVehicle(scene), await putVehicle(scene)]
    const emaid = newEmaid('DEEVX')
    const body = putBody(emaid, one.pcid, await signedFor(one, emaid))
    expect((await call('CPS', ['PUT', POOL], { body })).status).toBe(201)
    await expect(call('CPS', ['PUT', POOL], { body: { ...body, pcid: other.pcid } })).resolves.toMatchObject(
      refused(400, 'Invalid Tupple - EMAID is already used by other PCID.'),
    )
  })
})

describe('several contracts of a vehicle', () => {
  test('have one default: the first, or the one the OEM chose, and none by itself when that is deleted', async () => {
    const vehicle = await putVehicle(scene)
    const [first, second] = [await generated(vehicle), await generated(vehicle)]
    expect(await contractsOf(vehicle)).toEqual({ [first]: true, [second]: false })
    const choose = ['POST', `${POOL}/${vehicle.pcid}/${second}/default`] as const
    for (let twice = 0; twice < 2; twice++)
      expect(await call('OEM', choose)).toMatchObject({ status: 200, body: {} })
    expect(await contractsOf(vehicle)).toEqual({ [first]: false, [second]: true })
    expect(await call('MO_HUBJECT_PKI', ['DELETE', `${POOL}/${second}`])).toMatchObject({
      status: 200,
      body: {},
    })
    expect(await contractsOf(vehicle)).toEqual({ [first]: false })
    const asked = await call('CPO', ['POST', POOL], { body: await installationRequest(vehicle) })
    expect(asked.status).toBe(404)
    await generated(vehicle, first)
    expect(await contractsOf(vehicle)).toEqual({ [first]: false })
  })

  test('a default that is unknown, of another vehicle, of a foreign one, or with swapped names is refused', async () => {
    const [vehicle, other] = [await putVehicle(scene), await putVehicle(scene)]
    const emaid = await generated(vehicle)
    await expect(chooseDefault(other.pcid, emaid)).resolves.toMatchObject(refused(404, NOT_FOUND))
    await expect(chooseDefault(vehicle.pcid, newEmaid('DEEVO'))).resolves.toMatchObject(
      refused(404, NOT_FOUND),
    )
    await expect(chooseDefault('XXX00000000000009', emaid)).resolves.toMatchObject(
      refused(403, 'The WMI XXX does not belong to this client.'),
    )
    await expect(chooseDefault(emaid, vehicle.pcid)).resolves.toMatchObject(refused(400, PCID_REFUSED))
  })
})

describe('DELETE signedContractData', () => {
  test('is done once, and refused for what is unknown, malformed or of another operator', async () => {
    const emaid = await generated(await putVehicle(scene))
    await expect(removeContract(emaid)).resolves.toMatchObject({ status: 200, body: {} })
    await expect(removeContract(emaid)).resolves.toMatchObject(refused(404, NOT_FOUND))
    await expect(removeContract('DE_EVO')).resolves.toMatchObject(refused(400, EMAID_REFUSED))
    await expect(removeContract('DEEVXK00000001')).resolves.toMatchObject(
      refused(403, 'The provider id DEEVX does not belong to this client.'),
    )
  })

  test('of bundles below another root, or of another edition, leaves the contract', async () => {
    const vehicle = await putVehicle(scene)
    const emaid = await generated(vehicle)
    const remove = (query: string) => call('MO_HUBJECT_PKI', ['DELETE', `${POOL}/${emaid}?${query}`])
    const fingerprint = scene.pki['v2g/root'].certificate.fingerprintSha256Hex
    await expect(remove(`cpsV2GRootCertificateFingerprint=${'00'.repeat(32)}`)).resolves.toMatchObject(
      refused(404, NOT_FOUND),
    )
    await expect(remove('xsdMsgDefNamespace=urn:din:70121:2012:MsgDef')).resolves.toMatchObject({
      status: 400,
    })
    expect(await contractsOf(vehicle)).toEqual({ [emaid]: true })
    const query = `cpsV2GRootCertificateFingerprint=${fingerprint}&xsdMsgDefNamespace=ISO15118-2`
    await expect(remove(query)).resolves.toMatchObject({ status: 200 })
  })

  test.each([
    { skip: 'false', left: 400 },
    { skip: 'true', left: 201 },
  ])('with X-Skip-Revocation $skip: the certificate put again gives $left', async ({ skip, left }) => {
    const vehicle = await putVehicle(scene)
    const emaid = await generated(vehicle)
    const path = `/v1/ccp/provideSignedContractData/${emaid}/${vehicle.pcid}`
    const exi: string = Object((await call('OEM', ['GET', path])).body).certificateInstallationRes
    const headers = { 'x-skip-revocation': skip }
    await call('MO_HUBJECT_PKI', ['DELETE', `${POOL}/${emaid}`], { headers })
    const put = await call('CPS', ['PUT', POOL], { body: putBody(emaid, vehicle.pcid, exi) })
    expect(put.status).toBe(left)
  })
})

test('generate again renews: another certificate is delivered, the earlier one is revoked', async () => {
  const vehicle = await putVehicle(scene)
  const emaid = await generated(vehicle)
  const path = `/v1/ccp/provideSignedContractData/${emaid}/${vehicle.pcid}`
  const earlier: string = Object((await call('OEM', ['GET', path])).body).certificateInstallationRes
  const certificate = await certificateOf(emaid)
  await generated(vehicle, emaid)
  expect(await certificateOf(emaid)).not.toBe(certificate)
  expect(await contractsOf(vehicle)).toEqual({ [emaid]: true })
  const put = await call('CPS', ['PUT', POOL], { body: putBody(emaid, vehicle.pcid, earlier) })
  expect(put).toMatchObject({ status: 400, body: { errorMessages: [expect.stringContaining('revoked')] } })
})

describe('lookupContract', () => {
  test('tells the operator and the OEM of the vehicle alone', async () => {
    const vehicle = await putVehicle(scene)
    const emaid = await generated(vehicle)
    const look = (role: Role, name = emaid) => call(role, ['GET', `/v1/ccp/lookupContract/${name}`])
    const root = scene.pki['v2g/root'].certificate
    const entry = {
      pcid: vehicle.pcid,
      emaid,
      xsdMsgDefNamespace: ISO2_NAMESPACE,
      defaultContract: true,
      priority: 1,
      cpsRootCertificateDN: root.distinguishedName,
      cpsRootDistinguishedName: root.distinguishedName,
      cpsV2GRootCertificateFingerprint: root.fingerprintSha256Hex,
      cpsRootCertificateId: expect.any(String),
    }
    for (const role of ['MO_HUBJECT_PKI', 'OEM'] as const)
      expect(await look(role)).toMatchObject({ status: 200, body: { XMLContracts: [entry] } })
    await expect(look('CPO')).resolves.toMatchObject(
      refused(403, 'Requires a role of: MO_HUBJECT_PKI, MO_EXTERNAL_PKI, OEM.'),
    )
    await expect(look('MO_EXTERNAL_PKI')).resolves.toMatchObject(
      refused(403, 'The provider id DEEVO does not belong to this client.'),
    )
    await expect(look('OEM', newEmaid('DEEVO'))).resolves.toMatchObject(refused(404, NOT_FOUND))
    await expect(look('MO_HUBJECT_PKI', newEmaid('DEEVO'))).resolves.toMatchObject(refused(404, NOT_FOUND))
    await expect(look('OEM', 'DE_EVO')).resolves.toMatchObject(refused(400, EMAID_REFUSED))
  })

  test('by vehicle is empty for one without contracts, and refused for one of another OEM', async () => {
    const vehicle = await putVehicle(scene)
    expect(await listOf(vehicle.pcid)).toMatchObject({ status: 200, body: { XMLContracts: [] } })
    expect(await listOf(PCID)).toMatchObject({ status: 200, body: { XMLContracts: [] } })
    expect(await listOf('XXX00000000000009')).toMatchObject(
      refused(403, 'The WMI XXX does not belong to this client.'),
    )
    expect(await listOf('X')).toMatchObject(refused(400, PCID_REFUSED))
  })
})

describe('provideSignedContractData', () => {
  test.each([
    ['', '00'],
    ['?sessionID=', '00'],
    ['?sessionID=0a', '0a'],
    ['?sessionID=0102030405060708', '0102030405060708'],
  ])('%s is answered for the session %s', async (query, session) => {
    const vehicle = await putVehicle(scene)
    const emaid = await generated(vehicle)
    const path = `/v1/ccp/provideSignedContractData/${emaid}/${vehicle.pcid}${query}`
    const { status, body } = await call('OEM', ['GET', path])
    expect({ status, body }).toMatchObject({
      status: 200,
      body: {
        xsdMsgDefNamespace: ISO2_NAMESPACE,
        cpsV2GRootCertificateFingerprint: scene.pki['v2g/root'].certificate.fingerprintSha256Hex,
      },
    })
    const { message } = decodeV2gMessage(bytesFromBase64(Object(body).certificateInstallationRes, 16_000))
    expect(message.Header.SessionID).toEqual(bytesFromHex(session))
  })

  test('refuses bad sessions, swapped names, pairs that do not belong together, and other makers', async () => {
    const [vehicle, other] = [await putVehicle(scene), await putVehicle(scene)]
    const emaid = await generated(vehicle)
    for (const sessionId of ['0', '0g', '010203040506070809'])
      expect(await provideFor(emaid, vehicle.pcid, `?sessionID=${sessionId}`)).toMatchObject(
        refused(400, SESSION),
      )
    expect(await provideFor(vehicle.pcid, emaid)).toMatchObject(refused(400, EMAID_REFUSED))
    expect(await provideFor(emaid, other.pcid)).toMatchObject(refused(404, NOT_FOUND))
    expect(await provideFor(emaid, PCID)).toMatchObject(refused(404, NOT_FOUND))
    const fingerprint = `?cpsV2GRootCertificateFingerprint=${'00'.repeat(32)}`
    expect(await provideFor(emaid, vehicle.pcid, fingerprint)).toMatchObject(refused(404, NOT_FOUND))
    expect(await provideFor(emaid, 'XXX00000000000009')).toMatchObject(
      refused(403, 'The WMI XXX does not belong to this client.'),
    )
  })

  test('gives out no contract that was revoked', async () => {
    const vehicle = await putVehicle(scene)
    const emaid = await generated(vehicle)
    const body = { certificate: await certificateOf(emaid), revocationReason: 'keyCompromise' }
    expect((await call('MO_HUBJECT_PKI', ['POST', '/v1/pki/revokeCertificate'], { body })).status).toBe(200)
    const path = `/v1/ccp/provideSignedContractData/${emaid}/${vehicle.pcid}`
    await expect(call('OEM', ['GET', path])).resolves.toMatchObject(
      refused(404, 'The contract for the given EMAID is revoked.'),
    )
  })
})

describe('the deprecated calls of the CPS', () => {
  const SIGN = ['PUT', '/v1/cps/signedContractData'] as const
  const FORWARD = ['PUT', '/v1/cps/forward/signedContractData'] as const

  test.each(['old', 'new'])(
    'sign and do not store, or store and tell nothing, in the %s shape',
    async (shape) => {
      const vehicle = await putVehicle(scene)
      const emaid = newEmaid('DEEVX')
      const contractData =
        shape === 'old'
          ? await oldShape(vehicle, emaid)
          : await contractDataBody(scene.pki, { vehicle, emaid })
      const body = { contractData, emaid, pcid: vehicle.pcid, xsdMsgDefNamespace: ISO2_NAMESPACE }
      const signed = await call('MO_EXTERNAL_PKI', SIGN, { body })
      expect(signed).toMatchObject({
        status: 200,
        body: {
          emaid,
          pcid: vehicle.pcid,
          xsdMsgDefNamespace: ISO2_NAMESPACE,
          signedData: expect.any(String),
        },
      })
      expect(await contractsOf(vehicle)).toEqual({})
      const forwarded = await call('MO_EXTERNAL_PKI', FORWARD, { body })
      expect({ status: forwarded.status, body: forwarded.body }).toEqual({ status: 201, body: {} })
      expect(await contractsOf(vehicle)).toEqual({ [emaid]: true })
    },
  )

  test('need a vehicle that is known and free for the EMAID, of a client that owns it', async () => {
    const vehicle = await putVehicle(scene)
    const emaid = newEmaid('DEEVX')
    const contractData = await oldShape(vehicle, emaid)
    const body = { contractData, emaid, pcid: PCID, xsdMsgDefNamespace: ISO2_NAMESPACE }
    const { pcid: _, ...withoutPcid } = body
    for (const operation of [SIGN, FORWARD]) {
      const send = (sent: object, role: Role = 'MO_EXTERNAL_PKI') => call(role, operation, { body: sent })
      expect(await send(body)).toMatchObject(refused(400, NO_VEHICLE))
      expect(await send(withoutPcid)).toMatchObject(refused(400, 'pcid : must not be null'))
      expect(await send(body, 'MO_HUBJECT_PKI')).toMatchObject(
        refused(403, 'Requires a role of: MO_EXTERNAL_PKI.'),
      )
      const foreign = {
        ...body,
        contractData: await oldShape(vehicle, 'DEEVOK00000999'),
        emaid: 'DEEVOK00000999',
      }
      expect(await send(foreign)).toMatchObject(
        refused(403, 'The provider id DEEVO does not belong to this client.'),
      )
    }
  })
})
