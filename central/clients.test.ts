/** What the known clients send, and what they read of the answer (opcp-digest §4), in the words of each. */
import { X509Certificate } from 'node:crypto'

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'

import { systemClock, systemRandom } from '#base'
import { ISO2_NAMESPACE, type Role } from '#opcp'
import { readCertificatesOnly, type VehicleCredentials } from '#pki'

import {
  generateBody,
  installationRequest,
  newVehicle,
  provCertBody,
  putRoots,
  putVehicle,
  startScene,
  type CentralScene,
} from './central.fixture.ts'
import { curl, newRequest, openssl } from './est/est.fixture.ts'
import { JSON_TYPE, rawRequest, type RawAnswer } from './raw-request.fixture.ts'

const POOL = '/v1/ccp/signedContractData'

let scene: CentralScene
let vehicle: VehicleCredentials
let emaid: string
beforeAll(async () => {
  scene = await startScene()
  await putRoots(scene)
})
afterAll(() => scene[Symbol.asyncDispose]())

let contracts = 0
beforeEach(async () => {
  vehicle = await putVehicle(scene)
  emaid = `DEEVOQ${String(++contracts).padStart(8, '0')}`
  await scene
    .clientOf('MO_HUBJECT_PKI')
    .generateSignedContractData(generateBody({ pcid: vehicle.pcid, emaid }))
})

