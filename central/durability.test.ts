import { existsSync, readFileSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import type { OpcpClient } from '#opcp'
import { privateKeyPem, type VehicleCredentials } from '#pki'

import { startCentralProcess } from './central-process.fixture.ts'
import {
  generateBody,
  installationRequest,
  newVehicle,
  openClient,
  provCertBody,
  putRoots,
  putVehicle,
  startScene,
  type CentralScene,
} from './central.fixture.ts'
import { rawRequest, tokenOf } from './raw-request.fixture.ts'
import { brokenInvariants } from './storage/invariants.fixture.ts'
import { ENGINES, openTestStorage } from './storage/storage.fixture.ts'
import { addSilentEndpoints } from './webhooks/silent-endpoints.fixture.ts'

/** How a private key begins, in hex: PEM, SEC1 and PKCS#8 of P-256, PKCS#8 of RSA. */
const PRIVATE_KEYS = [
  Buffer.from('PRIVATE KEY').toString('hex'),
  '30770201010420',
  '308187020100301306072a8648',
  '020100300d06092a864886f70d010101',
]

const KILLS = 3
const WRITERS = 4
/** Time for some dozens of writes. */
const LIFETIME_MAX_MS = 300
/** Each start of the program takes a second, and several where the cores are shared. */
const TIME_LIMIT_MS = 60_000

let scene: CentralScene
beforeAll(async () => {
  scene = await startScene()
  await putRoots(scene)
})
afterAll(() => scene[Symbol.asyncDispose]())

describe('what was acknowledged', () => {
  test('is there after a restart, and tokens given before are still good', async () => {
    const vehicle = await putVehicle(scene)
    const emaid = 'DEEVOD00000001'
    const mo = (): OpcpClient => scene.clientOf('MO_HUBJECT_PKI')
    await mo().generateSignedContractData(generateBody({ pcid: vehicle.pcid, emaid }))
    const { mtimeMs } = await stat(scene.config.token.keyFile)
    await scene.restart()
    const answer = await scene.clientOf('CPO').getSignedContractData(await installationRequest(vehicle))
    expect(answer).toMatchObject({ status: 200, messages: [{ emaid }] })
    expect((await stat(scene.config.token.keyFile)).mtimeMs).toBe(mtimeMs)
    // A lost answer is repeated: the vehicle still gets one contract.
    await mo().generateSignedContractData(generateBody({ pcid: vehicle.pcid, emaid }))
    const again = await scene.clientOf('CPO').getSignedContractData(await installationRequest(vehicle))
    expect(again.messages).toHaveLength(1)
  })

  test.each(ENGINES)(
    'on %s survives kill -9 at any moment of writing, and nothing is half done',
    { timeout: TIME_LIMIT_MS },
    async (engine) => {
      await using database = await openTestStorage(engine)
      await using killed = await startScene({ database: database.options })
      await addSilentEndpoints(database.storage)
      await putRoots(killed)
      const acknowledged: Acknowledged = { contracts: new Map(), deleted: [] }
      for (let kill = 0; kill < KILLS; kill++) {
        await writeUntilKilled(killed, acknowledged)
        await expect(brokenInvariants(database.storage)).resolves.toEqual([])
      }
      await killed.restart()
      await expectAll(killed, acknowledged)
    },
  )
})

/** What writers were told is done. */
interface Acknowledged {
  /** By EMAID. */
  readonly contracts: Map<string, VehicleCredentials>
  /** Vehicles with their contracts. */
  readonly deleted: VehicleCredentials[]
}

/** Writes to a process that ends at a moment nobody knows, though not before it has done something of each kind. */
async function writeUntilKilled(on: CentralScene, { contracts, deleted }: Acknowledged): Promise<void> {
  await using program = await startCentralProcess(on.config)
  const there = { ...on, central: { ...on.central, url: program.url } }
  const ca = on.pki['tls/ca'].certificate
  await using oem = openClient(program, { role: 'OEM', ca })
  await using mo = openClient(program, { role: 'MO_HUBJECT_PKI', ca })
  const headers = { authorization: `Bearer ${await tokenOf(there, 'OEM')}` }
  const known = { contracts: contracts.size, deleted: deleted.length }
  const enough = Promise.withResolvers<void>()
  const writers = Array.from({ length: WRITERS }, async () => {
    for (let round = 1; ; round++) {
      const vehicle = await newVehicle(on.pki)
      const { pcid } = vehicle
      const emaid = pcid.replace('EVOTEST00', 'DEEVO')
      await oem.putProvCert(provCertBody(vehicle))
      await mo.generateSignedContractData(generateBody({ pcid, emaid }))
      contracts.set(emaid, vehicle)
      await mo.generateSignedContractData(generateBody({ pcid, emaid }))
      if (contracts.size > known.contracts && deleted.length > known.deleted) enough.resolve()
      if (round % 2 === 0) continue
      // Until it is answered nobody knows whether it is there.
      contracts.delete(emaid)
      await rawRequest(there, 'DELETE', `/v1/oem/provCerts/${pcid}`, { headers })
      deleted.push(vehicle)
    }
  })
  const ended = Promise.allSettled(writers)
  await Promise.race([enough.promise, ...writers])
  await setTimeout(Math.random() * LIFETIME_MAX_MS)
  await program.kill()
  const code = expect.stringMatching(/^(ERR_OPCP_UNREACHABLE|ECONNRESET|ECONNREFUSED|EPIPE)$/)
  const reason = expect.objectContaining({ code })
  expect(await ended).toEqual(writers.map(() => ({ status: 'rejected', reason })))
}

async function expectAll({ clientOf }: CentralScene, { contracts, deleted }: Acknowledged): Promise<void> {
  const held = [...contracts].map(async ([emaid, vehicle]) => {
    const answer = await clientOf('CPO').getSignedContractData(await installationRequest(vehicle))
    expect(answer).toMatchObject({ status: 200, messages: [{ emaid }] })
  })
  const gone = deleted.map(({ pcid }) =>
    expect(clientOf('OEM').getProvCert(pcid)).rejects.toMatchObject({ status: 404 }),
  )
  await Promise.all([...held, ...gone])
}

describe('secrets', () => {
  test('are in neither the database nor the log', async () => {
    const vehicle = await putVehicle(scene)
    const body = generateBody({ pcid: vehicle.pcid, emaid: 'DEEVOD00000002' })
    await scene.clientOf('MO_HUBJECT_PKI').generateSignedContractData(body)
    await scene.clientOf('CPO').getSignedContractData(await installationRequest(vehicle))
    const file = scene.config.database.url.replace('sqlite:', '')
    const stored = [file, `${file}-wal`]
      .filter(existsSync)
      .map((name) => readFileSync(name, 'hex'))
      .join('')
    expect(stored.length).toBeGreaterThan(10_000)
    for (const key of PRIVATE_KEYS) expect(stored).not.toContain(key)
    for (const member of ['cps/leaf', 'mo/sub2'] as const)
      expect(stored).not.toContain(scalarOf(privateKeyPem(scene.pki[member].privateKey)))
    const log = scene.log.join('')
    expect(log).toContain('request answered')
    expect(log).not.toMatch(/eyJ|PRIVATE KEY|Bearer/)
    for (const secret of [scene.secretOf('CPO'), vehicle.pcid, 'DEEVOD00000002'])
      expect(log).not.toContain(secret)
  })

  test('are in files only their owner can read', async () => {
    expect((await stat(scene.config.token.keyFile)).mode & 0o777).toBe(0o600)
    expect(await readFile(scene.config.token.keyFile, 'utf8')).toContain('PRIVATE KEY')
  })
})

/** The 32 bytes of a P-256 key in PKCS#8, in hex. */
function scalarOf(pem: string): string {
  const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64')
  return der.subarray(36, 68).toString('hex')
}
