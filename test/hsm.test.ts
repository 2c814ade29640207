import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

import { expect, test } from 'vitest'

import { base64FromBytes, systemClock, systemRandom } from '#base'
import { CentralConfig } from '#central'
import { installContract } from '#charger-emulator'
import { runCommand } from '#cli'
import { ISO2_NAMESPACE } from '#opcp'
import { generateSigningKeyPair, issueVehicle, privateKeyPem, readCertificate } from '#pki'
import { checkConfig } from '#service'

import { startConstellation } from './constellation.ts'
import { buildFaultyModule, importKey, initToken, SOFT_HSM_MODULE } from './soft-hsm.ts'

const TOKEN = { label: 'evouch system', pin: '97531' }
/** Three seconds for the signature, as many for the token to be given back. */
const HUNG_END_MS_MAX = 8_000
const MEMBERS = [
  { name: 'root', profile: 'v2g-root' },
  { name: 'sub1', profile: 'cps-sub1', issuer: 'root' },
  { name: 'sub2', profile: 'cps-sub2', issuer: 'sub1' },
  { name: 'signer', profile: 'cps', issuer: 'sub2' },
] as const

/** A script that leaves every key on the token; JSON is YAML. */
function scriptOn(module: string): string {
  const year = new Date().getUTCFullYear()
  const certificates = MEMBERS.map((member) => ({
    ...member,
    subject: { commonName: `HSM ${member.name}`, organizationName: 'Example', countryName: 'DE' },
    validFrom: `${year}-01-01T00:00:00Z`,
    validUntil: `${year + 3}-01-01T00:00:00Z`,
    key: {
      algorithm: 'ecdsa-p256-sha256',
      pkcs11: { module, token: TOKEN.label, pin: { file: 'pin' }, label: member.name },
    },
  }))
  return JSON.stringify({ title: 'On a token', certificates })
}

const quiet = {
  standardInput: (async function* () {})(),
  writeOutput: () => {},
  errorIsTerminal: false,
}

test.skipIf(SOFT_HSM_MODULE === undefined)(
  'a PKI whose keys never left a token signs what a vehicle installs (not run without SoftHSM 2)',
  async () => {
    await using stack = new AsyncDisposableStack()
    const directory = await mkdtemp(join(tmpdir(), 'evouch-hsm-'))
    stack.defer(() => rm(directory, { recursive: true, force: true }))
    stack.use(await initToken(directory, TOKEN))
    const file = (name: string): string => join(directory, name)
    const module = SOFT_HSM_MODULE ?? ''
    await writeFile(file('pin'), TOKEN.pin, { mode: 0o600 })
    await writeFile(file('script.yaml'), scriptOn(module))

    let errors = ''
    const writeError = (text: string): void => {
      errors += text
    }
    const ceremony = (at: string): Promise<number> =>
      runCommand(
        ['pki', 'ceremony', file('script.yaml'), '--out', file('pki'), '--operator', 'A', '--at', at],
        { ...quiet, writeError },
      )
    expect([await ceremony('2026-01-31T12:00:00Z'), errors]).toEqual([0, ''])
    const rootPem = await readFile(file('pki/root.pem'), 'utf8')
    expect([await ceremony('2026-02-01T12:00:00Z'), errors]).toEqual([0, ''])
    expect(await readFile(file('pki/root.pem'), 'utf8')).toBe(rootPem)
    const root = await readCertificate(file('pki/root.pem'))
    const system = stack.use(await startConstellation())
    const admin = system.clientOf('ADMIN')
    await admin.putRootCert({ caCertificate: base64FromBytes(root.der), rootType: 'V2G' })
    const value = { signers: [signerOn(module)] }
    const where = { source: 'test', folder: directory }
    const cps = checkConfig(value, CentralConfig.properties.cps, where)
    await system.central.reload({ cps })

    const ports = { clock: systemClock, random: systemRandom }
    const vehicle = await issueVehicle(system.pki, { pcid: 'EVOHSM00000000001', ...ports })
    await system.clientOf('OEM').putProvCert({
      vehicleCertificate: base64FromBytes(vehicle.certificate.der),
      subCA1Certificate: base64FromBytes(vehicle.sub1.der),
      subCA2Certificate: base64FromBytes(vehicle.sub2.der),
      xsdMsgDefNamespace: ISO2_NAMESPACE,
    })
    await system.clientOf('MO_HUBJECT_PKI').generateSignedContractData({
      contractBegins: new Date().toISOString(),
      contractEnds: new Date(Date.now() + 30 * 86_400_000).toISOString(),
      emaid: 'DEEVOH000000015',
      pcid: vehicle.pcid,
      xsdMsgDefNamespace: ISO2_NAMESPACE,
    })
    const { access } = stack.use(await system.startGatewayTo(system.central.url))
    const contract = await installContract({
      gateway: access,
      credentials: { ...vehicle, v2gRoots: [root] },
      readPki: () => Promise.resolve(system.pki),
    })
    expect(contract.cpsPath.map(({ commonName }) => commonName)).toEqual([
      'HSM signer',
      'HSM sub2',
      'HSM sub1',
      'HSM root',
    ])
    expect(system.log.join('')).not.toContain(TOKEN.pin)
  },
)

