import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { fileURLToPath } from 'node:url'

import { afterEach, beforeAll, describe, expect, test } from 'vitest'

import { systemClock, systemRandom } from '#base'
import type { V2gMessage } from '#iso15118'
import {
  createThrowawayPki,
  issueVehicle,
  privateKeyPem,
  type ThrowawayPki,
  type VehicleCredentials,
} from '#pki'
import { checkConfig, createLogger, loadConfig } from '#service'

import { GatewayConfig } from './config.ts'
import type { InstallationRecord } from './contract-installation.ts'
import { REASON_CODES } from './errors.ts'
import { startGateway } from './start-gateway.ts'
import { ChargePoint } from './testing/charge-point.ts'
import { FakePool, installationAnswer, json } from './testing/fake-pool.ts'
import { contractAnswer, EMAID, exiBase64, installationRequest, negativeAnswer } from './testing/messages.ts'

const PASSWORD = 'a-charge-point-password'
const CLIENT_SECRET = 'a-client-secret'
const BUDGET_MS = 800
const SCHEMA = 'urn:iso:15118:2:2013:MsgDef'
const PCID = 'EVOTEST0000000001'

let pki: ThrowawayPki
let foreignPki: ThrowawayPki
let vehicle: VehicleCredentials
let request: V2gMessage
let answer: V2gMessage
beforeAll(async () => {
  const made = { clock: systemClock, random: systemRandom }
  pki = await createThrowawayPki(made)
  foreignPki = await createThrowawayPki(made)
  vehicle = await issueVehicle(pki, { pcid: PCID, ...made })
  request = await installationRequest(vehicle)
  answer = await contractAnswer(pki)
})

const stack: AsyncDisposable[] = []
afterEach(async () => {
  for (const resource of stack.splice(0).toReversed()) await resource[Symbol.asyncDispose]()
})

function use<T extends AsyncDisposable>(resource: T): T {
  stack.push(resource)
  return resource
}

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'gateway-'))
  use({ [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) })
  return folder
}

async function startPool(options?: Parameters<typeof FakePool.start>[0]): Promise<FakePool> {
  const pool = use(await FakePool.start(options))
  pool.roots = [
    { rootType: 'V2G', certificate: pki['v2g/root'].certificate },
    { rootType: 'OEM', certificate: pki['oem/root'].certificate },
  ]
  pool.onInstallation = installationAnswer(exiBase64(answer))
  return pool
}

interface Site {
  readonly chargePoint: ChargePoint
  readonly records: readonly InstallationRecord[]
  readonly log: () => string
  readonly advance: (ms: number) => void
  readonly connect: (identity: string) => Promise<ChargePoint>
}

interface SiteOptions {
  readonly folder?: string
  readonly ocpp?: object
  readonly central?: object
  readonly installation?: object
}

async function startSite(poolUrl: string, options: SiteOptions = {}): Promise<Site> {
  const folder = options.folder ?? (await temporaryFolder())
  const password = { env: 'PASSWORD' }
  const config = checkConfig(
    {
      ocpp: {
        port: 0,
        chargePoints: [
          { identity: 'CP-1', password },
          { identity: 'CP-2', password },
        ],
        limits: { drainMs: 500 },
        ...options.ocpp,
      },
      central: {
        baseUrl: poolUrl,
        tokenUrl: `${poolUrl}/oauth/token`,
        clientId: { env: 'CLIENT_ID' },
        clientSecret: { env: 'CLIENT_SECRET' },
        ...options.central,
      },
      installation: { budgetMs: BUDGET_MS, ...options.installation },
      roots: { file: 'roots.json' },
    },
    GatewayConfig,
    { source: 'test', folder },
  )
  let offsetMs = 0
  const lines: string[] = []
  const records: InstallationRecord[] = []
  const gateway = use(
    await startGateway(config, {
      logger: createLogger({
        name: 'gateway',
        level: 'trace',
        destination: { write: (line) => void lines.push(line) },
      }),
      clock: () => systemClock() + offsetMs,
      environment: { PASSWORD, CLIENT_ID: 'gateway', CLIENT_SECRET },
      onInstallation: (record) => void records.push(record),
    }),
  )
  const connect = async (identity: string): Promise<ChargePoint> =>
    use(
      await ChargePoint.connect({
        url: `${gateway.url}/${identity}`,
        identity,
        password: PASSWORD,
      }),
    )
  return {
    chargePoint: await connect('CP-1'),
    records,
    log: () => lines.join(''),
    connect,
    advance(ms) {
      offsetMs += ms
    },
  }
}

