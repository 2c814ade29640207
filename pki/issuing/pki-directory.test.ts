import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { chmod, copyFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer, connect, type TLSSocket } from 'node:tls'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { seededRandom } from '#base'

import {
  readCertificate,
  readCertificateDirectory,
  readCertificates,
} from '../certificate/certificate-files.ts'
import type { Certificate } from '../certificate/certificate.ts'
import { privateKeyPem, readPrivateKey } from '../keys/private-key.ts'
import { type CertificateUse } from '../path/certificate-use.ts'
import { validatePath } from '../path/path-validation.ts'
import { readPkiDirectory, readVehicle, writePkiDirectory, writeVehicle } from './pki-directory.ts'
import {
  createThrowawayPki,
  issueVehicle,
  PKI_MEMBERS,
  type PkiMember,
  type ThrowawayPki,
} from './throwaway-pki.ts'

/** Not `promisify(execFile)`: its overloads hide what it resolves to. */
const run = (command: string, args: readonly string[]): Promise<{ stdout: string }> =>
  new Promise((resolve, reject) => {
    execFile(command, args, (error, stdout) => {
      if (error === null) resolve({ stdout })
      else reject(error)
    })
  })
const PCID = 'EVOV1234567890ABCD'
const clock = Date.now
const random = seededRandom(11)

let directory: string
let pki: ThrowawayPki
let written: string
let vehicleDirectory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'evouch-pki-'))
  written = join(directory, 'deep', 'pki')
  pki = await createThrowawayPki({
    clock,
    random,
    hostNames: ['evouch.example', 'localhost'],
    seccId: 'DE*ABC*E1',
  })
  await writePkiDirectory(written, pki)
  vehicleDirectory = await writeVehicle(written, await issueVehicle(pki, { pcid: PCID, clock, random }))
})
afterAll(async () => {
  await rm(directory, { recursive: true })
})

const refusing = (code: string): unknown => expect.objectContaining({ code })

test('what is written is what is read', async () => {
  const read = await readPkiDirectory(written)
  for (const member of PKI_MEMBERS) {
    expect(read[member].certificate.der).toEqual(pki[member].certificate.der)
    expect(read[member].privateKey.equals(pki[member].privateKey)).toBe(true)
  }
  expect(read['cpo/leaf'].certificate.commonName).toBe('DE*ABC*E1')
})

