import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import type { OpcpClient } from '#opcp'
import { privateKeyPem } from '#pki'

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

/** How a private key begins, in hex: PEM, SEC1 and PKCS#8 of P-256, PKCS#8 of RSA. */
const PRIVATE_KEYS = [
  Buffer.from('PRIVATE KEY').toString('hex'),
  '30770201010420',
  '308187020100301306072a8648',
  '020100300d06092a864886f70d010101',
]

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

  test('survives kill -9 in the middle of writing', async () => {
    const program = await spawnCentral(scene)
    await using oem = openClient(program, { role: 'OEM', ca: scene.pki['tls/ca'].certificate })
    const acknowledged: string[] = []
    const writers = Array.from({ length: 4 }, async () => {
      for (;;) {
        const vehicle = await newVehicle(scene.pki)
        await oem.putProvCert(provCertBody(vehicle))
        acknowledged.push(vehicle.pcid)
        if (acknowledged.length === 20) program.kill()
      }
    })
    await Promise.allSettled(writers)
    expect(acknowledged.length).toBeGreaterThanOrEqual(20)
    await scene.restart()
    for (const pcid of acknowledged)
      await expect(scene.clientOf('OEM').getProvCert(pcid)).resolves.toMatchObject({
        fingerprint: expect.any(String),
      })
  })
})

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

/** A central on the files of the scene, in a process that can be killed; the scene's own must not write meanwhile. */
async function spawnCentral({ directory, config }: CentralScene): Promise<{ url: string; kill: () => void }> {
  const script = join(directory, 'central.ts')
  await writeFile(
    script,
    `import { startCentral } from '${import.meta.resolve('./start-central.ts')}'
     import { createLogger } from '${import.meta.resolve('../service/index.ts')}'
     import { systemClock, systemRandom } from '${import.meta.resolve('../base/index.ts')}'
     const logger = createLogger({ name: 'central', level: 'silent' })
     const ports = { logger, clock: systemClock, random: systemRandom }
     const central = await startCentral(${JSON.stringify(config)}, ports)
     process.send(central.url)`,
  )
  const child = fork(script, { stdio: 'inherit' })
  const [url] = await once(child, 'message')
  return { url: String(url), kill: () => void child.kill('SIGKILL') }
}