function install(
  chargePoint: ChargePoint,
  exiRequest = exiBase64(request),
  over: object = {},
): Promise<unknown> {
  const payload = { iso15118SchemaVersion: SCHEMA, action: 'Install', exiRequest, ...over }
  return chargePoint.call('Get15118EVCertificate', payload)
}

function failure(code: keyof typeof REASON_CODES): object {
  return {
    status: 'Failed',
    exiResponse: '',
    statusInfo: {
      reasonCode: REASON_CODES[code],
      additionalInfo: expect.stringMatching(new RegExp(`^${code}: .`)),
    },
  }
}

/** After whatever went wrong, an installation works on the same connection. */
async function expectWorks(pool: FakePool, { chargePoint }: Site): Promise<void> {
  pool.onInstallation = installationAnswer(exiBase64(answer))
  await expect(install(chargePoint)).resolves.toMatchObject({ status: 'Accepted' })
}

test('does not start with a TLS key that others may read: ERR_PKI_KEY_FILE_MODE', async () => {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'gateway.pem'), pki['tls/gateway'].certificate.toPem())
  const key = privateKeyPem(pki['tls/gateway'].privateKey)
  await writeFile(join(folder, 'gateway.key.pem'), key, { mode: 0o640 })
  const tls = { certificateFile: 'gateway.pem', privateKeyFile: 'gateway.key.pem' }
  const pool = await startPool()
  await expect(startSite(pool.url, { folder, ocpp: { tls } })).rejects.toMatchObject({
    code: 'ERR_PKI_KEY_FILE_MODE',
    message: expect.stringContaining('gateway.key.pem has mode 640, must be 600'),
  })
})

