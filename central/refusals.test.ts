import { Agent, request } from 'node:https'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { base64FromBytes, bytesFromBase64, systemRandom } from '#base'
import { decodeV2gMessage } from '#iso15118'
import { JWKS_PATH } from '#opcp'
import { authorityOf, generateP256KeyPair, issueVehicle } from '#pki'

import {
  contractDataBody,
  DAY_MS,
  generateBody,
  idOf,
  installationRequest,
  newVehicle,
  pkiForTests,
  provCertBody,
  putRoots,
  putVehicle,
  startScene,
  type CentralScene,
} from './central.fixture.ts'

const NAMESPACE = 'urn:iso:15118:2:2013:MsgDef'
const PCID_PATTERN = 'pcid : must match "^[a-zA-Z0-9]{17,18}$"'
const EMAID_PATTERN = 'emaid : must match "^[A-Za-z]{2}[-]?\\w{3}[-]?\\w{9}[-]?(\\w{1})?$"'
const BASE64_PATTERN = '^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$'

let scene: CentralScene
let agent: Agent
beforeAll(async () => {
  scene = await startScene()
  agent = new Agent({ ca: scene.pki['tls/ca'].certificate.toPem(), keepAlive: true })
  await putRoots(scene)
})
afterAll(async () => {
  agent.destroy()
  await scene[Symbol.asyncDispose]()
})

interface RawAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: unknown
}

/** What the client of ours would never send. */
function raw(
  method: string,
  path: string,
  { headers = {}, body }: { headers?: Record<string, string>; body?: string } = {},
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request(`${scene.central.url}${path}`, { method, headers, agent }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        const { statusCode: status = 0, headers: answered } = response
        resolve({ status, headers: answered, body: text === '' ? undefined : JSON.parse(text) })
      })
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

const JSON_TYPE = { 'content-type': 'application/json' }

async function tokenOf(role: 'ADMIN' | 'CPO' | 'OEM'): Promise<string> {
  const { body } = await raw('POST', '/oauth/token', {
    headers: JSON_TYPE,
    body: JSON.stringify({
      grant_type: 'client_credentials',
      client_id: role,
      client_secret: scene.secretOf(role),
    }),
  })
  return String(Object(body).access_token)
}

const refusal = (status: number, message: string) => ({
  code: 'ERR_OPCP_REFUSED',
  status,
  errorMessages: [message],
  traceId: expect.stringMatching(/^[0-9a-f-]{36}$/),
})

describe('the token endpoint', () => {
  const good = { grant_type: 'client_credentials', client_id: 'CPO' }
  const post = (body: object) =>
    raw('POST', '/oauth/token', { headers: JSON_TYPE, body: JSON.stringify(body) })

  test('gives a token to a form and to HTTP Basic as well as to JSON', async () => {
    const secret = scene.secretOf('CPO')
    const form = await raw('POST', '/oauth/token', {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        ...good,
        client_secret: secret,
        audience: 'https://localhost:7401/',
      }).toString(),
    })
    const basic = await raw('POST', '/oauth/token', {
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
    const answer = raw('POST', '/oauth/token', { headers: JSON_TYPE, body: '{' })
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
    const { body } = await raw('GET', JWKS_PATH)
    expect(body).toMatchObject({ keys: [{ alg: 'RS256', kty: 'RSA', use: 'sig' }] })
    expect(JSON.stringify(body)).not.toContain('"d":')
  })
})

