import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest'

import { base64FromBytes, systemClock, systemRandom } from '#base'
import { OpcpError, type RootCert } from '#opcp'
import { type Certificate, createThrowawayPki, type ThrowawayPki } from '#pki'
import { createLogger } from '#service'

import { RootCertificates, type RootPool } from './root-certificates.ts'

let pki: ThrowawayPki
let otherPki: ThrowawayPki
beforeAll(async () => {
  pki = await createThrowawayPki({ clock: systemClock, random: systemRandom })
  otherPki = await createThrowawayPki({ clock: systemClock, random: systemRandom })
})

let folder: string
let lines: string[]
let nowMs: number
const opened: RootCertificates[] = []
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'roots-'))
  lines = []
  nowMs = Date.UTC(2026, 0, 1)
})
afterEach(async () => {
  for (const roots of opened.splice(0)) await roots[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

const file = (): string => join(folder, 'cache', 'roots.json')

/** A pool that gives what `roots` holds, or fails when it holds nothing. */
class Pool implements RootPool {
  roots: RootCert[] | undefined
  calls = 0

  constructor(roots?: RootCert[]) {
    this.roots = roots
  }

  async getRootCerts(): Promise<readonly RootCert[]> {
    this.calls++
    if (this.roots === undefined) throw new OpcpError('ERR_OPCP_UNREACHABLE', 'no connection')
    return this.roots
  }
}

async function open(pool: RootPool): Promise<RootCertificates> {
  const roots = await RootCertificates.open({
    pool,
    file: file(),
    refreshIntervalMs: 3_600_000,
    clock: () => nowMs,
    logger: createLogger({
      name: 'test',
      level: 'trace',
      destination: { write: (line) => void lines.push(line) },
    }),
  })
  opened.push(roots)
  return roots
}

async function refresh(roots: RootCertificates): Promise<'changed' | 'unchanged'> {
  nowMs += 60_000
  return roots.refreshOnDemand(AbortSignal.timeout(1_000))
}

function root(rootType: string, certificate: Certificate): RootCert {
  return { rootCertificateId: rootType, rootType, caCertificate: base64FromBytes(certificate.der) }
}

const fingerprints = (certificates: readonly Certificate[]): string[] =>
  certificates.map(({ fingerprintSha256Hex }) => fingerprintSha256Hex)

test('what was fetched outlives a restart without the pool, in a file that a person can read', async () => {
  await open(new Pool([root('v2g', pki['v2g/root'].certificate), root('OEM', pki['oem/root'].certificate)]))
  const roots = await open(new Pool())
  expect(fingerprints(roots.of('V2G'))).toEqual([pki['v2g/root'].certificate.fingerprintSha256Hex])
  expect(fingerprints(roots.of('OEM'))).toEqual([pki['oem/root'].certificate.fingerprintSha256Hex])
  expect(roots.of('MO')).toEqual([])
  const content: unknown = JSON.parse(await readFile(file(), 'utf8'))
  expect(content).toMatchObject({
    version: 1,
    rootTypes: {
      V2G: {
        fetchedAt: '2026-01-01T00:00:00.000Z',
        certificates: [{ subject: expect.stringContaining('CN=V2G Root CA') }],
      },
    },
  })
  await expect(readdir(join(folder, 'cache'))).resolves.toEqual(['roots.json'])
})

test('a refresh takes roots in and out', async () => {
  const pool = new Pool([root('V2G', pki['v2g/root'].certificate)])
  const roots = await open(pool)
  pool.roots = [root('V2G', otherPki['v2g/root'].certificate)]
  await expect(refresh(roots)).resolves.toBe('changed')
  expect(fingerprints(roots.of('V2G'))).toEqual([otherPki['v2g/root'].certificate.fingerprintSha256Hex])
  await expect(refresh(roots)).resolves.toBe('unchanged')
})

test('a pool that fails, or knows no roots any more, leaves those known in use', async () => {
  const pool = new Pool([root('V2G', pki['v2g/root'].certificate), root('OEM', pki['oem/root'].certificate)])
  const roots = await open(pool)
  pool.roots = undefined
  await expect(refresh(roots)).resolves.toBe('unchanged')
  pool.roots = []
  await expect(refresh(roots)).resolves.toBe('unchanged')
  pool.roots = [root('OEM', otherPki['oem/root'].certificate)]
  await expect(refresh(roots)).resolves.toBe('changed')
  expect(fingerprints(roots.of('V2G'))).toEqual([pki['v2g/root'].certificate.fingerprintSha256Hex])
  expect(fingerprints(roots.of('OEM'))).toEqual([otherPki['oem/root'].certificate.fingerprintSha256Hex])
  expect(lines.join('')).toContain('ERR_OPCP_UNREACHABLE')
  expect(lines.join('')).toContain('ERR_GATEWAY_ROOTS_LOST')
})

test('a pool that lost most of its roots is believed only when it says so for a whole interval', async () => {
  const members = ['v2g/root', 'oem/root', 'mo/root'] as const
  const all = members.map((name) => root('V2G', pki[name].certificate))
  const pool = new Pool(all)
  const roots = await open(pool)
  pool.roots = all.slice(0, 1)
  await expect(refresh(roots)).resolves.toBe('unchanged')
  pool.roots = all
  await expect(refresh(roots)).resolves.toBe('unchanged')
  pool.roots = all.slice(0, 1)
  nowMs += 3_600_000
  await expect(refresh(roots)).resolves.toBe('unchanged')
  expect(roots.of('V2G')).toHaveLength(3)
  expect(lines.join('')).toContain('ERR_GATEWAY_ROOTS_LOST')
  nowMs += 3_600_000
  await expect(refresh(roots)).resolves.toBe('changed')
  expect(roots.of('V2G')).toHaveLength(1)
})

test('roots that expired are not missed', async () => {
  const members = ['v2g/root', 'oem/root', 'mo/root'] as const
  const pool = new Pool(members.map((name) => root('V2G', pki[name].certificate)))
  const roots = await open(pool)
  nowMs = Math.max(...roots.of('V2G').map(({ validToMs }) => validToMs)) + 1
  pool.roots = [root('V2G', otherPki['v2g/root'].certificate)]
  await expect(refresh(roots)).resolves.toBe('changed')
})

test('one certificate that cannot be read is left out, and only that', async () => {
  const broken = { rootCertificateId: 'broken', rootType: 'V2G', caCertificate: 'AAAA' }
  const roots = await open(new Pool([broken, root('V2G', pki['v2g/root'].certificate)]))
  expect(roots.of('V2G')).toHaveLength(1)
  expect(lines.join('')).toContain('"rootCertificateId":"broken"')
})

test('more roots than any pool has are refused whole', async () => {
  const pool = new Pool([root('V2G', pki['v2g/root'].certificate)])
  const roots = await open(pool)
  pool.roots = Array.from({ length: 1_001 }, () => root('V2G', otherPki['v2g/root'].certificate))
  await expect(refresh(roots)).resolves.toBe('unchanged')
  expect(fingerprints(roots.of('V2G'))).toEqual([pki['v2g/root'].certificate.fingerprintSha256Hex])
  expect(lines.join('')).toContain('ERR_GATEWAY_ROOTS_TOO_MANY')
})

test.each([
  '',
  '{"version":1',
  '[]',
  '{"version":2,"rootTypes":{}}',
  '{"version":1,"rootTypes":{"V2G":{"fetchedAt":"","certificates":[{"subject":"","validTo":"","fingerprintSha256":"","certificate":"AAAA"}]}}}',
])('a file that holds %s is fetched again', async (content) => {
  const pool = new Pool([root('V2G', pki['v2g/root'].certificate)])
  await open(pool)
  await writeFile(file(), content)
  const roots = await open(pool)
  expect(roots.of('V2G')).toHaveLength(1)
  expect(lines.join('')).toContain('not usable')
  const after: unknown = JSON.parse(await readFile(file(), 'utf8'))
  expect(after).toHaveProperty('version', 1)
})

test('a disk that cannot be written costs a line in the log, not the roots', async () => {
  await writeFile(join(folder, 'cache'), 'a file where a folder should be')
  await chmod(folder, 0o700)
  const roots = await open(new Pool([root('V2G', pki['v2g/root'].certificate)]))
  expect(roots.of('V2G')).toHaveLength(1)
  expect(lines.join('')).toContain('not written to disk')
})

test('requests cannot make it ask the pool more than once in a while', async () => {
  const pool = new Pool([root('V2G', pki['v2g/root'].certificate)])
  const roots = await open(pool)
  for (let i = 0; i < 10; i++) await roots.refreshOnDemand(AbortSignal.timeout(1_000))
  expect(pool.calls).toBe(1)
  nowMs += 6_000
  await Promise.all(Array.from({ length: 10 }, () => roots.refreshOnDemand(AbortSignal.timeout(1_000))))
  expect(pool.calls).toBe(2)
})

test('nobody waits for a slow pool longer than asked, and stopping does not wait for it at all', async () => {
  await open(new Pool([root('V2G', pki['v2g/root'].certificate)]))
  const roots = await open({
    getRootCerts: ({ signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new OpcpError('ERR_OPCP_ABORTED', 'given up')))
      }),
  })
  await expect(roots.refreshOnDemand(AbortSignal.timeout(20))).resolves.toBe('unchanged')
  await roots[Symbol.asyncDispose]()
})