describe('an installation', () => {
  test('brings the answer of the pool to the charge point, unchanged, over TLS on both sides', async () => {
    const folder = await temporaryFolder()
    const tlsOf = (member: 'tls/central' | 'tls/gateway'): { cert: string; key: string } => ({
      cert: pki[member].certificate.toPem(),
      key: privateKeyPem(pki[member].privateKey),
    })
    const { cert, key } = tlsOf('tls/gateway')
    await writeFile(join(folder, 'gateway.pem'), cert)
    await writeFile(join(folder, 'gateway.key.pem'), key, { mode: 0o600 })
    await writeFile(join(folder, 'ca.pem'), pki['tls/ca'].certificate.toPem())
    const trusted = getCACertificates('default')
    setDefaultCACertificates([...trusted, pki['tls/ca'].certificate.toPem()])
    use({ [Symbol.asyncDispose]: async () => setDefaultCACertificates(trusted) })
    const pool = await startPool({ tls: tlsOf('tls/central') })
    const site = await startSite(pool.url, {
      folder,
      ocpp: { tls: { certificateFile: 'gateway.pem', privateKeyFile: 'gateway.key.pem' } },
      central: { certificateAuthoritiesFile: 'ca.pem' },
    })
    await expect(install(site.chargePoint)).resolves.toEqual({
      status: 'Accepted',
      exiResponse: exiBase64(answer),
    })
    expect(site.records).toMatchObject([
      {
        identity: 'CP-1',
        outcome: 'contract',
        pcid: PCID,
        vehicleChain: 'left-to-pool',
        answer: { emaid: EMAID, rootListed: true },
      },
    ])
  })

  test('verifies the chain of the vehicle where the sub CAs are known', async () => {
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'oem.pem'), vehicle.sub1.toPem() + vehicle.sub2.toPem())
    const pool = await startPool()
    const site = await startSite(pool.url, { folder, installation: { vehicleIntermediatesFile: 'oem.pem' } })
    await expect(install(site.chargePoint)).resolves.toMatchObject({ status: 'Accepted' })
    expect(site.records).toMatchObject([{ vehicleChain: 'chain-verified' }])
    // Same names, other keys.
    const foreign = await issueVehicle(foreignPki, { pcid: PCID, clock: systemClock, random: systemRandom })
    const foreignRequest = exiBase64(await installationRequest(foreign))
    await expect(install(site.chargePoint, foreignRequest)).resolves.toEqual(
      failure('ERR_GATEWAY_VEHICLE_CHAIN'),
    )
    expect(pool.installationCalls).toBe(1)
  })

  test.each([404, 200])(
    'passes a negative answer of the pool with status %i on as Accepted',
    async (status) => {
      const pool = await startPool()
      const negative = exiBase64(negativeAnswer(answer))
      pool.onInstallation = installationAnswer(negative, status)
      const site = await startSite(pool.url)
      await expect(install(site.chargePoint)).resolves.toEqual({ status: 'Accepted', exiResponse: negative })
      expect(site.records).toMatchObject([
        { outcome: 'negative', answer: { responseCode: 'FAILED_NoCertificateAvailable' } },
      ])
    },
  )

  test('that two charge points ask for at the same time is one call to the pool', async () => {
    const pool = await startPool()
    const calls: (() => void)[] = []
    pool.onInstallation = (...exchange) =>
      void calls.push(() => installationAnswer(exiBase64(answer))(...exchange))
    const site = await startSite(pool.url)
    const second = await site.connect('CP-2')
    const both = Promise.all([install(site.chargePoint), install(second)])
    await expect.poll(() => calls.length).toBe(1)
    await delay(50)
    for (const release of calls) release()
    await expect(both).resolves.toMatchObject([{ status: 'Accepted' }, { status: 'Accepted' }])
    expect(pool.installationCalls).toBe(1)
    await expectWorks(pool, site)
    expect(pool.installationCalls).toBe(2)
  })

  test('that waited behind another has only what is left of its budget', async () => {
    const pool = await startPool()
    pool.onInstallation = () => undefined
    const site = await startSite(pool.url)
    const startedMs = performance.now()
    const other = exiBase64(await installationRequest(vehicle))
    const both = Promise.all([install(site.chargePoint), install(site.chargePoint, other)])
    const timeout = failure('ERR_GATEWAY_POOL_TIMEOUT')
    await expect(both).resolves.toEqual([timeout, timeout])
    expect(performance.now() - startedMs).toBeLessThan(BUDGET_MS + 200)
    expect(site.records.map(({ totalMs }) => totalMs > BUDGET_MS - 50)).toEqual([true, true])
  })

  test('leaves neither EXI nor passwords in the log', async () => {
    const pool = await startPool()
    const site = await startSite(pool.url)
    await install(site.chargePoint)
    await install(site.chargePoint, `${exiBase64(request)}!`)
    expect(site.log()).toContain('contract delivered')
    expect(site.log()).toContain('ERR_GATEWAY_REQUEST_BASE64')
    for (const secret of [
      exiBase64(request).slice(20, 60),
      exiBase64(answer).slice(20, 60),
      PASSWORD,
      CLIENT_SECRET,
    ]) {
      expect(site.log()).not.toContain(secret)
    }
  })
})

