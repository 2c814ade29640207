import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { systemRandom } from '#base'
import {
  authorityOf,
  issueRoot,
  privateKeyPem,
  readCertificatesOnly,
  softwareSigner,
  validatePath,
  generateSigningKeyPair,
  type Certificate,
} from '#pki'

import { DAY_MS, newVehicle, startScene, type CentralScene } from '../central.fixture.ts'
import { curl, enrolStation, newRequest, openssl, writeClient } from './est.fixture.ts'

let scene: CentralScene
beforeAll(async () => {
  scene = await startScene()
})
afterAll(() => scene[Symbol.asyncDispose]())

const namesOf = (certificates: readonly Certificate[]): readonly (string | undefined)[] =>
  certificates.map(({ commonName }) => commonName)

describe('cacerts', () => {
  test.each([
    '/cpo/cacerts/ISO15118-2/secp256r1/',
    '/cpo/cacerts/ISO15118-2',
    '/cpo/cacerts',
    '/cpo/cacerts/secp256r1',
    '/.well-known/cpo/cacerts',
    '/.well-known/cpo/cacerts/ISO15118-2/secp256r1',
    '/.well-known/est/cpo/cacerts/ISO15118-2/secp256r1/',
    '/.well-known/est/cpo/cacerts?xsdMsgDefNamespace=urn:iso:15118:2:2013:MsgDef&algorithm=secp256r1',
  ])('%s gives sub CA 2, sub CA 1 and root in this order', async (path) => {
    const answer = await curl(scene, path, { role: 'CPO' })
    expect(answer.status).toBe(200)
    expect(answer.contentType).toBe('application/pkcs7-mime; smime-type=certs-only')
    expect(namesOf(readCertificatesOnly(answer.text))).toEqual(['CPO Sub2 CA', 'CPO Sub1 CA', 'V2G Root CA'])
  })

  test('is base64 in lines of 76 characters that ends in a line break, and OpenSSL reads it', async () => {
    const { text } = await curl(scene, '/cpo/cacerts', { role: 'CPO' })
    expect(text).toMatch(/^(?:[A-Za-z0-9+/]{76}\n)+[A-Za-z0-9+/=]{1,76}\n$/)
    const file = join(scene.directory, 'cacerts.p7')
    await writeFile(file, Buffer.from(text, 'base64'))
    const told = await openssl(['pkcs7', '-inform', 'DER', '-in', file, '-print_certs', '-noout'])
    expect([...told.matchAll(/subject=.*CN = (.*)/g)].map(([, name]) => name)).toEqual([
      'CPO Sub2 CA',
      'CPO Sub1 CA',
      'V2G Root CA',
    ])
  })

  test.each([
    ['/xxx/cacerts', 'an unknown kind'],
    ['/.well-known/est/cacerts', 'no kind at all'],
    ['/acme-cpo/cacerts', 'a slug that no CA has'],
    ['/veh/cacerts/ISO15118-20', 'a CA that is not configured'],
    ['/cpo/cacerts/ISO15118-3', 'an unknown edition'],
    ['/cpo/cacerts/ISO15118-2/secp521r1', 'an algorithm of the other edition'],
    ['/cpo/cacerts/ISO15118-2/rsa', 'an unknown algorithm'],
    ['/cpo/cacerts/constructor', 'an edition that only a prototype knows'],
    ['/cpo/cacerts/__proto__/secp256r1', 'an edition that only a prototype knows'],
    ['/cpo/cacerts/secp256r1/secp256r1', 'an algorithm for an edition'],
    ['/cpo/cacerts/secp521r1', 'an algorithm that no CA has'],
  ])('%s is not found: %s', async (path) => {
    const { status } = await curl(scene, path, { role: path.includes('veh') ? 'OEM' : 'CPO' })
    expect(status).toBe(404)
  })
})

describe('csrattrs', () => {
  test('names the kind of key and the signature, as OpenSSL reads them', async () => {
    const answer = await curl(scene, '/.well-known/est/cpo/csrattrs', { role: 'CPO' })
    expect([answer.status, answer.contentType]).toEqual([200, 'application/csrattrs'])
    const file = join(scene.directory, 'csrattrs.der')
    await writeFile(file, Buffer.from(answer.text, 'base64'))
    const told = await openssl(['asn1parse', '-inform', 'DER', '-in', file])
    for (const name of ['id-ecPublicKey', 'prime256v1', 'ecdsa-with-SHA256'])
      expect(told).toContain(`:${name}`)
  })
})

const enrol = (body: string): Promise<number> =>
  curl(scene, '/cpo/simpleenroll', { role: 'CPO', body }).then(({ status }) => status)