test.skipIf(SOFT_HSM_MODULE === undefined)(
  'a ceremony refuses a key that was brought to its token from elsewhere (not run without SoftHSM 2)',
  async () => {
    await using stack = new AsyncDisposableStack()
    const directory = await mkdtemp(join(tmpdir(), 'evouch-hsm-'))
    stack.defer(() => rm(directory, { recursive: true, force: true }))
    stack.use(await initToken(directory, TOKEN))
    const file = (name: string): string => join(directory, name)
    await writeFile(file('pin'), TOKEN.pin, { mode: 0o600 })
    await writeFile(file('script.yaml'), scriptOn(SOFT_HSM_MODULE ?? ''))
    const { privateKey } = await generateSigningKeyPair('ecdsa-p256-sha256')
    await writeFile(file('key.pem'), privateKeyPem(privateKey), { mode: 0o600 })
    await importKey(file('key.pem'), { ...TOKEN, keyLabel: 'root' })

    let errors = ''
    const words = ['--out', file('pki'), '--operator', 'A', '--at', '2026-01-31T12:00:00Z']
    const exitCode = await runCommand(['pki', 'ceremony', file('script.yaml'), ...words], {
      ...quiet,
      writeError: (text) => {
        errors += text
      },
    })
    expect([exitCode, errors]).toEqual([
      1,
      'ERR_CEREMONY_CONFLICT: root: its key was not made on its token\n',
    ])
  },
)

test.skipIf(SOFT_HSM_MODULE === undefined)(
  'a token that hangs costs its caller a 503, and holds up the end of central no longer than a signature may take (not run without SoftHSM 2)',
  async () => {
    await using stack = new AsyncDisposableStack()
    const directory = await mkdtemp(join(tmpdir(), 'evouch-hsm-'))
    stack.defer(() => rm(directory, { recursive: true, force: true }))
    stack.use(await initToken(directory, TOKEN))
    const file = (name: string): string => join(directory, name)
    const module = await buildFaultyModule(directory)
    await writeFile(file('pin'), TOKEN.pin, { mode: 0o600 })
    const system = stack.use(await startConstellation())
    await writeFile(file('key.pem'), privateKeyPem(system.pki['cps/leaf'].privateKey), { mode: 0o600 })
    await importKey(file('key.pem'), { ...TOKEN, keyLabel: 'leaf' })
    const privateKey = { pkcs11: { module, token: TOKEN.label, pin: { file: file('pin') }, label: 'leaf' } }
    const signer = {
      certificateFile: 'pki/cps/leaf.pem',
      subCertificateFiles: ['pki/cps/sub2.pem', 'pki/cps/sub1.pem'],
      rootFile: 'pki/v2g/root.pem',
      privateKey,
    }
    const where = { source: 'test', folder: system.directory }
    await system.central.reload({
      cps: checkConfig({ signers: [signer] }, CentralConfig.properties.cps, where),
    })

    await writeFile(file('hang-sign'), '')
    const refusal = system
      .clientOf('MO_HUBJECT_PKI')
      .generateSignedContractData({
        contractBegins: new Date().toISOString(),
        contractEnds: new Date(Date.now() + 30 * 86_400_000).toISOString(),
        emaid: 'DEEVOH000000023',
        pcid: system.vehicle.pcid,
        xsdMsgDefNamespace: ISO2_NAMESPACE,
      })
      .catch((error: unknown) => error)
    await delay(500)
    const startMs = performance.now()
    await system.stopCentral()
    expect(performance.now() - startMs).toBeLessThan(HUNG_END_MS_MAX)
    await expect(refusal).resolves.toMatchObject({
      status: 503,
      errorMessages: ['The key of the CPS cannot be used now, try again later.'],
    })
  },
)

function signerOn(module: string): object {
  return {
    certificateFile: 'pki/signer.pem',
    subCertificateFiles: ['pki/sub2.pem', 'pki/sub1.pem'],
    rootFile: 'pki/root.pem',
    privateKey: { pkcs11: { module, token: TOKEN.label, pin: { file: 'pin' }, label: 'signer' } },
  }
}