describe('a request that is not what it should be', () => {
  const badRequests: {
    what: string
    code: keyof typeof REASON_CODES
    exiRequest: () => string | Promise<string>
    over?: object
  }[] = [
    {
      what: 'the action Update',
      code: 'ERR_GATEWAY_ACTION',
      exiRequest: () => exiBase64(request),
      over: { action: 'Update' },
    },
    {
      what: 'another schema',
      code: 'ERR_GATEWAY_SCHEMA',
      exiRequest: () => exiBase64(request),
      over: { iso15118SchemaVersion: 'urn:din:70121:2012:MsgDef' },
    },
    { what: 'too long', code: 'ERR_GATEWAY_REQUEST_TOO_LONG', exiRequest: () => 'A'.repeat(5604) },
    {
      what: 'base64 with a line break',
      code: 'ERR_GATEWAY_REQUEST_BASE64',
      exiRequest: () => `${exiBase64(request).slice(0, 64)}\n`,
    },
    { what: 'base64 without padding', code: 'ERR_GATEWAY_REQUEST_BASE64', exiRequest: () => 'gJgCA' },
    { what: 'empty', code: 'ERR_GATEWAY_REQUEST_EXI', exiRequest: () => '' },
    {
      what: 'no EXI',
      code: 'ERR_GATEWAY_REQUEST_EXI',
      exiRequest: () => Buffer.from('hello, world').toString('base64'),
    },
    {
      what: 'EXI cut off',
      code: 'ERR_GATEWAY_REQUEST_EXI',
      exiRequest: () => exiBase64(request).slice(0, 400),
    },
    { what: 'another message', code: 'ERR_GATEWAY_REQUEST_MESSAGE', exiRequest: () => exiBase64(answer) },
    {
      what: 'unsigned',
      code: 'ERR_GATEWAY_REQUEST_SIGNATURE',
      exiRequest: () => exiBase64({ ...request, Header: { SessionID: request.Header.SessionID } }),
    },
    {
      what: 'signed with another key',
      code: 'ERR_GATEWAY_REQUEST_SIGNATURE',
      exiRequest: async () =>
        exiBase64(await installationRequest({ ...vehicle, privateKey: pki['cps/leaf'].privateKey })),
    },
    {
      what: 'with an expired certificate',
      code: 'ERR_GATEWAY_VEHICLE_EXPIRED',
      exiRequest: async () =>
        exiBase64(await installationRequest({ ...vehicle, certificate: vehicle.expiredCertificate })),
    },
    {
      what: 'with a certificate of another role',
      code: 'ERR_GATEWAY_VEHICLE_ROLE',
      exiRequest: async () =>
        exiBase64(await installationRequest({ ...pki['cps/leaf'], v2gRoots: vehicle.v2gRoots })),
    },
  ]

  test.each(badRequests)(
    '$what: Failed, $code, and the pool is not asked',
    async ({ code, exiRequest, over }) => {
      const pool = await startPool()
      const site = await startSite(pool.url)
      await expect(install(site.chargePoint, await exiRequest(), over)).resolves.toEqual(failure(code))
      expect(pool.installationCalls).toBe(0)
      expect(site.log()).toContain(code)
      await expectWorks(pool, site)
    },
  )

  test('for the OCPP schema is a CALLERROR', async () => {
    const site = await startSite((await startPool()).url)
    await expect(install(site.chargePoint, '', { action: 'Delete' })).rejects.toThrow(
      'PropertyConstraintViolation',
    )
  })
})

