import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:https'
import { join } from 'node:path'

import { Agent, request } from 'undici'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'

import { ChargePoint, FAULTS, type FaultName } from '#charger-emulator'
import { privateKeyPem } from '#pki'

import {
  CHARGE_POINT,
  CLIENT_SECRET,
  type Constellation,
  EMAID,
  PASSWORD,
  startConstellation,
} from './constellation.ts'
import { portOf } from './ports.ts'

let system: Constellation
let trusting: Agent
beforeAll(async () => {
  system = await startConstellation()
  trusting = new Agent({ connect: { ca: system.pki['tls/ca'].certificate.toPem() } })
})
afterAll(async () => {
  await trusting.destroy()
  await system[Symbol.asyncDispose]()
})

test('a vehicle gets its contract through charge point, gateway and pools, and can use it', async () => {
  const contract = await system.install()
  expect(contract.emaid).toBe(EMAID)
  expect(contract.certificate.commonName).toBe(EMAID)
  expect(contract.cpsPath.at(-1)?.equals(system.pki['v2g/root'].certificate)).toBe(true)
  expect(contract.subCertificates.map(({ commonName }) => commonName)).toEqual(['MO Sub2 CA', 'MO Sub1 CA'])
})

/** Each fault with the code it must end in, and the detail of whoever refused. */
const REFUSALS: Readonly<Record<FaultName, { code: string; detail?: string }>> = {
  'wrong-key': { code: 'ERR_CHARGE_POINT_FAILED', detail: 'InvalidSignature' },
  'bit-flip': { code: 'ERR_CHARGE_POINT_FAILED', detail: 'InvalidSignature' },
  unsigned: { code: 'ERR_CHARGE_POINT_FAILED', detail: 'InvalidSignature' },
  'expired-certificate': { code: 'ERR_CHARGE_POINT_FAILED', detail: 'InvalidCertificate' },
  'foreign-oem': { code: 'ERR_VEHICLE_RESPONSE_CODE', detail: 'FAILED_NoCertificateAvailable' },
  'not-oem': { code: 'ERR_CHARGE_POINT_FAILED', detail: 'InvalidCertificate' },
  'unknown-pcid': { code: 'ERR_VEHICLE_RESPONSE_CODE', detail: 'FAILED_NoCertificateAvailable' },
  'foreign-root': { code: 'ERR_VEHICLE_CPS_CHAIN', detail: 'ERR_PATH_SIGNATURE' },
  replay: { code: 'ERR_VEHICLE_SESSION' },
  'wrong-message': { code: 'ERR_CHARGE_POINT_FAILED', detail: 'UnsupportedRequest' },
  'truncated-exi': { code: 'ERR_CHARGE_POINT_FAILED', detail: 'InvalidValue' },
  'not-exi': { code: 'ERR_CHARGE_POINT_FAILED', detail: 'InvalidValue' },
  'not-base64': { code: 'ERR_CHARGE_POINT_FAILED', detail: 'InvalidValue' },
  'wrong-schema': { code: 'ERR_CHARGE_POINT_FAILED', detail: 'UnsupportedParam' },
  oversized: { code: 'ERR_CHARGE_POINT_FAILED', detail: 'TooLargeElement' },
  'huge-frame': { code: 'ERR_CHARGE_POINT_CLOSED' },
}

test.each(Object.keys(FAULTS).filter((name): name is FaultName => name in REFUSALS))(
  'refuses %s with its own code, and the next request works',
  async (fault) => {
    await expect(system.install({ fault })).rejects.toMatchObject(REFUSALS[fault])
    await expect(system.install()).resolves.toMatchObject({ emaid: EMAID })
  },
)

test('every fault has its refusal here', () => {
  expect(Object.keys(REFUSALS).toSorted()).toEqual(Object.keys(FAULTS).toSorted())
})

