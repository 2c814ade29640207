import { join } from 'node:path'

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { base64FromBytes, systemClock, systemRandom } from '#base'
import { encryptContractKey } from '#iso15118'
import { ISO2_NAMESPACE } from '#opcp'
import {
  type Certificate,
  generateP256KeyPair,
  issueVehicle,
  type KeyedCertificate,
  type PkiMember,
  type ThrowawayPki,
  type VehicleCredentials,
} from '#pki'

import { type Constellation, EMAID, pkiForTests, startConstellation } from './constellation.ts'
import { HOUR_MS, issueWithAddresses, startStatusServer, type StatusServer } from './status-server.ts'

const LOOPBACK = { addressesAllowed: ['127.0.0.1/32'], timeoutMs: 1_000 }
const SOFT = { policy: 'soft', ...LOOPBACK }
const HARD = { policy: 'hard', ...LOOPBACK }
const OFF = { policy: 'off' }
/** Twice what an installation waits for responders, and time to work on a busy machine. */
const WAIT_MS_MAX = 400
const WORK_MS_MAX = 1_500

const ISSUERS: readonly PkiMember[] = [
  'oem/sub2',
  'oem/sub1',
  'oem/root',
  'cps/sub2',
  'cps/sub1',
  'mo/sub2',
  'v2g/root',
]
/** Of the chain of a contract only the leaf of one test. */
const NAMED = [
  { member: 'oem/sub1', issuer: 'oem/root', profile: 'oem-sub1' },
  { member: 'oem/sub2', issuer: 'oem/sub1', profile: 'oem-sub2' },
  { member: 'cps/sub1', issuer: 'v2g/root', profile: 'cps-sub1' },
  { member: 'cps/sub2', issuer: 'cps/sub1', profile: 'cps-sub2' },
  { member: 'cps/leaf', issuer: 'cps/sub2', profile: 'cps' },
] as const

let responder: StatusServer
let pki: ThrowawayPki
let vehicle: VehicleCredentials
let system: Constellation

beforeAll(async () => {
  const plain = await pkiForTests()
  responder = await startStatusServer(ISSUERS.map((member) => plain[member]))
  pki = await pkiNaming(plain, { ocspUrl: responder.ocspUrl })
  vehicle = await vehicleNaming({ crlUrl: responder.crlUrl })
  system = await startConstellation({ pki, vehicle, revocation: OFF })
})
afterAll(async () => {
  await system[Symbol.asyncDispose]()
  await responder[Symbol.asyncDispose]()
})
beforeEach(() => {
  responder.mode = 'up'
  responder.revoked.clear()
})

/** The same keys and names, certified with addresses. */
async function pkiNaming(plain: ThrowawayPki, addresses: { ocspUrl: string }): Promise<ThrowawayPki> {
  const named: Partial<Record<PkiMember, KeyedCertificate>> = {}
  for (const { member, issuer, profile } of NAMED) {
    const { certificate, privateKey } = plain[member]
    const order = {
      issuer: plain[issuer],
      holder: { privateKey },
      profile,
      commonName: certificate.commonName ?? '',
      notAfterMs: certificate.validToMs,
    }
    named[member] = { privateKey, certificate: await issueWithAddresses(order, addresses) }
  }
  return { ...plain, ...named }
}

let vehicles = 0
async function vehicleNaming(
  addresses: { ocspUrl: string } | { crlUrl: string },
): Promise<VehicleCredentials> {
  const pcid = `EVOREV${String(++vehicles).padStart(11, '0')}`
  const plain = await issueVehicle(pki, { pcid, clock: systemClock, random: systemRandom })
  const order = {
    issuer: pki['oem/sub2'],
    holder: plain,
    profile: 'oem-provisioning',
    commonName: pcid,
  } as const
  return { ...plain, certificate: await issueWithAddresses(order, addresses) }
}