describe('every operation', () => {
  test('wants a token, and says 401 to none, a broken one and one of another kind', async () => {
    const [header = '', payload = ''] = (await tokenOf('CPO')).split('.')
    const unsigned = `${Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')}.${payload}.`
    for (const authorization of [
      undefined,
      'Bearer x',
      `Bearer ${header}.${payload}.AAAA`,
      `Bearer ${unsigned}`,
    ]) {
      const answer = await raw('GET', '/v1/root/rootCerts', {
        ...(authorization !== undefined && { headers: { authorization } }),
      })
      expect(answer).toMatchObject({ status: 401, body: { errorMessages: [expect.any(String)] } })
      expect(answer.headers['www-authenticate']).toBe('Bearer error="invalid_token"')
      expect(answer.headers['x-trace-id']).toBe(Object(answer.body).traceId)
    }
  })

  test('refuses a role it is not for before it reads the body', async () => {
    const headers = { ...JSON_TYPE, authorization: `Bearer ${await tokenOf('CPO')}` }
    const answer = await raw('PUT', '/v1/root/rootCerts', { headers, body: 'not JSON' })
    expect(answer).toMatchObject({ status: 403, body: { errorMessages: ['Requires a role of: ADMIN.'] } })
  })

  test.each([
    [413, `{"a":"${'x'.repeat(70_000)}"}`, JSON_TYPE, 'The body exceeds 65536 bytes.'],
    [415, '<a/>', { 'content-type': 'application/xml' }, 'The body must be application/json.'],
    [400, '{"a":', JSON_TYPE, 'The body is not JSON.'],
    [400, '['.repeat(100), JSON_TYPE, 'The body is nested more than 16 levels deep.'],
    [400, '{"rootType":"V2G"}', JSON_TYPE, 'caCertificate : must not be null'],
  ])('answers %i to a body it cannot use', async (status, body, type, message) => {
    const headers = { ...type, authorization: `Bearer ${await tokenOf('ADMIN')}` }
    const answer = await raw('PUT', '/v1/root/rootCerts', { headers, body })
    expect(answer).toMatchObject({ status, body: { errorMessages: [message] } })
  })

  test('that does not exist is 404, a path that is none 400, both with an error body', async () => {
    await expect(raw('GET', '/v1/nothing')).resolves.toMatchObject({
      status: 404,
      body: { errorMessages: ['Unknown path or method.'] },
    })
    await expect(raw('GET', '/v1/oem/provCerts/%E0%A4%A')).resolves.toMatchObject({ status: 400 })
  })
})

describe('the RCP', () => {
  test('keeps a root once per type and shows it by id', async () => {
    const caCertificate = base64FromBytes(scene.pki['v2g/root'].certificate.der)
    await scene.clientOf('ADMIN').putRootCert({ caCertificate, rootType: 'v2g' })
    const roots = (await scene.clientOf('CPS').getRootCerts({ rootType: 'V2G' })).filter(
      (root) => root.caCertificate === caCertificate,
    )
    expect(roots).toHaveLength(1)
    const [root] = roots
    expect(root).toMatchObject({ caCertificate, rootType: 'V2G', signatureAlgorithm: 'secp256r1' })
    await expect(scene.clientOf('CPO').getRootCert(root?.rootCertificateId ?? '')).resolves.toEqual(root)
  })

  test.each([
    ['AAAA', 400, 'Invalid certificate format on caCertificate'],
    ['oem/sub1', 400, 'The root certificate is not self-signed.'],
  ])('refuses %s', async (what, status, message) => {
    const sub = scene.pki['oem/sub1'].certificate
    const caCertificate = what === 'AAAA' ? what : base64FromBytes(sub.der)
    const call = scene.clientOf('ADMIN').putRootCert({ caCertificate, rootType: 'OEM' })
    await expect(call).rejects.toMatchObject(refusal(status, message))
  })

  test('knows no root of another id', async () => {
    const call = scene.clientOf('CPO').getRootCert('00000000-0000-4000-8000-000000000000')
    await expect(call).rejects.toMatchObject(refusal(404, 'Root certificate with the given ID is not found'))
  })
})