describe('a pool that is not what it should be', () => {
  const badPools: {
    what: string
    code: keyof typeof REASON_CODES
    answers: () => FakePool['onInstallation'] | Promise<FakePool['onInstallation']>
    calls: number
  }[] = [
    { what: 'silent', code: 'ERR_GATEWAY_POOL_TIMEOUT', answers: () => () => undefined, calls: 1 },
    {
      what: 'dripping its answer',
      code: 'ERR_GATEWAY_POOL_TIMEOUT',
      answers: () => (_request, response) => void response.writeHead(200).write('{"CCPResponse":'),
      calls: 1,
    },
    {
      what: 'refusing',
      code: 'ERR_GATEWAY_POOL_REFUSED',
      answers: () => json(400, { errorMessages: ['no'], traceId: 't' }),
      calls: 1,
    },
    {
      what: 'unavailable for long',
      code: 'ERR_GATEWAY_POOL_REFUSED',
      answers: () => json(503, {}),
      calls: 3,
    },
    {
      what: 'knowing nothing',
      code: 'ERR_GATEWAY_POOL_REFUSED',
      answers: () => json(404, { errorMessages: ['no'], traceId: 't' }),
      calls: 1,
    },
    { what: 'no pool', code: 'ERR_GATEWAY_POOL_ANSWER', answers: () => json(200, '<html>'), calls: 1 },
    {
      what: 'without a contract',
      code: 'ERR_GATEWAY_POOL_ANSWER',
      answers: () => json(200, { CCPResponse: { emaidContent: [] } }),
      calls: 1,
    },
    {
      what: 'sending no base64',
      code: 'ERR_GATEWAY_ANSWER_BASE64',
      answers: () => installationAnswer('%%%%'),
      calls: 1,
    },
    {
      what: 'sending no EXI',
      code: 'ERR_GATEWAY_ANSWER_EXI',
      answers: () => installationAnswer('AAAA'),
      calls: 1,
    },
    {
      what: 'sending too much',
      code: 'ERR_GATEWAY_ANSWER_TOO_LONG',
      answers: () => installationAnswer('A'.repeat(17_004)),
      calls: 1,
    },
    {
      what: 'sending the request back',
      code: 'ERR_GATEWAY_ANSWER_MESSAGE',
      answers: () => installationAnswer(exiBase64(request)),
      calls: 1,
    },
    {
      what: 'answering another session',
      code: 'ERR_GATEWAY_ANSWER_SESSION',
      answers: () =>
        installationAnswer(
          exiBase64({ ...answer, Header: { ...answer.Header, SessionID: Uint8Array.of(9) } }),
        ),
      calls: 1,
    },
    {
      what: 'changing the contract',
      code: 'ERR_GATEWAY_ANSWER_SIGNATURE',
      answers: () => installationAnswer(exiBase64(withEmaid(answer, 'DEEVOC99999999X'))),
      calls: 1,
    },
    {
      what: 'signing with another key',
      code: 'ERR_GATEWAY_ANSWER_SIGNATURE',
      answers: async () =>
        installationAnswer(exiBase64(await contractAnswer(pki, { signedBy: pki['mo/sub2'] }))),
      calls: 1,
    },
    {
      what: 'sending a contract of a foreign CPS',
      code: 'ERR_GATEWAY_ANSWER_CPS_CHAIN',
      answers: async () => installationAnswer(exiBase64(await contractAnswer(foreignPki))),
      calls: 1,
    },
  ]

  test.each(badPools)('$what: Failed, $code, within the budget', async ({ code, answers, calls }) => {
    const pool = await startPool()
    pool.onInstallation = await answers()
    const site = await startSite(pool.url)
    const startedMs = performance.now()
    await expect(install(site.chargePoint)).resolves.toEqual(failure(code))
    expect(performance.now() - startedMs).toBeLessThan(BUDGET_MS + 200)
    expect(pool.installationCalls).toBe(calls)
    expect(site.records).toMatchObject([{ outcome: code, pcid: PCID }])
    expect(site.log()).toContain(code)
    await expectWorks(pool, site)
  })

  test('is asked again after 502 and 503, and after 401 with a new token', async () => {
    const pool = await startPool()
    const answers = [json(502, {}), json(503, {}), installationAnswer(exiBase64(answer))]
    pool.onInstallation = (...exchange) => answers.shift()?.(...exchange)
    const site = await startSite(pool.url)
    await expect(install(site.chargePoint)).resolves.toMatchObject({ status: 'Accepted' })
    expect(pool.installationCalls).toBe(3)
    // A token just issued is not replaced.
    site.advance(60_000)
    answers.push(json(401, {}), installationAnswer(exiBase64(answer)))
    await expect(install(site.chargePoint)).resolves.toMatchObject({ status: 'Accepted' })
    expect(pool.paths.filter((path) => path === '/oauth/token')).toHaveLength(2)
  })

  test('whose token service was silent once is asked again by the next request', async () => {
    const pool = await startPool()
    const answers = pool.onToken
    const folder = await temporaryFolder()
    await startSite(pool.url, { folder })
    // Started anew with roots on disk, nothing waits for the token but the installation.
    pool.onToken = () => undefined
    const site = await startSite(pool.url, { folder })
    await expect(install(site.chargePoint)).resolves.toEqual(failure('ERR_GATEWAY_POOL_TIMEOUT'))
    pool.onToken = answers
    site.advance(1_000)
    await expectWorks(pool, site)
  })

  test('with a contract below a root that is new is asked for its roots', async () => {
    const pool = await startPool()
    const site = await startSite(pool.url)
    pool.roots.push({ rootType: 'V2G', certificate: foreignPki['v2g/root'].certificate })
    pool.onInstallation = installationAnswer(exiBase64(await contractAnswer(foreignPki)))
    site.advance(10_000)
    await expect(install(site.chargePoint)).resolves.toMatchObject({ status: 'Accepted' })
    expect(site.records).toMatchObject([{ outcome: 'contract', answer: { rootListed: false } }])
  })
})

