import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { systemClock, systemRandom } from '#base'
import type { CertificateInstallationResType, V2gMessage } from '#iso15118'
import { createThrowawayPki, issueVehicle, type ThrowawayPki, type VehicleCredentials } from '#pki'
import { Secret } from '#service'

import { FAULTS, isFaultName } from './faults.ts'
import { installContract } from './install-contract.ts'
import type { Step } from './steps.ts'
import { type SmallGateway, startSmallGateway } from './testing/small-gateway.ts'

const PCID = 'EVOTEST0000000001'
const ports = { clock: systemClock, random: systemRandom }

let pki: ThrowawayPki
let credentials: VehicleCredentials
let gateway: SmallGateway

beforeAll(async () => {
  pki = await createThrowawayPki(ports)
  credentials = await issueVehicle(pki, { pcid: PCID, ...ports })
  gateway = await startSmallGateway({ pki, hasContract: (pcid) => pcid === PCID })
})
afterAll(() => gateway[Symbol.asyncDispose]())

describe('an installation', () => {
  test('ends with a contract whose key the vehicle has proven, each step told in its order', async () => {
    const steps: Step[] = []
    const contract = await installContract({
      gateway: gateway.access,
      credentials,
      onStep: (step) => void steps.push(step),
    })
    expect(contract.emaid).toBe('DE8AAC12345678')
    expect(contract.certificate.commonName).toBe(contract.emaid)
    expect(contract.cpsPath.map(({ commonName }) => commonName)).toEqual([
      'CPS Signer',
      'CPS Sub2 CA',
      'CPS Sub1 CA',
      'V2G Root CA',
    ])
    expect(steps.map(({ name }) => name)).toEqual([
      'connected',
      'booted',
      'request-signed',
      'answered',
      'answer-read',
      'signature-verified',
      'cps-chain-verified',
      'contract-matched',
      'key-decrypted',
      'key-proven',
    ])
    expect(steps.every(({ durationMs, text }) => durationMs >= 0 && text.length > 20)).toBe(true)
    expect([...gateway.calls.keys()]).toEqual(
      expect.arrayContaining(['BootNotification', 'StatusNotification', 'Get15118EVCertificate']),
    )
  })

  test('works over TLS, trusting the given authority only', async () => {
    await using secure = await startSmallGateway({ pki, tls: true })
    await expect(installContract({ gateway: secure.access, credentials })).resolves.toMatchObject({
      emaid: 'DE8AAC12345678',
    })
    const stranger = await createThrowawayPki(ports)
    const caPem = stranger['tls/ca'].certificate.toPem()
    const refused = installContract({ gateway: { ...secure.access, caPem }, credentials })
    await expect(refused).rejects.toMatchObject({ code: 'ERR_CHARGE_POINT_CONNECT' })
  })

  test.each(Object.keys(FAULTS).filter(isFaultName))(
    'with the fault %s is refused as the table says',
    async (fault) => {
      const installation = installContract({
        gateway: gateway.access,
        credentials,
        fault,
        readPki: () => Promise.resolve(pki),
      })
      const error: unknown = await installation.then(
        () => 'installed',
        (reason: unknown) => reason,
      )
      expect(error).toMatchObject({ name: 'EmulatorError' })
      expect(FAULTS[fault].expected).toContain(Object(error).code)
      // The next request works.
      await expect(installContract({ gateway: gateway.access, credentials })).resolves.toBeDefined()
    },
  )
})

function changed(
  change: (response: CertificateInstallationResType) => Partial<CertificateInstallationResType>,
) {
  return (message: V2gMessage): V2gMessage => {
    const response = message.Body.CertificateInstallationRes
    if (response === undefined) throw new TypeError('no response')
    return { ...message, Body: { CertificateInstallationRes: { ...response, ...change(response) } } }
  }
}

const lastBitFlipped = (bytes: Uint8Array): Uint8Array =>
  bytes.map((byte, at) => (at === bytes.length - 1 ? byte ^ 1 : byte))