describe('the PCP', () => {
  test('gives back what was put, wrapped or not, and takes PEM and the old spellings', async () => {
    const vehicle = await newVehicle(scene.pki)
    const put = await scene.clientOf('OEM').putProvCert({
      provisioningCertificate: vehicle.certificate.toPem(),
      subCa1Certificate: vehicle.sub1.toPem(),
      subCa2Certificate: vehicle.sub2.toPem(),
      v2gRootAuthorityKeyIdentifier: '4F:13:AB',
    })
    expect(put).toMatchObject({ ...provCertBody(vehicle), v2gRootAuthorityKeyIdentifiers: ['4f:13:ab'] })
    await expect(scene.clientOf('MO_EXTERNAL_PKI').getProvCert(vehicle.pcid.toLowerCase())).resolves.toEqual(
      put,
    )
  })

  test.each([
    ['vehicleCertificate', 'Invalid certificate format on vehicleCertificate'],
    ['subCA1Certificate', 'Invalid certificate format on subCa1Certificate'],
    ['subCA2Certificate', 'Invalid certificate format on subCa2Certificate'],
  ])('refuses a %s that is none', async (member, message) => {
    const body = { ...provCertBody(await newVehicle(scene.pki)), [member]: 'AAAA' }
    await expect(scene.clientOf('OEM').putProvCert(body)).rejects.toMatchObject(refusal(400, message))
  })

  test('refuses vehicles of another maker, expired ones and those below a root it does not know', async () => {
    const { pki } = scene
    const oem = scene.clientOf('OEM')
    const clock = Date.now
    const foreign = await issueVehicle(pki, { pcid: 'XYZ00000000000001', clock, random: systemRandom })
    await expect(oem.putProvCert(provCertBody(foreign))).rejects.toMatchObject(
      refusal(403, 'The WMI XYZ does not belong to this client.'),
    )
    const vehicle = await newVehicle(pki)
    const expired = {
      ...provCertBody(vehicle),
      vehicleCertificate: base64FromBytes(vehicle.expiredCertificate.der),
    }
    await expect(oem.putProvCert(expired)).rejects.toMatchObject(
      refusal(400, 'The validUntil date of vehicleCertificate is in the past.'),
    )
    const orphan = { ...provCertBody(vehicle), subCA1Certificate: provCertBody(vehicle).subCA2Certificate }
    await expect(oem.putProvCert(orphan)).rejects.toMatchObject(
      refusal(400, 'No trusted root certificate found for the given chain.'),
    )
  })

  test('says 403 to a foreign PCID whether it exists or not, 404 to an own one, 400 to none', async () => {
    const oem = scene.clientOf('OEM')
    const foreign = 'The WMI XYZ does not belong to this client.'
    await expect(oem.getProvCert('XYZ00000000000009')).rejects.toMatchObject(refusal(403, foreign))
    await expect(oem.getProvCert('EVO00000000000009')).rejects.toMatchObject(
      refusal(404, 'The OEM provisioning certificate with given PCID is not found.'),
    )
    await expect(oem.getProvCert('EVO-9')).rejects.toMatchObject(refusal(400, PCID_PATTERN))
  })
})

describe('generate', () => {
  const generate = (over: Partial<ReturnType<typeof generateBody>> & { pcid: string }) =>
    scene.clientOf('MO_HUBJECT_PKI').generateSignedContractData({
      ...generateBody({ emaid: 'DEEVOG00000001', ...over }),
      ...over,
    })
  const PCID = 'EVO00000000000009'
  const past = new Date(Date.now() - DAY_MS / 2).toISOString()

  test.each([
    [400, EMAID_PATTERN, { pcid: PCID, emaid: 'DE_EVO' }],
    [400, PCID_PATTERN, { pcid: 'X' }],
    [400, 'The contractBegins does not match the specification', { pcid: PCID, contractBegins: 'today' }],
    [400, 'The contractEnds does not match the specification', { pcid: PCID, contractEnds: '2026' }],
    [400, 'The given contractEnds date is in the past.', { pcid: PCID, contractEnds: past }],
    [403, 'The provider id DEXXX does not belong to this client.', { pcid: PCID, emaid: 'DEXXXG00000001' }],
    [400, 'The OEM provisioning certificate with the given PCID is not available.', { pcid: PCID }],
    [
      400,
      `xsdMsgDefNamespace : must be one of ["${NAMESPACE}"]`,
      { pcid: PCID, xsdMsgDefNamespace: 'urn:din:70121:2012:MsgDef' },
    ],
  ])('refuses with %i %s', async (status, message, over) => {
    await expect(generate(over)).rejects.toMatchObject(refusal(status, message))
  })

  test('refuses an EMAID of another vehicle, and a V2G root without a signer', async () => {
    const [one, other] = [await putVehicle(scene), await putVehicle(scene)]
    await generate({ pcid: one.pcid, emaid: 'DEEVOG00000007' })
    await expect(generate({ pcid: other.pcid, emaid: 'DE-EVO-G00000007' })).rejects.toMatchObject(
      refusal(400, 'Invalid Tupple - EMAID is already used by other PCID.'),
    )
    const call = scene.clientOf('MO_HUBJECT_PKI').generateSignedContractData({
      ...generateBody({ pcid: one.pcid, emaid: 'DEEVOG00000007' }),
      cpsV2GRootCertificateFingerprint: '00'.repeat(32),
    })
    const message = 'No CPS signer available for the given cpsV2GRootCertificateFingerprint.'
    await expect(call).rejects.toMatchObject(refusal(400, message))
  })
})