test('the layout: a key of mode 0600 beside every certificate, the roots to trust, the vehicle', async () => {
  const files = (await readdir(written, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
  const keys = files.filter((file) => file.endsWith('.key.pem'))
  expect(keys).toHaveLength(PKI_MEMBERS.length + 1)
  for (const key of keys) {
    expect((await stat(key)).mode & 0o777).toBe(0o600)
    expect(await readFile(key, 'utf8')).toMatch(/^-----BEGIN PRIVATE KEY-----\n/)
  }
  expect((await readdir(join(written, 'trust'))).toSorted()).toEqual(['mo.pem', 'oem.pem', 'v2g.pem'])
  expect(await readdir(join(directory, 'deep'))).toEqual(['pki'])
  expect(vehicleDirectory).toBe(join(written, 'vehicles', PCID))
})

test('every leaf chains to its root in its role', async () => {
  const vehicle = await readVehicle(vehicleDirectory)
  const roots = await readCertificateDirectory(join(written, 'trust'))
  expect(roots).toHaveLength(3)
  const chains: readonly [CertificateUse, ...(typeof roots)[number][]][] = [
    ['oem-provisioning', vehicle.certificate, vehicle.sub1, vehicle.sub2],
    ['cps', certificateOf('cps/leaf'), certificateOf('cps/sub1'), certificateOf('cps/sub2')],
    ['secc', certificateOf('cpo/leaf'), certificateOf('cpo/sub1'), certificateOf('cpo/sub2')],
    ['any', certificateOf('mo/sub2'), certificateOf('mo/sub1')],
  ]
  for (const [use, leaf, ...intermediates] of chains) {
    expect(leaf && validatePath({ leaf, intermediates, roots, atMs: clock(), use }).valid).toBe(true)
  }
})

describe('the vehicle', () => {
  test('has its PCID, the OEM chain and the V2G root it trusts', async () => {
    const vehicle = await readVehicle(vehicleDirectory)
    expect(vehicle).toMatchObject({ pcid: PCID })
    expect(vehicle.certificate.commonName).toBe(PCID)
    expect(vehicle.v2gRoots.map(({ distinguishedName }) => distinguishedName)).toEqual([
      'CN=V2G Root CA, DC=V2G, O=EVouch Throwaway PKI',
    ])
  })

  test('has an expired twin of its certificate, wrong in nothing else', async () => {
    const { certificate, expiredCertificate, sub1, sub2 } = await readVehicle(vehicleDirectory)
    expect(expiredCertificate.commonName).toBe(PCID)
    expect(expiredCertificate.publicKeyDer).toEqual(certificate.publicKeyDer)
    const of = (atMs: number) =>
      validatePath({
        leaf: expiredCertificate,
        intermediates: [sub1, sub2],
        roots: [pki['oem/root'].certificate],
        atMs,
        use: 'oem-provisioning',
      })
    expect(of(clock())).toMatchObject({ valid: false, code: 'ERR_PATH_EXPIRED' })
    expect(of(expiredCertificate.validToMs)).toMatchObject({ valid: true })
  })

  test.each(['short', '../../../../etc/passwd', 'EVOV1234567890ABCDE'])(
    'PCID %s: ERR_PKI_ISSUE',
    async (pcid) => {
      await expect(issueVehicle(pki, { pcid, clock, random })).rejects.toMatchObject({
        code: 'ERR_PKI_ISSUE',
      })
    },
  )
})

test('TLS between programs: the server is who the CA says', async () => {
  const { certificate, privateKey } = pki['tls/gateway']
  const server = createServer({ cert: certificate.toPem(), key: privateKeyPem(privateKey) }).listen(
    0,
    '127.0.0.1',
  )
  await once(server, 'listening')
  const { port } = addressOf(server.address())
  const reach = async (servername: string, ca: string): Promise<unknown> => {
    const socket: TLSSocket = connect({ host: '127.0.0.1', port, servername, ca })
    const outcome: unknown = await once(socket, 'secureConnect').then(
      () => 'connected',
      (error: unknown) => error,
    )
    socket.destroy()
    return outcome
  }
  const ca = pki['tls/ca'].certificate.toPem()
  expect(await reach('evouch.example', ca)).toBe('connected')
  expect(await reach('other.example', ca)).toEqual(refusing('ERR_TLS_CERT_ALTNAME_INVALID'))
  expect(await reach('evouch.example', pki['v2g/root'].certificate.toPem())).toBeInstanceOf(Error)
  server.close()
})

const certificateOf = (member: PkiMember): Certificate => pki[member].certificate
const fileOf = (member: PkiMember): string => join(written, `${member}.pem`)

/** Runs `openssl verify` with the sub CAs of a branch. */
async function opensslVerify(root: PkiMember, branch: 'cpo' | 'cps' | 'oem', leaf: string): Promise<string> {
  const subs = ['-untrusted', fileOf(`${branch}/sub1`), '-untrusted', fileOf(`${branch}/sub2`)]
  const { stdout } = await run('openssl', ['verify', '-x509_strict', '-CAfile', fileOf(root), ...subs, leaf])
  return stdout
}

describe('openssl agrees', async () => {
  const installed = await run('openssl', ['version']).then(
    () => true,
    () => false,
  )
  test.skipIf(!installed)('in its strict mode (not run without the openssl command)', async () => {
    await expect(opensslVerify('v2g/root', 'cps', fileOf('cps/leaf'))).resolves.toMatch(/: OK$/m)
    await expect(opensslVerify('v2g/root', 'cpo', fileOf('cpo/leaf'))).resolves.toMatch(/: OK$/m)
    await expect(
      opensslVerify('oem/root', 'oem', join(vehicleDirectory, 'certificate.pem')),
    ).resolves.toMatch(/: OK$/m)
    await expect(opensslVerify('mo/root', 'oem', join(vehicleDirectory, 'certificate.pem'))).rejects.toThrow(
      'verify',
    )
    const twin = join(vehicleDirectory, 'expired-certificate.pem')
    await expect(opensslVerify('oem/root', 'oem', twin)).rejects.toThrow('expired')
  })
})

describe('refused', () => {
  test('a directory that is not empty is never overwritten, and no draft stays: ERR_PKI_DIRECTORY', async () => {
    await expect(writePkiDirectory(written, pki)).rejects.toMatchObject({ code: 'ERR_PKI_DIRECTORY' })
    const again = issueVehicle(pki, { pcid: PCID, clock, random })
    await expect(writeVehicle(written, await again)).rejects.toMatchObject({ code: 'ERR_PKI_DIRECTORY' })
    expect(await readdir(join(directory, 'deep'))).toEqual(['pki'])
    expect(await readdir(join(written, 'vehicles'))).toEqual([PCID])
  })

  test("a key that is not the certificate's: ERR_PKI_DIRECTORY", async () => {
    const other = join(directory, 'swapped')
    await writePkiDirectory(other, pki)
    await copyFile(join(other, 'mo/sub1.key.pem'), join(other, 'mo/sub2.key.pem'))
    await expect(readPkiDirectory(other)).rejects.toMatchObject({ code: 'ERR_PKI_DIRECTORY' })
  })

  test('a key that others can read: ERR_PKI_KEY_FILE_MODE', async () => {
    const file = join(directory, 'open.key.pem')
    await writeFile(file, privateKeyPem(pki['cps/leaf'].privateKey), { mode: 0o600 })
    await expect(readPrivateKey(file)).resolves.toMatchObject({ type: 'private' })
    await chmod(file, 0o640)
    await expect(readPrivateKey(file)).rejects.toMatchObject({ code: 'ERR_PKI_KEY_FILE_MODE' })
  })

  test.each([
    { what: 'is not a key', content: 'secret words', code: 'ERR_PKI_KEY_FILE' },
    { what: 'is too large', content: 'x'.repeat(20_000), code: 'ERR_PKI_FILE_TOO_LARGE' },
  ])('a key file that $what: $code, without its content', async ({ content, code }) => {
    const file = join(directory, 'bad.key.pem')
    await writeFile(file, content, { mode: 0o600 })
    await expect(readPrivateKey(file)).rejects.toMatchObject({
      code,
      message: expect.not.stringContaining('secret'),
    })
  })

  test('a file that does not exist: ERR_PKI_FILE', async () => {
    const missing = join(directory, 'missing.pem')
    await expect(readPrivateKey(missing)).rejects.toMatchObject({ code: 'ERR_PKI_FILE' })
    await expect(readCertificates(missing)).rejects.toMatchObject({ code: 'ERR_PKI_FILE' })
    await expect(readCertificateDirectory(missing)).rejects.toMatchObject({ code: 'ERR_PKI_FILE' })
  })

  test('certificate files that hold none, too much or damage, by name', async () => {
    const file = join(directory, 'bad.pem')
    const after = async (content: string | Uint8Array): Promise<unknown> => {
      await writeFile(file, content)
      return readCertificate(file).catch((error: unknown) => error)
    }
    const { certificate } = pki['v2g/root']
    const named = (code: string): unknown =>
      expect.objectContaining({ code, message: expect.stringContaining(file) })
    expect(await after('nothing')).toEqual(named('ERR_PKI_CERTIFICATE'))
    expect(await after(certificate.toPem().repeat(2))).toEqual(named('ERR_PKI_TRAILING_BYTES'))
    expect(await after(certificate.der.subarray(0, 100))).toEqual(named('ERR_PKI_DER'))
    expect(await after(new Uint8Array(3_000_000))).toEqual(named('ERR_PKI_FILE_TOO_LARGE'))
    expect(await after(certificate.der)).toMatchObject({ commonName: 'V2G Root CA' })
  })
})

function addressOf(address: AddressInfo | string | null): AddressInfo {
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port')
  return address
}