function provCert({
  certificate,
  sub1,
  sub2,
}: VehicleCredentials): Parameters<ReturnType<Constellation['clientOf']>['putProvCert']>[0] {
  return {
    vehicleCertificate: base64FromBytes(certificate.der),
    subCA1Certificate: base64FromBytes(sub1.der),
    subCA2Certificate: base64FromBytes(sub2.der),
    xsdMsgDefNamespace: ISO2_NAMESPACE,
  }
}

const ocsp = (): { ocspUrl: string } => ({ ocspUrl: responder.ocspUrl })
type ContractData = Parameters<ReturnType<Constellation['clientOf']>['signContractData']>[0]['contractData']
const failed = (detail: string): object => ({ code: 'ERR_CHARGE_POINT_FAILED', detail })
const refused = (status: number, message: string): object => ({ status, errorMessages: [message] })
const logged = (text: string, from = 0): boolean => system.log.slice(from).some((line) => line.includes(text))

describe('a gateway', () => {
  test('passes on what is not revoked, and says in its log how old the answer is', async () => {
    await using gateway = await system.startGatewayTo(system.central.url, { revocation: SOFT })
    await expect(system.install({ gateway: gateway.access })).resolves.toMatchObject({ emaid: EMAID })
    expect(logged('"revocationAgeMs":')).toBe(true)
  })

  test('refuses the contract of a CPS that is revoked', async () => {
    responder.revoked.add(pki['cps/leaf'].certificate)
    const from = system.log.length
    await using gateway = await system.startGatewayTo(system.central.url, { revocation: SOFT })
    await expect(system.install({ gateway: gateway.access })).rejects.toMatchObject(
      failed('PoolAnswerInvalid'),
    )
    expect(logged('ERR_GATEWAY_ANSWER_CPS_REVOKED', from)).toBe(true)
  })

  test('refuses a revoked vehicle whose CA it knows, by a CRL, before the pool is asked', async () => {
    responder.revoked.add(vehicle.certificate)
    const from = system.log.length
    await using gateway = await system.startGatewayTo(system.central.url, {
      revocation: SOFT,
      vehicleIntermediates: [vehicle.sub1, vehicle.sub2],
    })
    await expect(system.install({ gateway: gateway.access })).rejects.toMatchObject(
      failed('InvalidCertificate'),
    )
    expect(logged('ERR_GATEWAY_VEHICLE_REVOKED', from)).toBe(true)
    expect(logged('/v1/ccp/signedContractData', from)).toBe(false)
  })

  test('loses no more than its bound to a responder that never answers', async () => {
    responder.mode = 'silent'
    await using gateway = await system.startGatewayTo(system.central.url, {
      revocation: SOFT,
      vehicleIntermediates: [vehicle.sub1, vehicle.sub2],
    })
    const startMs = performance.now()
    await expect(system.install({ gateway: gateway.access })).resolves.toMatchObject({ emaid: EMAID })
    expect(performance.now() - startMs).toBeLessThan(WAIT_MS_MAX + WORK_MS_MAX)
  })

  test('that must know delivers what is known to be good and refuses while nobody says so', async () => {
    {
      await using gateway = await system.startGatewayTo(system.central.url, { revocation: HARD })
      await expect(system.install({ gateway: gateway.access })).resolves.toMatchObject({ emaid: EMAID })
    }
    responder.mode = 'down'
    const from = system.log.length
    await using gateway = await system.startGatewayTo(system.central.url, { revocation: HARD })
    await expect(system.install({ gateway: gateway.access })).rejects.toMatchObject(
      failed('RevocationUnknown'),
    )
    expect(logged('ERR_GATEWAY_ANSWER_CPS_STATUS_UNKNOWN', from)).toBe(true)
  })

  test('goes by the policy of each use: of vehicles one, of those who sign contracts another', async () => {
    responder.mode = 'down'
    for (const [perUse, detail] of [
      [{ cps: { policy: 'soft' } }, 'RevocationUnknown'],
      [{ 'oem-provisioning': { policy: 'soft' } }, 'RevocationUnknown'],
      [{ cps: { policy: 'soft' }, 'oem-provisioning': { policy: 'off' } }, undefined],
    ] as const) {
      await using gateway = await system.startGatewayTo(system.central.url, {
        revocation: { ...HARD, perUse },
        vehicleIntermediates: [vehicle.sub1, vehicle.sub2],
      })
      const installed = system.install({ gateway: gateway.access })
      if (detail === undefined) await expect(installed).resolves.toMatchObject({ emaid: EMAID })
      else await expect(installed).rejects.toMatchObject(failed(detail))
    }
  })

  test('off line serves by the answers on its disk until they end, also after a restart, and no longer', async () => {
    const revocation = {
      ...SOFT,
      graceHours: 0,
      cacheDirectory: join(system.directory, 'revocation'),
    }
    {
      await using gateway = await system.startGatewayTo(system.central.url, { revocation })
      await expect(system.install({ gateway: gateway.access })).resolves.toMatchObject({ emaid: EMAID })
    }
    responder.mode = 'down'
    for (const [laterMs, outcome] of [
      [0.5 * HOUR_MS, 'resolves'],
      [2 * HOUR_MS, 'rejects'],
    ] as const) {
      const clock = (): number => systemClock() + laterMs
      await using gateway = await system.startGatewayTo(system.central.url, { revocation, clock })
      const installed = system.install({ gateway: gateway.access })
      if (outcome === 'resolves') await expect(installed).resolves.toMatchObject({ emaid: EMAID })
      else await expect(installed).rejects.toMatchObject(failed('RevocationUnknown'))
    }
  })

  test('asks nobody in a network that is not public, unless that is allowed', async () => {
    const { asked } = responder
    const from = system.log.length
    await using gateway = await system.startGatewayTo(system.central.url, { revocation: { policy: 'soft' } })
    await expect(system.install({ gateway: gateway.access })).resolves.toMatchObject({ emaid: EMAID })
    expect(responder.asked).toBe(asked)
    expect(logged('ERR_REVOCATION_ADDRESS', from)).toBe(true)
  })
})