describe('contractData/signed', () => {
  const emaid = 'DEEVXS00000001'
  async function sign(over: object = {}, outer: object = {}) {
    const pki = await pkiForTests()
    const contractData = {
      ...(await contractDataBody(pki, { vehicle: await newVehicle(pki), emaid })),
      ...over,
    }
    return scene
      .clientOf('MO_EXTERNAL_PKI')
      .signContractData({ contractData, xsdMsgDefNamespace: NAMESPACE, ...outer })
  }

  test('signs without a PCID, stores nothing, and gives XML without a session', async () => {
    const signed = await sign()
    const xml = Buffer.from(signed.signedData, 'base64').toString()
    expect(xml).toContain('CertificateInstallationRes')
    expect(xml).not.toContain('SessionID')
    expect(signed).toMatchObject({
      emaid,
      cpsV2GRootCertificateFingerprint: scene.pki['v2g/root'].certificate.fingerprintSha256Hex,
    })
  })

  test('takes the old shape with its sub CAs in any order', async () => {
    const { contractCertificate, contractSubCa1Certificate, contractSubCa2Certificate, ...keys } =
      await contractDataBody(scene.pki, { vehicle: await newVehicle(scene.pki), emaid })
    const contractSignatureCertChain = {
      contractSignatureCertChainCertificate: contractCertificate,
      contractSignatureCertChainSubCertificates: [contractSubCa1Certificate, contractSubCa2Certificate],
    }
    const call = scene.clientOf('MO_EXTERNAL_PKI').signContractData({
      contractData: { ...keys, contractSignatureCertChain, emaid },
      xsdMsgDefNamespace: 'ISO15118-2',
    })
    await expect(call).resolves.toMatchObject({ emaid, xsdMsgDefNamespace: NAMESPACE })
  })

  test.each([
    ['contractData.dHpublickey : must match "' + BASE64_PATTERN + '"', { dHpublickey: '?' }],
    ['contractData.dHpublickey : must be 65 bytes', { dHpublickey: 'BAAA' }],
    [
      'contractData.dHpublickey : must be an uncompressed point of secp256r1',
      { dHpublickey: Buffer.alloc(65, 4).toString('base64') },
    ],
    [
      'contractData.contractSignatureEncryptedPrivateKey : must match "' + BASE64_PATTERN + '"',
      { contractSignatureEncryptedPrivateKey: 'a' },
    ],
    [
      'contractData.contractSignatureEncryptedPrivateKey : must be 48 bytes',
      { contractSignatureEncryptedPrivateKey: Buffer.alloc(64).toString('base64') },
    ],
    ['Invalid certificate format on contractCertificate', { contractCertificate: 'AAAA' }],
    [
      'Invalid certificate format on contractSignatureCertChainSubCertificates list',
      { contractSubCa1Certificate: 'AAAA' },
    ],
  ])('refuses with 400 %s', async (message, over) => {
    await expect(sign(over)).rejects.toMatchObject(refusal(400, message))
  })

  test('refuses an expired contract, another EMAID beside it, a foreign chain and an unknown vehicle', async () => {
    const { pki } = scene
    const expired = await contractDataBody(pki, {
      vehicle: await newVehicle(pki),
      emaid,
      notAfterMs: Date.now() - 1_000,
    })
    await expect(sign(expired)).rejects.toMatchObject(
      refusal(400, 'The validUntil date of contract certificate is in the past.'),
    )
    await expect(sign({}, { emaid: 'DEEVXS00000002' })).rejects.toMatchObject(
      refusal(400, 'emaid : must be the common name of the contract certificate'),
    )
    await expect(
      sign({ contractSubCa1Certificate: base64FromBytes(pki['oem/sub1'].certificate.der) }),
    ).rejects.toMatchObject(refusal(400, 'No trusted root certificate found for the given chain.'))
    await expect(sign({}, { pcid: 'EVO00000000000009' })).rejects.toMatchObject(
      refusal(400, 'The OEM provisioning certificate with the given PCID is not available.'),
    )
  })
})