describe('simpleenroll', () => {
  test('a key and request of OpenSSL, sent by curl, becomes a certificate that OpenSSL verifies', async () => {
    const stem = join(scene.directory, 'station')
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${stem}.key`]
    const subject = '/DC=CPO/C=DE/O=Station Maker/CN=DE*EVO*E1000'
    await openssl(['req', '-new', ...key, '-subj', subject, '-outform', 'DER', '-out', `${stem}.csr`])
    await openssl(['base64', '-in', `${stem}.csr`, '-out', `${stem}.b64`])
    const body = await readFile(`${stem}.b64`)
    const answer = await curl(scene, '/.well-known/est/cpo/simpleenroll/ISO15118-2', {
      role: 'CPO',
      body,
      headers: { 'content-type': 'application/pkcs10', 'content-transfer-encoding': 'base64' },
    })
    expect(answer.status).toBe(200)
    await writeFile(`${stem}.p7`, Buffer.from(answer.text, 'base64'))
    await openssl(['pkcs7', '-inform', 'DER', '-in', `${stem}.p7`, '-print_certs', '-out', `${stem}.pem`])
    const pki = (name: string): string => join(scene.directory, 'pki', `${name}.pem`)
    const chain = ['-untrusted', pki('cpo/sub2'), '-untrusted', pki('cpo/sub1')]
    const verified = await openssl([
      'verify',
      '-x509_strict',
      '-CAfile',
      pki('v2g/root'),
      ...chain,
      `${stem}.pem`,
    ])
    expect(verified).toContain(': OK')
    const told = await openssl(['x509', '-in', `${stem}.pem`, '-noout', '-subject', '-text'])
    expect(told).toContain('subject=C = DE, O = Station Maker, DC = CPO, CN = DE*EVO*E1000')
    expect(told).toContain('OCSP - URI:http://pki.example/ocsp/cpo')
    expect(told).toContain('URI:http://pki.example/crl/cpo.crl')
    expect(told).toMatch(/Key Usage: critical\s+Digital Signature, Key Agreement/)
  })

  test.each([
    [
      'cpo',
      'CPO',
      'DE-EVO-S-00003C4D557878675645330967543476-2',
      ['DE-EVO-S-00003C4D557878675645330967543476-2'],
    ],
    ['mo', 'MO_HUBJECT_PKI', 'DEEVOC12345678', ['DEEVOC12345678', 'MO Sub2 CA', 'MO Sub1 CA']],
    ['oem', 'OEM', 'EVOEST00000000001', ['EVOEST00000000001', 'OEM Sub2 CA', 'OEM Sub1 CA']],
    ['cps', 'CPS', 'A signing service', ['A signing service', 'CPS Sub2 CA', 'CPS Sub1 CA']],
  ] as const)('of %s answers leaf first, as its clients expect', async (kind, role, commonName, expected) => {
    const { request } = await newRequest(commonName)
    const answer = await curl(scene, `/.well-known/${kind}/simpleenroll`, { role, body: request })
    const certificates = readCertificatesOnly(answer.text)
    expect([answer.status, namesOf(certificates)]).toEqual([200, expected])
    const [leaf] = certificates
    if (leaf === undefined) throw new TypeError('a leaf')
    const { pki } = scene
    const verdict = validatePath({
      leaf,
      intermediates: [pki[`${kind}/sub2`].certificate, pki[`${kind}/sub1`].certificate],
      roots: [pki[kind === 'mo' || kind === 'oem' ? (`${kind}/root` as const) : 'v2g/root'].certificate],
      atMs: Date.now(),
      use: ({ cpo: 'secc', mo: 'contract', oem: 'oem-provisioning', cps: 'cps' } as const)[kind],
    })
    expect(verdict).toMatchObject({ valid: true })
  })

  test.each([
    ['cpo', 'DE*XXX*E1', 'CPO', 'another operator', 403],
    ['mo', 'DEXXXC12345678', 'MO_HUBJECT_PKI', 'another provider', 403],
    ['oem', 'XXXEST00000000001', 'OEM', 'another manufacturer', 403],
    ['cpo', 'DE*EVO*E1', 'OEM', 'another role', 403],
    ['cpo', 'DE*EVO*E1', 'ADMIN', 'the administrator', 403],
    ['mo', 'DEEVXC12345678', 'MO_EXTERNAL_PKI', 'a mobility operator with a PKI of its own', 403],
    ['oem', 'EVOEST00000000001', 'CPO', 'another role', 403],
    ['cps', 'A signing service', 'MO_HUBJECT_PKI', 'a mobility operator that would sign', 403],
    ['cpo', 'DE*EVO*E1', undefined, 'nobody', 401],
    ['cpo', 'EVSE 1', 'CPO', 'a name that is no EVSEID', 400],
    ['mo', 'DEEVO', 'MO_HUBJECT_PKI', 'a name that is no EMAID', 400],
    ['oem', 'EVO', 'OEM', 'a name that is no PCID', 400],
  ] as const)('of %s for %s by %s is refused: %s (%i)', async (kind, commonName, role, _, status) => {
    const { request } = await newRequest(commonName)
    const answer = await curl(scene, `/${kind}/simpleenroll`, { body: request, ...(role && { role }) })
    expect(answer.status).toBe(status)
    expect(JSON.parse(answer.text)).toMatchObject({ errorMessages: [expect.any(String)] })
  })

  test('for a request that is none, without organization or with a key of the other edition: 400', async () => {
    expect(await enrol('')).toBe(400)
    expect(await enrol('hello')).toBe(400)
    const { request } = await newRequest('DE*EVO*E1')
    const der = Buffer.from(request, 'base64')
    der[der.length - 1] = (der.at(-1) ?? 0) ^ 1
    expect(await enrol(der.toString('base64'))).toBe(400)
    const p521 = await newRequest('DE*EVO*E1', { algorithm: 'ecdsa-p521-sha512' })
    expect(await enrol(p521.request)).toBe(400)
  })

  test('for names that fit by themselves and make a certificate too large for vehicles: 400', async () => {
    const organizationName = '\u{1F50C}'.repeat(64)
    const fits = await newRequest('A signing service', { organizationName })
    const answer = await curl(scene, '/cps/simpleenroll', { role: 'CPS', body: fits.request })
    expect([answer.status, readCertificatesOnly(answer.text)[0]?.subject.values('O')]).toEqual([
      200,
      [organizationName],
    ])
    const { request } = await newRequest('電'.repeat(64), { organizationName })
    const refused = await curl(scene, '/cps/simpleenroll', { role: 'CPS', body: request })
    expect([refused.status, refused.text]).toEqual([400, expect.stringContaining('ERR_LINT_SIZE')])
  })

  test('takes any media type, PEM and DER', async () => {
    const { request } = await newRequest('DE*EVO*E1001')
    const pem = `-----BEGIN CERTIFICATE REQUEST-----\n${request}\n-----END CERTIFICATE REQUEST-----\n`
    for (const [type, body] of [
      ['application/json', pem],
      ['text/plain', request.replace(/.{76}/g, '$&\r\n')],
      ['', Buffer.from(request, 'base64')],
    ] as const) {
      const sent = { role: 'CPO', body, headers: { 'content-type': type } } as const
      expect((await curl(scene, '/cpo/simpleenroll', sent)).status).toBe(200)
    }
  })
})

describe('simplereenroll', () => {
  test('renews with the certificate that is renewed, without a token', async () => {
    const { client, certificate } = await enrolStation(scene, 'DE*EVO*E2000')
    const { request } = await newRequest('DE*EVO*E2000')
    const answer = await curl(scene, '/.well-known/cpo/simplereenroll', { client, body: request })
    const [renewed] = readCertificatesOnly(answer.text)
    expect([answer.status, renewed?.commonName]).toEqual([200, 'DE*EVO*E2000'])
    expect(renewed?.serialNumberHex).not.toBe(certificate.serialNumberHex)
  })

  test('without a client certificate: 401, token or not', async () => {
    const { request } = await newRequest('DE*EVO*E2001')
    for (const over of [{}, { role: 'CPO' } as const])
      expect((await curl(scene, '/cpo/simplereenroll', { ...over, body: request })).status).toBe(401)
  })

  test('for another name than that of the certificate: 403', async () => {
    const { client } = await enrolStation(scene, 'DE*EVO*E2002')
    const { request } = await newRequest('DE*EVO*E2003')
    expect((await curl(scene, '/cpo/simplereenroll', { client, body: request })).status).toBe(403)
  })

  test('with a certificate of another CA, one that has expired, was revoked or is on no record: 401', async () => {
    const renew = async (client: { certificate: string; privateKey: string }): Promise<number | string> => {
      const { request } = await newRequest('DE*EVO*E2004')
      const { status, text } = await curl(scene, '/cpo/simplereenroll', { client, body: request })
      return status === 401 ? text : status
    }
    const vehicle = await newVehicle(scene.pki)
    expect(await renew(await writeClient(scene, vehicle.certificate, vehicle))).toContain(
      'not one of this CA',
    )
    const keys = await generateSigningKeyPair('ecdsa-p256-sha256')
    const issue = (notAfterMs: number): Promise<Certificate> =>
      authorityOf(scene.pki['cpo/sub2'], systemRandom).issue({
        profile: 'secc',
        subject: { commonName: 'DE*EVO*E2004' },
        publicKey: keys.publicKey,
        notBeforeMs: Date.now() - 2 * DAY_MS,
        notAfterMs,
      })
    const expired = await issue(Date.now() - DAY_MS)
    expect(await renew(await writeClient(scene, expired, keys))).toContain('has expired')
    const unrecorded = await issue(Date.now() + DAY_MS)
    expect(await renew(await writeClient(scene, unrecorded, keys))).toContain('not in the records')
    const { client, certificate } = await enrolStation(scene, 'DE*EVO*E2004')
    expect(await renew(client)).toBe(200)
    const body = JSON.stringify({ certificate: certificate.toPem(), revocationReason: 'keyCompromise' })
    const headers = { 'content-type': 'application/json' }
    expect((await curl(scene, '/v1/pki/revokeCertificate', { role: 'CPO', headers, body })).status).toBe(200)
    expect(await renew(client)).toContain('is revoked')
  })
})

test('requests under way at once all get numbers of their own', async () => {
  const stations = await Promise.all(
    Array.from({ length: 8 }, (_, i) => enrolStation(scene, `DE*EVO*E30${i}`)),
  )
  expect(new Set(stations.map(({ certificate }) => certificate.serialNumberHex)).size).toBe(8)
})

describe('a CA of one company, of ISO 15118-20, that issues to registered stations only', () => {
  let large: CentralScene
  let files: string
  beforeAll(async () => {
    const keys = await generateSigningKeyPair('ecdsa-p521-sha512')
    const root = await issueRoot(
      {
        profile: 'v2g-root',
        subject: { commonName: 'V2G Root of -20', organizationName: 'Example' },
        publicKey: keys.publicKey,
        notBeforeMs: Date.now() - DAY_MS,
        notAfterMs: Date.now() + 1_000 * DAY_MS,
      },
      { signer: softwareSigner(keys.privateKey), random: systemRandom },
    )
    files = await mkdtemp(join(tmpdir(), 'evouch-iso20-'))
    await writeFile(join(files, 'ca.pem'), root.toPem())
    await writeFile(join(files, 'ca.key.pem'), privateKeyPem(keys.privateKey), { mode: 0o600 })
    const file = join(files, 'ca.pem')
    large = await startScene({
      operatorCas: [
        {
          name: 'acme-cpo-20',
          kind: 'cpo',
          slug: 'acme',
          certificateFile: file,
          subCertificateFiles: [],
          rootFile: file,
          privateKeyFile: join(files, 'ca.key.pem'),
          registrationRequired: true,
        },
      ],
    })
  })
  afterAll(async () => {
    await large[Symbol.asyncDispose]()
    await rm(files, { recursive: true })
  })

  const PATH = '/.well-known/est/acme-cpo/simpleenroll/ISO15118-20'
  const register = (commonName: string, over: object = {}): Promise<{ status: number }> =>
    curl(large, '/v1/vra/cpo/endEntities', {
      method: 'PUT',
      role: 'CPO',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ commonName, evseID: ['DE*EVO*E1'], manufacture: 'Maker', unknown: 1, ...over }),
    })

  test('refuses a name until it is registered, however it is spelt', async () => {
    const { request } = await newRequest('DE*EVO*E4000', { algorithm: 'ecdsa-p521-sha512' })
    const attempt = (): ReturnType<typeof curl> => curl(large, PATH, { role: 'CPO', body: request })
    expect((await attempt()).status).toBe(403)
    expect((await register('deevoE4000')).status).toBe(200)
    const answer = await attempt()
    expect(answer.status).toBe(200)
    const [leaf] = readCertificatesOnly(answer.text)
    expect([leaf?.domainComponents, leaf?.publicKeyAlgorithm]).toEqual([['CSO'], 'ecdsa-p521-sha512'])
    expect(leaf?.extendedKeyUsage).toEqual(['1.3.6.1.5.5.7.3.1'])
  })

  test('registers only names of the own operator, and lists what it has', async () => {
    expect((await register('DE*XXX*E1')).status).toBe(403)
    expect((await register('DE*EVO*E4001', { evseID: ['DE*XXX*E1'] })).status).toBe(403)
    expect((await register('nonsense')).status).toBe(400)
    expect((await register('DE*EVO*E4002', { deviceName: 'X' })).status).toBe(200)
    const { status, text } = await curl(large, '/v1/vra/cpo/endEntities', { role: 'CPO' })
    expect(status).toBe(200)
    expect(JSON.parse(text).endEntities).toContainEqual({
      commonName: 'DE*EVO*E4002',
      evseID: ['DE*EVO*E1'],
      manufacture: 'Maker',
      deviceName: 'X',
    })
    expect((await curl(large, '/v1/vra/cpo/endEntities', { role: 'OEM' })).status).toBe(403)
  })
})