describe('a vehicle refuses', () => {
  test.each([
    {
      what: 'a negative answer',
      code: 'ERR_VEHICLE_RESPONSE_CODE',
      detail: 'FAILED_CertificateRevoked',
      change: changed(() => ({ ResponseCode: 'FAILED_CertificateRevoked' })),
    },
    {
      what: 'a changed contract key',
      code: 'ERR_VEHICLE_SIGNATURE',
      detail: 'ERR_SIGNATURE_DIGEST',
      change: changed(({ ContractSignatureEncryptedPrivateKey: { Id, $value } }) => ({
        ContractSignatureEncryptedPrivateKey: { Id, $value: lastBitFlipped($value) },
      })),
    },
    {
      what: 'an answer without signature',
      code: 'ERR_VEHICLE_SIGNATURE',
      detail: 'ERR_SIGNATURE_ABSENT',
      change: ({ Header, Body }: V2gMessage) => ({ Header: { SessionID: Header.SessionID }, Body }),
    },
    {
      what: 'a CPS certificate that is none',
      code: 'ERR_VEHICLE_ANSWER',
      detail: expect.stringMatching(/^ERR_PKI_/),
      change: changed(() => ({ SAProvisioningCertificateChain: { Certificate: Uint8Array.of(0) } })),
    },
    {
      what: 'an answer of another session',
      code: 'ERR_VEHICLE_SESSION',
      detail: undefined,
      change: (message: V2gMessage) => ({
        ...message,
        Header: { ...message.Header, SessionID: new Uint8Array(8) },
      }),
    },
    {
      what: 'another message',
      code: 'ERR_VEHICLE_ANSWER',
      detail: undefined,
      change: ({ Header }: V2gMessage) => ({
        Header,
        Body: { SessionStopRes: { ResponseCode: 'OK' as const } },
      }),
    },
  ])('$what: $code', async ({ code, detail, change }) => {
    await using lying = await startSmallGateway({ pki, change })
    const installation = installContract({ gateway: lying.access, credentials })
    await expect(installation).rejects.toMatchObject({ code, detail })
  })

  test.each([
    {
      what: 'a contract key encrypted for another vehicle',
      code: 'ERR_VEHICLE_CONTRACT_KEY',
      detail: expect.stringMatching(/^ERR_CONTRACT_KEY_(?:MISMATCH|RANGE)$/),
      options: () => ({ encryptedFor: pki['cps/leaf'].certificate }),
    },
    {
      what: 'contract data signed by a charge point operator',
      code: 'ERR_VEHICLE_CPS_CHAIN',
      detail: 'ERR_PATH_ROLE',
      options: () => ({ signedBy: pki['cpo/leaf'] }),
    },
    {
      what: 'an eMAID that the contract certificate does not name',
      code: 'ERR_VEHICLE_EMAID',
      detail: undefined,
      options: () => ({ signedEmaid: 'DE8AAC99999999' }),
    },
    {
      what: 'an eMAID that is none',
      code: 'ERR_VEHICLE_EMAID',
      detail: 'ERR_IDENTIFIER_EMAID',
      options: () => ({ signedEmaid: 'DE8AAC_9999999' }),
    },
  ])('$what: $code', async ({ code, detail, options }) => {
    await using lying = await startSmallGateway({ pki, ...options() })
    const installation = installContract({ gateway: lying.access, credentials })
    await expect(installation).rejects.toMatchObject({ code, detail })
  })
})

describe('a charge point', () => {
  const never = new Promise<never>(() => {})

  test.each([
    {
      what: 'a rejected BootNotification',
      code: 'ERR_CHARGE_POINT_BOOT',
      detail: 'Rejected',
      answers: { BootNotification: () => ({ currentTime: '', interval: 1, status: 'Rejected' }) },
    },
    {
      what: 'a BootNotification without status',
      code: 'ERR_CHARGE_POINT_ANSWER',
      detail: undefined,
      answers: { BootNotification: () => ({ currentTime: '', interval: 1 }) },
    },
    {
      what: 'an answer that is not base64',
      code: 'ERR_CHARGE_POINT_ANSWER',
      detail: undefined,
      answers: { Get15118EVCertificate: () => ({ status: 'Accepted', exiResponse: '*' }) },
    },
    {
      what: 'an answer longer than OCPP has it',
      code: 'ERR_CHARGE_POINT_ANSWER',
      detail: undefined,
      answers: { Get15118EVCertificate: () => ({ status: 'Accepted', exiResponse: 'A'.repeat(20_000) }) },
    },
    {
      what: 'Failed with a reason',
      code: 'ERR_CHARGE_POINT_FAILED',
      detail: 'PoolTimeout',
      answers: {
        Get15118EVCertificate: () => ({
          status: 'Failed',
          exiResponse: '',
          statusInfo: { reasonCode: 'PoolTimeout', additionalInfo: 'x' },
        }),
      },
    },
    {
      what: 'a CALLERROR',
      code: 'ERR_CHARGE_POINT_CALL_ERROR',
      detail: 'GenericError',
      answers: { Get15118EVCertificate: () => Promise.reject(new Error('no')) },
    },
    {
      what: 'random bytes from the pools',
      code: 'ERR_VEHICLE_ANSWER',
      detail: expect.stringMatching(/^ERR_EXI_/),
      answers: { Get15118EVCertificate: () => ({ status: 'Accepted', exiResponse: 'AAECAwQF' }) },
    },
    {
      what: 'no answer within 4.5 s',
      code: 'ERR_CHARGE_POINT_TIMEOUT',
      detail: undefined,
      answers: { Get15118EVCertificate: () => never },
    },
  ])('reports $what: $code', async ({ code, detail, answers }) => {
    await using lying = await startSmallGateway({ pki, answers })
    const installation = installContract({ gateway: lying.access, credentials })
    await expect(installation).rejects.toMatchObject({ code, detail })
  })

  test('is refused with a wrong password, which no message repeats', async () => {
    const password = new Secret('very-wrong-password')
    const installation = installContract({ gateway: { ...gateway.access, password }, credentials })
    await expect(installation).rejects.toMatchObject({
      code: 'ERR_CHARGE_POINT_UNAUTHORIZED',
      detail: 'HTTP 401',
    })
    await expect(installation).rejects.not.toThrow(/very-wrong/)
  })

  test('finds nobody on a closed port', async () => {
    const closed = await startSmallGateway({ pki })
    await closed[Symbol.asyncDispose]()
    const installation = installContract({ gateway: closed.access, credentials })
    await expect(installation).rejects.toMatchObject({
      code: 'ERR_CHARGE_POINT_CONNECT',
      detail: 'ECONNREFUSED',
    })
  })
})