describe('a CertificateInstallationReq', () => {
  const emaids = (function* () {
    for (let i = 1; ; i++) yield `DEEVOR${String(i).padStart(8, '0')}`
  })()
  async function vehicleWithContract() {
    const vehicle = await putVehicle(scene)
    const body = generateBody({ pcid: vehicle.pcid, emaid: emaids.next().value })
    await scene.clientOf('MO_HUBJECT_PKI').generateSignedContractData(body)
    return vehicle
  }
  async function responseCodeTo(body: Awaited<ReturnType<typeof installationRequest>>) {
    const { status, messages } = await scene.clientOf('CPO').getSignedContractData(body)
    const { message } = decodeV2gMessage(
      bytesFromBase64(messages[0]?.certificateInstallationRes ?? '', 16_000),
    )
    expect(Buffer.from(message.Header.SessionID).toString('hex')).toBe('0102030405060708')
    return { status, code: message.Body.CertificateInstallationRes?.ResponseCode, emaid: messages[0]?.emaid }
  }
  const negative = (code: string) => ({ status: 404, code, emaid: undefined })

  test('that is no EXI, no such message or no base64 is 400', async () => {
    const post = (certificateInstallationReq: string) =>
      scene
        .clientOf('CPO')
        .getSignedContractData({ certificateInstallationReq, xsdMsgDefNamespace: NAMESPACE })
    await expect(post('gJg=')).rejects.toMatchObject(refusal(400, 'EXI format is invalid!'))
    await expect(post('')).rejects.toMatchObject(refusal(400, 'EXI format is invalid!'))
    await expect(post('?')).rejects.toMatchObject(
      refusal(400, `certificateInstallationReq : must match "${BASE64_PATTERN}"`),
    )
    await expect(post('A'.repeat(30_000))).rejects.toMatchObject({ status: 400 })
  })

  test('signed with another key gets FAILED_SignatureError', async () => {
    const { privateKey } = await generateP256KeyPair()
    const body = await installationRequest(await vehicleWithContract(), { privateKey })
    await expect(responseCodeTo(body)).resolves.toEqual(negative('FAILED_SignatureError'))
  })

  test('with an expired certificate gets FAILED_CertificateExpired', async () => {
    const vehicle = await vehicleWithContract()
    const body = await installationRequest(vehicle, { certificate: vehicle.expiredCertificate })
    await expect(responseCodeTo(body)).resolves.toEqual(negative('FAILED_CertificateExpired'))
  })

  test('of an unknown vehicle, a known one without contract, and one with another key than the pool has gets FAILED_NoCertificateAvailable', async () => {
    const unknown = await newVehicle(scene.pki)
    const known = await putVehicle(scene)
    const rekeyed = await issueVehicle(scene.pki, {
      pcid: (await vehicleWithContract()).pcid,
      clock: Date.now,
      random: systemRandom,
    })
    for (const vehicle of [unknown, known, rekeyed])
      await expect(responseCodeTo(await installationRequest(vehicle))).resolves.toEqual(
        negative('FAILED_NoCertificateAvailable'),
      )
  })

  test('with a certificate for another role, or one from a CA that is none of ours, gets FAILED_CertChainError', async () => {
    const vehicle = await vehicleWithContract()
    const order = {
      subject: { commonName: vehicle.pcid },
      publicKey: vehicle.certificate.publicKey,
      notBeforeMs: Date.now() - DAY_MS,
      notAfterMs: Date.now() + DAY_MS,
    }
    const contract = await authorityOf(scene.pki['mo/sub2'], systemRandom).issue({
      ...order,
      profile: 'contract',
    })
    const foreign = await authorityOf(scene.pki['cpo/sub2'], systemRandom).issue({
      ...order,
      profile: 'oem-provisioning',
    })
    for (const certificate of [contract, foreign])
      await expect(responseCodeTo(await installationRequest(vehicle, { certificate }))).resolves.toEqual(
        negative('FAILED_CertChainError'),
      )
  })

  test('is answered though its root list names nothing we know, but not when it names only roots without a bundle', async () => {
    const vehicle = await vehicleWithContract()
    const unknown = { X509IssuerName: 'CN=V2GRootCA,DC=V2G', X509SerialNumber: 12345n }
    const body = await installationRequest(vehicle, { roots: [unknown] })
    await expect(responseCodeTo(body)).resolves.toMatchObject({ status: 200, code: 'OK' })
    const mo = scene.pki['mo/root'].certificate
    await scene.clientOf('ADMIN').putRootCert({ caCertificate: base64FromBytes(mo.der), rootType: 'V2G' })
    await expect(
      responseCodeTo(await installationRequest(vehicle, { roots: [unknown, idOf(mo)] })),
    ).resolves.toEqual(negative('FAILED_NoCertificateAvailable'))
  })

  test('is refused in plain words when EXI is not wanted', async () => {
    const headers = {
      ...JSON_TYPE,
      authorization: `Bearer ${await tokenOf('CPO')}`,
      alwaysReturnEXI: 'false',
    }
    const body = JSON.stringify(await installationRequest(await newVehicle(scene.pki)))
    await expect(raw('POST', '/v1/ccp/signedContractData', { headers, body })).resolves.toMatchObject({
      status: 404,
      body: { errorMessages: ['Contract or Vehicle not found.'] },
    })
  })
})