test('the log gives the reason of a refusal and no secret', async () => {
  await expect(system.install({ fault: 'wrong-key' })).rejects.toThrow(/InvalidSignature/)
  await expect(system.install({ fault: 'unknown-pcid' })).rejects.toThrow(/NoCertificateAvailable/)
  const text = system.log.join('')
  expect(text).toContain('ERR_GATEWAY_REQUEST_SIGNATURE')
  expect(text).toContain('FAILED_NoCertificateAvailable')
  for (const secret of [
    PASSWORD,
    CLIENT_SECRET,
    Buffer.from(`${CHARGE_POINT}:${PASSWORD}`).toString('base64'),
    'eyJ',
    'PRIVATE KEY',
  ])
    expect(text).not.toContain(secret)
})

test('no private key of a contract is stored', async () => {
  const { privateKey } = await system.install()
  const jwk = privateKey.export({ format: 'jwk' })
  const scalar = Buffer.from(jwk.d ?? '', 'base64url')
  expect(scalar.length).toBe(32)
  for (const name of await readdir(system.directory)) {
    if (!name.includes('sqlite') && !name.endsWith('.json')) continue
    const stored = await readFile(join(system.directory, name))
    expect(stored.includes(scalar)).toBe(false)
    expect(stored.includes(privateKeyPem(privateKey).split('\n')[1] ?? '')).toBe(false)
  }
})

test('a second connection with the same identity does not disturb the first', async () => {
  await using first = await ChargePoint.connect(system.gateway)
  await first.boot()
  await expect(ChargePoint.connect(system.gateway)).rejects.toMatchObject({
    code: 'ERR_CHARGE_POINT_CONNECT',
    detail: 'HTTP 409',
  })
  await expect(first.boot()).resolves.toBeGreaterThan(0)
})

test('a wrong password and an unknown identity are turned away before anything is said', async () => {
  for (const over of [{ identity: 'CP-2' }, { url: system.gateway.url.replace('/ocpp', '/other') }])
    await expect(ChargePoint.connect({ ...system.gateway, ...over })).rejects.toMatchObject({
      code: expect.stringMatching(/^ERR_CHARGE_POINT_(?:CONNECT|UNAUTHORIZED)$/),
    })
})

test('frames that are no OCPP are answered or refused, and the next request works', async () => {
  const { url, identity, caPem } = system.gateway
  const socket = new WebSocket(`${url}/${identity}`, ['ocpp2.0.1'], {
    ca: caPem,
    auth: `${identity}:${PASSWORD}`,
  })
  await once(socket, 'open')
  for (const frame of [
    '{',
    '[]',
    '[2]',
    '"x"',
    '[2,"1","Get15118EVCertificate",null]',
    `[2,"2","${'x'.repeat(200)}",{}]`,
  ])
    socket.send(frame)
  const answers: string[] = []
  socket.on('message', (data: Buffer) => void answers.push(data.toString()))
  socket.send('[2,"last","Heartbeat",{}]')
  await expect.poll(() => answers.some((answer) => answer.startsWith('[3,"last"'))).toBe(true)
  socket.close()
  await once(socket, 'close')
  await expect(system.install()).resolves.toMatchObject({ emaid: EMAID })
})

test('central refuses malformed and oversized bodies with the status and body of the protocol', async () => {
  const { url } = system.central
  const token = await tokenOf(url)
  const post = (body: string): Promise<{ status: number; body: unknown }> => call(url, { token, body })
  for (const [body, status] of [
    ['{', 400],
    ['[]', 400],
    ['{}', 400],
    [field('%%%'), 400],
    [field('gJg='), 400],
    [field('A'.repeat(30_000)), 400],
    ['"'.padEnd(200_000, 'x'), 413],
  ] as const)
    expect(await post(body)).toEqual({
      status,
      body: { errorMessages: [expect.any(String)], traceId: expect.any(String) },
    })
  expect(await call(url, { token: 'none', body: field('gJg=') })).toMatchObject({ status: 401 })
  await expect(system.install()).resolves.toMatchObject({ emaid: EMAID })
})

