import { afterAll, beforeAll, expect, test } from 'vitest'

import { bytesFromBase64 } from '#base'
import { decodeV2gMessage, verifyContractData } from '#iso15118'
import type { OpcpClient, Role } from '#opcp'
import { parseCertificate, verifierOf, type VehicleCredentials } from '#pki'

import { startCentralProcess, type CentralProcess } from './central-process.fixture.ts'
import {
  generateBody,
  installationRequest,
  openClient,
  putRoots,
  putVehicle,
  startScene,
  type CentralScene,
} from './central.fixture.ts'
import { refusal } from './raw-request.fixture.ts'
import { brokenInvariants } from './storage/invariants.fixture.ts'
import { openTestStorage, type TestStorage } from './storage/storage.fixture.ts'
import { addSilentEndpoints } from './webhooks/silent-endpoints.fixture.ts'

const RACES = 5
const REPLACEMENTS = 12

let database: TestStorage
let scene: CentralScene
/** With the same config, on the same database. */
let other: CentralProcess
const clients = new AsyncDisposableStack()
beforeAll(async () => {
  database = await openTestStorage('postgres')
  scene = await startScene({ database: database.options })
  await addSilentEndpoints(database.storage)
  await putRoots(scene)
  other = await startCentralProcess(scene.config)
})
afterAll(async () => {
  await clients.disposeAsync()
  await other[Symbol.asyncDispose]()
  await scene[Symbol.asyncDispose]()
  await database[Symbol.asyncDispose]()
})

/** One client of each process. */
function bothAs(role: Role): readonly [OpcpClient, OpcpClient] {
  const ca = scene.pki['tls/ca'].certificate
  return [scene.clientOf(role), clients.use(openClient(other, { role, ca }))]
}

let contracts = 0
function nextEmaid(): string {
  contracts += 1
  return `DEEVOP${String(contracts).padStart(8, '0')}`
}

/** The EMAID of what the vehicle is given, once every part of it was found signed by its CPS. */
async function deliveredEmaid(cpo: OpcpClient, vehicle: VehicleCredentials): Promise<string> {
  const { status, messages } = await cpo.getSignedContractData(await installationRequest(vehicle))
  expect({ status, count: messages.length }).toEqual({ status: 200, count: 1 })
  const bytes = bytesFromBase64(messages[0]?.certificateInstallationRes ?? '', 16_000)
  const { message } = decodeV2gMessage(bytes)
  const response = message.Body.CertificateInstallationRes
  if (response?.ResponseCode !== 'OK') throw new Error(`delivery: ${response?.ResponseCode}`)
  const cps = parseCertificate(response.SAProvisioningCertificateChain.Certificate)
  expect(verifyContractData({ message, verifier: verifierOf(cps) })).toMatchObject({ valid: true })
  return response.eMAID.$value
}

/** The types of what OEMs were told, each of one contract. */
async function toldOf(emaids: readonly string[]): Promise<readonly string[]> {
  const rows = await database.storage.database
    .selectFrom('webhook_event')
    .select('event_type')
    .where('emaid_key', 'in', emaids)
    .where('event_type', 'like', 'oem.%')
    .orderBy('position')
    .execute()
  return rows.map(({ event_type: type }) => type)
}

test('one EMAID for two vehicles at the same time becomes a contract of exactly one', async () => {
  const [here, there] = bothAs('MO_HUBJECT_PKI')
  const [, cpo] = bothAs('CPO')
  for (let race = 0; race < RACES; race++) {
    const emaid = nextEmaid()
    const vehicles = [await putVehicle(scene), await putVehicle(scene)] as const
    const results = await Promise.allSettled([
      here.generateSignedContractData(generateBody({ pcid: vehicles[0].pcid, emaid })),
      there.generateSignedContractData(generateBody({ pcid: vehicles[1].pcid, emaid })),
    ])
    const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
    expect(refused).toEqual([
      expect.objectContaining(refusal(400, 'Invalid Tupple - EMAID is already used by other PCID.')),
    ])
    const winner = results[0].status === 'fulfilled' ? vehicles[0] : vehicles[1]
    await expect(deliveredEmaid(cpo, winner)).resolves.toBe(emaid)
    await expect(toldOf([emaid])).resolves.toEqual(['oem.contract.created'])
  }
  await expect(brokenInvariants(database.storage)).resolves.toEqual([])
})

test('two first contracts of one vehicle at the same time are both kept, and one is the default', async () => {
  const [here, there] = bothAs('MO_HUBJECT_PKI')
  const [cpoHere, cpoThere] = bothAs('CPO')
  for (let race = 0; race < RACES; race++) {
    const vehicle = await putVehicle(scene)
    const emaids = [nextEmaid(), nextEmaid()] as const
    await Promise.all([
      here.generateSignedContractData(generateBody({ pcid: vehicle.pcid, emaid: emaids[0] })),
      there.generateSignedContractData(generateBody({ pcid: vehicle.pcid, emaid: emaids[1] })),
    ])
    const defaults = await database.storage.database
      .selectFrom('default_contract')
      .select('emaid_key')
      .where('pcid_key', '=', vehicle.pcid.toUpperCase())
      .execute()
    expect(defaults).toHaveLength(1)
    const delivered = await deliveredEmaid(cpoHere, vehicle)
    expect(delivered).toBe(defaults[0]?.emaid_key)
    await expect(deliveredEmaid(cpoThere, vehicle)).resolves.toBe(delivered)
    await expect(toldOf(emaids)).resolves.toEqual(['oem.contract.created', 'oem.contract.created'])
  }
  await expect(brokenInvariants(database.storage)).resolves.toEqual([])
})

test('a contract that both replace again and again is delivered whole to everybody all the time', async () => {
  const vehicle = await putVehicle(scene)
  const emaid = nextEmaid()
  const [first] = bothAs('MO_HUBJECT_PKI')
  await first.generateSignedContractData(generateBody({ pcid: vehicle.pcid, emaid }))
  const end = new AbortController()
  let deliveries = 0
  const writers = bothAs('MO_HUBJECT_PKI').map(async (mo) => {
    for (let replacement = 0; replacement < REPLACEMENTS; replacement++)
      await mo.generateSignedContractData(generateBody({ pcid: vehicle.pcid, emaid }))
  })
  const readers = bothAs('CPO').map(async (cpo) => {
    while (!end.signal.aborted) {
      await expect(deliveredEmaid(cpo, vehicle)).resolves.toBe(emaid)
      deliveries += 1
    }
  })
  const written = Promise.all(writers).finally(() => end.abort())
  await Promise.all([written, ...readers])
  expect(deliveries).toBeGreaterThan(REPLACEMENTS)
  const updates = Array.from({ length: 2 * REPLACEMENTS }, () => 'oem.contract.updated')
  await expect(toldOf([emaid])).resolves.toEqual(['oem.contract.created', ...updates])
  await expect(brokenInvariants(database.storage)).resolves.toEqual([])
})