interface Sent {
  readonly body?: object | string
  readonly headers?: Readonly<Record<string, string>>
}
function send(method: string, path: string, { body, headers = {} }: Sent = {}): Promise<RawAnswer> {
  return rawRequest(scene, method, path, {
    headers: { ...(body !== undefined && JSON_TYPE), ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
}

/** As MaEVe and the newer clients ask for a token: no audience unless given. */
async function jsonToken(role: Role, over: object = {}): Promise<string> {
  const credentials = {
    client_id: role,
    client_secret: scene.secretOf(role),
    grant_type: 'client_credentials',
  }
  const { status, body } = await send('POST', '/oauth/token', { body: { ...credentials, ...over } })
  expect(status).toBe(200)
  expect(Object(body).expires_in).toBe(86_400)
  return String(Object(body).access_token)
}
const contentsOf = ({ body }: RawAnswer): readonly { messageDef: Record<string, string> }[] =>
  Object(body).CCPResponse.emaidContent

test('MaEVe: no audience, X-API-Key beside the token, element 0 with an EMAID, every root parses', async () => {
  const token = await jsonToken('CPO')
  const headers = { authorization: `Bearer ${token}`, 'x-api-key': token }
  const answer = await send('POST', POOL, { headers, body: await installationRequest(vehicle) })
  expect(answer.status).toBe(200)
  expect(contentsOf(answer)[0]?.messageDef).toMatchObject({
    emaid,
    certificateInstallationRes: expect.any(String),
  })
  expect(Object(answer.body).xsdMsgDefNamespace).toBe(ISO2_NAMESPACE)
  const alone = await send('POST', POOL, { headers: { 'x-api-key': token }, body: {} })
  expect(alone.status).toBe(401)
  const roots = await send('GET', '/v1/root/rootCerts', { headers })
  for (const { caCertificate } of Object(roots.body).RootCertificateCollection.rootCertificates)
    expect(new X509Certificate(Buffer.from(caCertificate, 'base64')).ca).toBe(true)
})

test('MaEVe: its OEM script puts certificates with members that OPCP does not know', async () => {
  const other = await newVehicle(scene.pki)
  const answer = await send('PUT', '/v1/oem/provCerts', {
    headers: { authorization: `Bearer ${await jsonToken('OEM')}` },
    body: {
      ...provCertBody(other),
      v2gRootAuthorityKeyIdentifier: '4F:13:AB',
      rootIssuerDistinguishedName: 'CN=x',
      rootIssuerSerialNumber: '00',
      xsdMsgDefNamespace: ISO2_NAMESPACE,
    },
  })
  expect(answer).toMatchObject({ status: 200, body: { v2gRootAuthorityKeyIdentifiers: ['4f:13:ab'] } })
})

test('CitrineOS: a form with the audience of its base URL, exactly 200, the last element, SKI on every root, cacerts', async () => {
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: 'CPO',
    client_secret: scene.secretOf('CPO'),
    audience: 'https://localhost:7401',
  }).toString()
  const granted = await send('POST', '/oauth/token', {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body,
  })
  const headers = {
    authorization: `Bearer ${Object(granted.body).access_token}`,
    accept: 'application/json, application/xml',
  }
  const answer = await send('POST', POOL, { headers, body: await installationRequest(vehicle) })
  expect(answer.status).toBe(200)
  expect(
    contentsOf(answer).filter(({ messageDef }) => messageDef['certificateInstallationRes']),
  ).toHaveLength(1)
  const roots = await send('GET', '/v1/root/rootCerts', { headers })
  for (const root of Object(roots.body).RootCertificateCollection.rootCertificates) {
    expect(root.rootAuthorityKeyIdentifierHex).toMatch(/^[0-9a-f]+$/)
    expect(new X509Certificate(Buffer.from(root.caCertificate, 'base64')).subject).toContain(
      `CN=${root.commonName}`,
    )
  }
  const accept = { accept: 'application/pkcs10, application/pkcs7' }
  const cacerts = await curl(scene, '/.well-known/cpo/cacerts', { role: 'CPO', headers: accept })
  expect([cacerts.status, readCertificatesOnly(cacerts.text).at(-1)?.commonName]).toEqual([
    200,
    'V2G Root CA',
  ])
})

test('CitrineOS: a namespace of -20 that it forwards is refused in words, and 401 makes it fetch another token', async () => {
  const request = await installationRequest(vehicle)
  const headers = { authorization: `Bearer ${await jsonToken('CPO')}` }
  const body = { ...request, xsdMsgDefNamespace: 'urn:iso:std:iso:15118:-20:CommonMessages' }
  expect(await send('POST', POOL, { headers, body })).toMatchObject({
    status: 400,
    body: { errorMessages: [`xsdMsgDefNamespace : must be one of ["${ISO2_NAMESPACE}"]`] },
  })
  expect((await send('POST', POOL, { headers: { authorization: 'Bearer stale' }, body })).status).toBe(401)
})

test('compote: reads JSON of every answer, DELETE too, and asks for a contract in all its ways', async () => {
  const mo = {
    authorization: `Bearer ${await jsonToken('MO_HUBJECT_PKI', { audience: 'https://localhost:7401/' })}`,
  }
  const oem = { authorization: `Bearer ${await jsonToken('OEM')}` }
  const unknown = await newVehicle(scene.pki)
  const cpo = { authorization: `Bearer ${await jsonToken('CPO')}` }
  const negative = await send('POST', POOL, { headers: cpo, body: await installationRequest(unknown) })
  expect([negative.status, contentsOf(negative)[0]?.messageDef]).toEqual([
    404,
    { certificateInstallationRes: expect.any(String) },
  ])
  const provCert = await send('GET', `/v1/oem/provCerts/${vehicle.pcid}?signatureAlgorithm=secp256r1`, {
    headers: mo,
  })
  expect(Object(provCert.body).OEMMessage.vehicleCertificate).toBe(provCertBody(vehicle).vehicleCertificate)
  const looked = await send('GET', `/v1/ccp/lookupContract/${emaid}`, { headers: mo })
  expect(Object(looked.body).XMLContracts[0].pcid).toBe(vehicle.pcid)
  const listed = await send('GET', `${POOL}/${vehicle.pcid}`, { headers: oem })
  expect(Object(listed.body).XMLContracts[0].emaid).toBe(emaid)
  const provide = `/v1/ccp/provideSignedContractData/${emaid}/${vehicle.pcid}`
  expect(Object((await send('GET', provide, { headers: oem })).body).certificateInstallationRes).toMatch(/^g/)
  expect(await send('DELETE', `${POOL}/${emaid}`, { headers: mo })).toMatchObject({ status: 200, body: {} })
})

test('EVerest: a token for an audience, lower case asked and upper case answered, a station registered, then enrolled', async () => {
  const authorization = `Bearer ${await jsonToken('CPO', { audience: 'https://localhost:7401' })}`
  const roots = await send('GET', '/v1/root/rootCerts?rootType=v2g', { headers: { authorization } })
  expect(Object(roots.body).RootCertificateCollection.rootCertificates).toMatchObject([{ rootType: 'V2G' }])
  const commonName = 'DE*EVO*E7001'
  const station = { commonName, evseID: [commonName], manufacture: 'EVerest', evseISOversion: '15118-2' }
  const registered = await send('PUT', '/v1/vra/cpo/endEntities', {
    headers: { authorization },
    body: station,
  })
  expect(registered.status).toBe(200)
  const listed = await send('GET', '/v1/vra/cpo/endEntities', { headers: { authorization } })
  expect(JSON.stringify(listed.body)).toContain(`"commonName":"${commonName}"`)
  const { request } = await newRequest(commonName)
  const answer = await curl(scene, '/.well-known/cpo/simpleenroll/ISO15118-2', { role: 'CPO', body: request })
  expect(readCertificatesOnly(answer.text.replaceAll(/\s/g, '')).map((each) => each.commonName)).toEqual([
    commonName,
  ])
})

test('EVerest: credentials that are wrong are 401 access_denied', async () => {
  const body = {
    client_id: 'CPO',
    client_secret: 'no',
    audience: 'https://localhost:7401',
    grant_type: 'client_credentials',
  }
  expect(await send('POST', '/oauth/token', { body })).toMatchObject({
    status: 401,
    body: { error: 'access_denied', error_description: 'Unauthorized' },
  })
})

test('chargebyte.py: a PEM request for which it takes PKCS#7', async () => {
  const { request } = await newRequest('DE*EVO*E7002')
  const body = `-----BEGIN CERTIFICATE REQUEST-----\n${request.replaceAll(/.{64}/g, '$&\n')}\n-----END CERTIFICATE REQUEST-----\n`
  const headers = { 'content-type': 'application/pkcs10' }
  const answer = await curl(scene, '/.well-known/cpo/simpleenroll', { role: 'CPO', headers, body })
  expect([answer.status, readCertificatesOnly(answer.text)[0]?.commonName]).toEqual([200, 'DE*EVO*E7002'])
})

test('KEVIT: a media type with a charset, element 0 within its 3 s, whatever the status', async () => {
  const headers = {
    authorization: `Bearer ${await jsonToken('CPO')}`,
    'content-type': 'application/json;charset=UTF-8',
  }
  for (const [car, status] of [
    [vehicle, 200],
    [await newVehicle(scene.pki), 404],
  ] as const) {
    const from = systemClock()
    const answer = await send('POST', POOL, { headers, body: await installationRequest(car) })
    expect([answer.status, contentsOf(answer)[0]?.messageDef['certificateInstallationRes']]).toEqual([
      status,
      expect.any(String),
    ])
    expect(systemClock() - from).toBeLessThan(3_000)
  }
})

test('PlugAndChargeTester: PEM in the members of JSON, and the file of openssl req as a body', async () => {
  const other = await newVehicle(scene.pki)
  const put = await send('PUT', '/v1/oem/provCerts', {
    headers: { authorization: `Bearer ${await jsonToken('OEM')}` },
    body: {
      vehicleCertificate: other.certificate.toPem(),
      subCa1Certificate: other.sub1.toPem(),
      subCa2Certificate: other.sub2.toPem(),
    },
  })
  expect([put.status, Object(put.body).vehicleCertificate]).toEqual([
    200,
    provCertBody(other).vehicleCertificate,
  ])
  const key = [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-keyout',
    `${scene.directory}/tester.key`,
  ]
  const serial = Buffer.from(systemRandom(5)).toString('hex').toUpperCase()
  const pcid = `EVOTST${serial}01`
  const body = await openssl(['req', '-new', ...key, '-subj', `/O=Maker/CN=${pcid}`])
  const answer = await curl(scene, '/.well-known/oem/simpleenroll', { role: 'OEM', body })
  expect([answer.status, readCertificatesOnly(answer.text)[0]?.commonName]).toEqual([200, pcid])
})

test('the Postman collection of 2018: the same paths below a prefix of then, which is taken off once', async () => {
  const prefix = '/HubjectWS/webresources'
  const headers = { authorization: `Bearer ${await jsonToken('CPO')}` }
  const answer = await send('POST', `${prefix}${POOL}`, { headers, body: await installationRequest(vehicle) })
  expect([answer.status, contentsOf(answer)[0]?.messageDef['emaid']]).toEqual([200, emaid])
  expect((await send('GET', `${prefix}/v1/root/rootCerts?rootType=mo`, { headers })).status).toBe(200)
  expect((await send('GET', `${prefix}/v1/root/rootCerts`)).status).toBe(401)
  for (const path of [
    `${prefix}${prefix}/v1/root/rootCerts`,
    `${prefix}/oauth/token`,
    `${prefix}/admin/v1/clients`,
  ])
    expect((await send('GET', path, { headers })).status).toBe(404)
})