test('with a dead central the gateway answers Failed in time, and works again when central is back', async () => {
  await using own = await startConstellation()
  await expect(own.install()).resolves.toMatchObject({ emaid: EMAID })
  await own.stopCentral()
  const startMs = performance.now()
  await expect(own.install()).rejects.toMatchObject({
    code: 'ERR_CHARGE_POINT_FAILED',
    detail: 'PoolUnreachable',
  })
  expect(performance.now() - startMs).toBeLessThan(4_500)
  await own.restartCentral()
  await expect(own.install()).resolves.toMatchObject({ emaid: EMAID })
})

test('a gateway starts without central and says why it cannot serve', async () => {
  await using gateway = await system.startGatewayTo('https://localhost:1')
  await expect(system.install({ gateway: gateway.access })).rejects.toMatchObject({
    code: 'ERR_CHARGE_POINT_FAILED',
    detail: 'PoolUnreachable',
  })
})

test('a slow central costs its budget and no more', async () => {
  await using slow = await fakeCentral(() => undefined)
  await using gateway = await system.startGatewayTo(slow.url, { budgetMs: 500 })
  await expect(system.install({ gateway: gateway.access })).rejects.toMatchObject({
    code: 'ERR_CHARGE_POINT_FAILED',
    detail: 'PoolTimeout',
  })
})

test('a lying central is found out by the gateway: no JSON, no message, a contract for nobody', async () => {
  for (const lie of ['<html>', '{}', poolAnswer('AAAA'), poolAnswer('gJgCAA==')]) {
    await using liar = await fakeCentral(() => lie)
    await using gateway = await system.startGatewayTo(liar.url)
    await expect(system.install({ gateway: gateway.access })).rejects.toMatchObject({
      code: 'ERR_CHARGE_POINT_FAILED',
      detail: 'PoolAnswerInvalid',
    })
  }
})

function field(certificateInstallationReq: string): string {
  return JSON.stringify({ certificateInstallationReq, xsdMsgDefNamespace: 'urn:iso:15118:2:2013:MsgDef' })
}

function poolAnswer(certificateInstallationRes: string): string {
  return JSON.stringify({ CCPResponse: { emaidContent: [{ messageDef: { certificateInstallationRes } }] } })
}

/** Gives tokens and no roots, and to a CertificateInstallationReq what `answer` says, or nothing ever. */
async function fakeCentral(answer: () => string | undefined): Promise<AsyncDisposable & { url: string }> {
  const { certificate, privateKey } = system.pki['tls/central']
  const server: Server = createServer(
    { cert: certificate.toPem(), key: privateKeyPem(privateKey) },
    (incoming, outgoing) => {
      const body =
        incoming.url === '/oauth/token'
          ? JSON.stringify({ access_token: 'x', token_type: 'Bearer', expires_in: 60, scope: '' })
          : incoming.url?.startsWith('/v1/root') === true
            ? JSON.stringify({ RootCertificateCollection: { rootCertificates: [] } })
            : answer()
      if (body !== undefined) outgoing.setHeader('content-type', 'application/json').end(body)
    },
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `https://localhost:${portOf(server)}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function tokenOf(url: string): Promise<string> {
  const body = JSON.stringify({
    grant_type: 'client_credentials',
    client_id: 'CPO',
    client_secret: CLIENT_SECRET,
  })
  const answer = await call(url, { path: '/oauth/token', body })
  expect(answer.status).toBe(200)
  return JSON.parse(JSON.stringify(answer.body)).access_token
}

async function call(
  url: string,
  { path = '/v1/ccp/signedContractData', token, body }: { path?: string; token?: string; body: string },
): Promise<{ status: number; body: unknown }> {
  const answer = await request(`${url}${path}`, {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    dispatcher: trusting,
  })
  return { status: answer.statusCode, body: await answer.body.json() }
}