describe('with the pool away', () => {
  test('the gateway starts, answers what keeps a charge point connected, and Failed with the reason', async () => {
    const pool = await startPool()
    const { url } = pool
    await pool[Symbol.asyncDispose]()
    const { chargePoint } = await startSite(url)
    const boot = { reason: 'PowerUp', chargingStation: { model: 'M', vendorName: 'V' } }
    await expect(chargePoint.call('BootNotification', boot)).resolves.toMatchObject({
      status: 'Accepted',
      interval: 300,
    })
    await expect(chargePoint.call('Heartbeat', {})).resolves.toHaveProperty('currentTime')
    await expect(chargePoint.call('TransactionEvent', {})).rejects.toThrow('NotImplemented')
    const startedMs = performance.now()
    await expect(install(chargePoint)).resolves.toEqual(failure('ERR_GATEWAY_POOL_UNREACHABLE'))
    expect(performance.now() - startedMs).toBeLessThan(BUDGET_MS + 200)
  })

  test('the gateway still validates with the roots on disk after a restart, and recovers with the pool', async () => {
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'oem.pem'), vehicle.sub1.toPem() + vehicle.sub2.toPem())
    const options = { folder, installation: { vehicleIntermediatesFile: 'oem.pem' } }
    const pool = await startPool()
    const { port, url } = pool
    await startSite(url, options)
    for (const resource of stack.splice(1).toReversed()) await resource[Symbol.asyncDispose]()

    const site = await startSite(url, options)
    const foreign = await issueVehicle(foreignPki, { pcid: PCID, clock: systemClock, random: systemRandom })
    const foreignRequest = exiBase64(await installationRequest(foreign))
    await expect(install(site.chargePoint, foreignRequest)).resolves.toEqual(
      failure('ERR_GATEWAY_VEHICLE_CHAIN'),
    )
    await expect(install(site.chargePoint)).resolves.toEqual(failure('ERR_GATEWAY_POOL_UNREACHABLE'))
    expect(site.records[1]).toMatchObject({ vehicleChain: 'chain-verified' })
    await expectWorks(await startPool({ port }), site)
  })

  test('and no V2G root ever seen, a contract cannot be checked', async () => {
    const pool = await startPool()
    pool.roots = []
    const { chargePoint } = await startSite(pool.url)
    await expect(install(chargePoint)).resolves.toEqual(failure('ERR_GATEWAY_NO_ROOTS'))
  })
})

describe('the configuration', () => {
  test('that comes with the project is valid, and its numbers are the defaults', async () => {
    const file = fileURLToPath(new URL('../config/gateway.yaml', import.meta.url))
    const { ocpp, central, installation, roots, ...rest } = await loadConfig(file, GatewayConfig)
    const { limits: _limits, heartbeatIntervalSeconds: _interval, port: _port, path: _path, ...site } = ocpp
    const { connectionsMax: _connectionsMax, ...account } = central
    const least = { ...rest, ocpp: site, central: account, roots: { file: roots.file } }
    expect(checkConfig(least, GatewayConfig, { source: 'test', folder: '/' })).toEqual({
      ...rest,
      ocpp,
      central,
      installation,
      roots,
    })
  })

  test.each([
    { what: 'an unknown key', over: { ocpp: { prot: 1 } }, says: /ocpp\.prot/ },
    {
      what: 'a budget beyond what ISO 15118 leaves',
      over: { installation: { budgetMs: 4_001 } },
      says: /installation\.budgetMs/,
    },
  ])('with $what is refused by its path', async ({ over, says }) => {
    await expect(startSite('http://localhost:1', over)).rejects.toThrow(says)
  })

  test('with a secret that is not there is refused', async () => {
    const over = { central: { clientSecret: { env: 'NOT_SET' } } }
    await expect(startSite('http://localhost:1', over)).rejects.toMatchObject({ code: 'ERR_CONFIG_SECRET' })
  })
})

function withEmaid(message: V2gMessage, emaid: string): V2gMessage {
  const response = message.Body.CertificateInstallationRes
  if (response === undefined) throw new TypeError('no CertificateInstallationRes')
  return {
    ...message,
    Body: { CertificateInstallationRes: { ...response, eMAID: { ...response.eMAID, $value: emaid } } },
  }
}
