import { appendFile, copyFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { bytesFromBase64, systemRandom } from '#base'
import { decodeV2gMessage } from '#iso15118'
import {
  authorityOf,
  encryptedPrivateKeyPem,
  generateP256KeyPair,
  parseCertificate,
  type VehicleCredentials,
} from '#pki'
import { Secret } from '#service'

import {
  DAY_MS,
  generateBody,
  installationRequest,
  pkiForTests,
  putRoots,
  putVehicle,
  startScene,
  type CentralScene,
} from '../central.fixture.ts'
import type { CentralConfig } from '../config.ts'
import { rawRequest, tokenOf } from '../raw-request.fixture.ts'

const HOUR_MS = 3_600_000
const startMs = Math.floor(Date.now() / 1000) * 1000
const timeText = (hours: number): string =>
  new Date(startMs + hours * HOUR_MS).toISOString().replace('.000Z', 'Z')

let nowMs = startMs
let scene: CentralScene
let vehicles: Record<'old' | 'next' | 'last', VehicleCredentials>
beforeAll(async () => {
  scene = await startScene({ clock: () => nowMs })
  await putRoots(scene)
  vehicles = { old: await putVehicle(scene), next: await putVehicle(scene), last: await putVehicle(scene) }
})
afterAll(() => scene[Symbol.asyncDispose]())

/** The config with a second key, encrypted, that takes over after one hour; the first ends an hour later. */
async function configWithNextSigner(): Promise<CentralConfig> {
  const [first] = scene.config.cps.signers
  if (first === undefined) throw new TypeError('the scene has a signer')
  const file = (name: string): string => join(scene.directory, name)
  const pki = await pkiForTests()
  const { privateKey, publicKey } = await generateP256KeyPair()
  const leaf = await authorityOf(pki['cps/sub2'], systemRandom).issue({
    profile: 'cps',
    subject: { commonName: 'Next CPS Signer', organizationName: 'Example' },
    publicKey,
    notBeforeMs: startMs - DAY_MS,
    notAfterMs: startMs + 365 * DAY_MS,
  })
  await writeFile(file('next.pem'), leaf.toPem())
  await writeFile(file('passphrase'), 'of the next key\n')
  const passphrase = new Secret('of the next key')
  const pem = await encryptedPrivateKeyPem(privateKey, { passphrase, random: systemRandom })
  await writeFile(file('next.key.pem'), pem, { mode: 0o600 })
  const { privateKeyFile: _own, ...chain } = first
  const next = {
    ...chain,
    certificateFile: file('next.pem'),
    privateKey: { file: file('next.key.pem'), passphrase: { file: file('passphrase') } },
    usableFrom: timeText(1),
  }
  return { ...scene.config, cps: { signers: [{ ...first, usableUntil: timeText(2) }, next] } }
}

const EMAIDS = { old: 'DEEVOR00000001', next: 'DEEVOR00000002', last: 'DEEVOR00000003' }

const order = (name: keyof typeof EMAIDS): Promise<unknown> =>
  scene
    .clientOf('MO_HUBJECT_PKI')
    .generateSignedContractData(generateBody({ pcid: vehicles[name].pcid, emaid: EMAIDS[name] }))

/** The CN of the CPS certificate in what the vehicle is given. */
async function signerOf(name: keyof typeof EMAIDS): Promise<string | undefined> {
  const request = await installationRequest(vehicles[name])
  const { messages } = await scene.clientOf('CPO').getSignedContractData(request)
  const exi = bytesFromBase64(messages[0]?.certificateInstallationRes ?? '', 16_000)
  const response = decodeV2gMessage(exi).message.Body.CertificateInstallationRes
  if (response === undefined) throw new TypeError('no response')
  return parseCertificate(response.SAProvisioningCertificateChain.Certificate).commonName
}

/** The CNs of what `GET /cps/signer` lists. */
async function published(): Promise<readonly (string | undefined)[]> {
  const headers = { authorization: `Bearer ${await tokenOf(scene, 'MO_EXTERNAL_PKI')}` }
  const { body } = await rawRequest(scene, 'GET', '/v1/cps/signer', { headers })
  const certificates: readonly { cpsCertificate: string }[] = Object(body).cpsCertificates
  return certificates.map(
    ({ cpsCertificate }) => parseCertificate(bytesFromBase64(cpsCertificate, 4_000)).commonName,
  )
}

const states = (): unknown[] =>
  scene.log
    .map((line): { msg: string; state: string } => JSON.parse(line))
    .filter(({ msg }) => msg === 'CPS signer')
    .map(({ state }) => state)

test('a key hands over to the next one while central serves, and what it signed stays deliverable', async () => {
  await order('old')
  const config = await configWithNextSigner()
  await scene.central.reload(config)
  expect(states()).toEqual(['ACTIVE', 'ACTIVE', 'STANDBY'])
  expect(await published()).toEqual(['CPS Signer', 'Next CPS Signer'])
  expect(await signerOf('old')).toBe('CPS Signer')

  nowMs = startMs + HOUR_MS - 1
  expect(await signerOf('old')).toBe('CPS Signer')
  nowMs = startMs + HOUR_MS
  await order('next')
  expect(await signerOf('next')).toBe('Next CPS Signer')

  nowMs = startMs + 2 * HOUR_MS
  await scene.central.reload(config)
  expect(states().slice(-2)).toEqual(['RETIRED', 'ACTIVE'])
  expect(await published()).toEqual(['Next CPS Signer'])
  await order('last')
  expect(await signerOf('last')).toBe('Next CPS Signer')
  expect(await signerOf('old')).toBe('CPS Signer')
})

describe('signers that cannot be used leave the others in place', () => {
  test.each([
    {
      what: 'a window that ends before it begins',
      over: { usableFrom: timeText(2), usableUntil: timeText(1) },
    },
    { what: 'a day that no calendar has', over: { usableFrom: '2026-02-30T00:00:00Z' } },
    { what: 'a window after the end of the certificate', over: { usableFrom: '9000-01-01T00:00:00Z' } },
    { what: 'two keys', over: { privateKey: { file: '/nowhere' } } },
  ])('$what: ERR_CENTRAL_SIGNER', async ({ over }) => {
    const signers = scene.config.cps.signers.map((signer) => ({ ...signer, ...over }))
    await expect(scene.central.reload({ cps: { signers } })).rejects.toMatchObject({
      code: 'ERR_CENTRAL_SIGNER',
    })
  })

  test('another key than that of the certificate: ERR_CENTRAL_SIGNER; a wrong passphrase: ERR_PKI_KEY_PASSPHRASE', async () => {
    const config = await configWithNextSigner()
    const [first, next] = config.cps.signers
    if (first === undefined || next === undefined) throw new TypeError('two signers')
    await copyFile(next.certificateFile, join(scene.directory, 'other.pem'))
    const swapped = { ...first, certificateFile: join(scene.directory, 'other.pem') }
    await expect(scene.central.reload({ cps: { signers: [swapped] } })).rejects.toMatchObject({
      code: 'ERR_CENTRAL_SIGNER',
    })
    await appendFile(join(scene.directory, 'passphrase'), 'x')
    await expect(scene.central.reload({ cps: { signers: [next] } })).rejects.toMatchObject({
      code: 'ERR_PKI_KEY_PASSPHRASE',
    })
  })
})