describe('central', () => {
  let own: Constellation
  beforeAll(async () => {
    own = await startConstellation({ pki, vehicle: await vehicleNaming(ocsp()), revocation: OFF })
  })
  afterAll(async () => {
    await own[Symbol.asyncDispose]()
  })

  /** With other ideas about revocation, on what is stored. */
  async function become(revocation: object): Promise<void> {
    await own.stopCentral()
    await own.restartCentral(revocation)
  }

  function sign(order: { contractData: ContractData; pcid?: string }): Promise<unknown> {
    return own.clientOf('MO_EXTERNAL_PKI').signContractData({ ...order, xsdMsgDefNamespace: ISO2_NAMESPACE })
  }

  /** Of a mobility operator with a PKI of its own, for the vehicle. */
  async function newContract(emaid: string): Promise<{ contract: Certificate; contractData: ContractData }> {
    const keys = await generateP256KeyPair()
    const order = { issuer: pki['mo/sub2'], holder: keys, profile: 'contract', commonName: emaid } as const
    const contract = await issueWithAddresses(order, ocsp())
    const encrypted = encryptContractKey({
      vehiclePublicKey: own.vehicle.certificate.publicKey,
      contractPrivateKey: keys.privateKey,
      random: systemRandom,
    })
    const contractData = {
      contractCertificate: base64FromBytes(contract.der),
      contractSubCa1Certificate: base64FromBytes(pki['mo/sub1'].certificate.der),
      contractSubCa2Certificate: base64FromBytes(pki['mo/sub2'].certificate.der),
      contractSignatureEncryptedPrivateKey: base64FromBytes(encrypted.encryptedPrivateKey),
      dHpublickey: base64FromBytes(encrypted.dhPublicKey),
    }
    return { contract, contractData }
  }

  test('takes no vehicle that is revoked, in the words of OPCP', async () => {
    await become(SOFT)
    const revoked = await vehicleNaming(ocsp())
    responder.revoked.add(revoked.certificate)
    await expect(own.clientOf('OEM').putProvCert(provCert(revoked))).rejects.toMatchObject(
      refused(400, 'Certificate vehicleCertificate is revoked.'),
    )
  })

  test('gives out no vehicle that was revoked later, and 502 when it must know and cannot', async () => {
    const { pcid } = own.vehicle
    const lookUp = (): Promise<unknown> => own.clientOf('OEM').getProvCert(pcid)
    await become(HARD)
    await expect(lookUp()).resolves.toBeDefined()
    responder.mode = 'down'
    await become(HARD)
    await expect(lookUp()).rejects.toMatchObject({ status: 502 })
    responder.mode = 'up'
    responder.revoked.add(own.vehicle.certificate)
    await become(SOFT)
    await expect(lookUp()).rejects.toMatchObject(
      refused(404, 'The OEM provisioning certificate with given PCID is revoked.'),
    )
  })

  test('goes by the policy of each use: of contracts one, of vehicles another', async () => {
    const { pcid } = own.vehicle
    const lookUp = (): Promise<unknown> => own.clientOf('OEM').getProvCert(pcid)
    const { contractData } = await newContract('DEEVOC00000010')
    responder.mode = 'down'
    await become({ ...HARD, perUse: { 'oem-provisioning': { policy: 'soft' } } })
    await expect(lookUp()).resolves.toBeDefined()
    await expect(sign({ contractData })).rejects.toMatchObject({ status: 502 })
    await become({ ...HARD, perUse: { contract: { policy: 'soft' } } })
    await expect(lookUp()).rejects.toMatchObject({ status: 502 })
    await expect(sign({ contractData })).resolves.toBeDefined()
  })

  test('signs no contract that is revoked', async () => {
    await become(SOFT)
    const { contract, contractData } = await newContract('DEEVOC00000009')
    responder.revoked.add(contract)
    await expect(sign({ contractData })).rejects.toMatchObject(
      refused(400, 'Certificate contractCertificate is revoked.'),
    )
  })

  test.each(['vehicle', 'CPS', 'contract'] as const)(
    'asks nobody while a vehicle waits, and tells it soon after that the %s is revoked',
    async (whose) => {
      await become(OFF)
      const { contract, contractData } = await newContract(EMAID)
      await sign({ contractData, pcid: own.vehicle.pcid })
      const certificates = { vehicle: own.vehicle.certificate, CPS: pki['cps/leaf'].certificate, contract }
      responder.revoked.add(certificates[whose])
      await become(SOFT)
      await using gateway = await own.startGatewayTo(own.central.url, { revocation: OFF })
      const install = (): Promise<unknown> => own.install({ gateway: gateway.access }).catch((error) => error)
      await expect.poll(install, { timeout: 5_000 }).toMatchObject({
        code: 'ERR_VEHICLE_RESPONSE_CODE',
        detail: 'FAILED_CertificateRevoked',
      })
    },
  )

  test('delivers at once while the responder is silent, and not at all when it must know', async () => {
    responder.mode = 'silent'
    await become(SOFT)
    await using gateway = await own.startGatewayTo(own.central.url, { revocation: OFF })
    const startMs = performance.now()
    await expect(own.install({ gateway: gateway.access })).resolves.toMatchObject({ emaid: EMAID })
    expect(performance.now() - startMs).toBeLessThan(LOOPBACK.timeoutMs)
    await become(HARD)
    await expect(own.install({ gateway: gateway.access })).rejects.toMatchObject({
      code: 'ERR_VEHICLE_RESPONSE_CODE',
      detail: 'FAILED_CertChainError',
    })
  })
})

test('a vehicle that points to the metadata service of a cloud is taken, and nobody asked', async () => {
  await using own = await startConstellation({
    pki,
    vehicle: await vehicleNaming({ ocspUrl: 'http://169.254.169.254/latest/meta-data' }),
    revocation: SOFT,
  })
  expect(own.log.some((line) => line.includes('ERR_REVOCATION_ADDRESS'))).toBe(true)
})
