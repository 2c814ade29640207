import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

import { beforeAll, describe, expect, test } from 'vitest'

import type { PathVerdict } from '../path/path-verdict.ts'
import { DAY_MS, type Forged, NOW_MS } from '../testing/forge.ts'
import { PathRevocation, type RevocationSettings, type UnknownRevocation } from './path-revocation.ts'
import { crlOf, forgeCa, forgeLeaf, LOOPBACK, serve, type TestCa } from './revocation.fixture.ts'

const SETTINGS: RevocationSettings = { policy: 'soft', timeoutMs: 10_000, addressesAllowed: LOOPBACK }

let root: TestCa
let ca: TestCa
beforeAll(async () => {
  root = await forgeCa({ subject: 'Root' })
  ca = await forgeCa({ subject: 'CA below', issuer: root })
})

const HOUR_MS = 3_600_000
const CPS = { use: 'cps' } as const

const storeFailures: unknown[] = []

const verdictOn = (...path: readonly Forged[]): PathVerdict => ({
  valid: true,
  path: path.map(({ certificate }) => certificate),
})

/** A server of CRLs that counts, and leaves by this CRL of `ca` where there is one. */
async function startCrls(crl: Uint8Array | undefined) {
  const state = { asked: 0 }
  const site = await serve((_request, response) => {
    state.asked++
    return crl === undefined ? undefined : response.end(crl)
  })
  return { ...site, state, leaf: await forgeLeaf(ca, { crl: site.url }) }
}

function open(
  over: Partial<RevocationSettings> = {},
  unknown: UnknownRevocation[] = [],
): Promise<PathRevocation> {
  return PathRevocation.open(
    { ...SETTINGS, ...over },
    {
      clock: () => NOW_MS,
      onUnknown: (found) => void unknown.push(found),
      onStoreFailure: (error) => void storeFailures.push(error),
    },
  )
}

test('asks nobody when it is off, nor about a path that is not valid', async () => {
  await using crls = await startCrls(undefined)
  await using off = await open({ policy: 'off' })
  const verdict = verdictOn(crls.leaf, ca)
  expect(await off.judge(verdict, CPS)).toBe(verdict)
  await using soft = await open()
  const invalid: PathVerdict = {
    valid: false,
    code: 'ERR_PATH_EXPIRED',
    message: '',
    certificate: crls.leaf.certificate,
    rule: '',
    section: '',
  }
  expect(await soft.judge(invalid, CPS)).toBe(invalid)
  expect(crls.state.asked).toBe(0)
})

test('refuses what is revoked with its time, reason and the rule', async () => {
  const entry = { serialNumberHex: '0a01', revokedAtMs: NOW_MS - DAY_MS, reason: 'keyCompromise' } as const
  await using crls = await startCrls(await crlOf(ca, { revoked: [entry] }))
  await using revocation = await open()
  expect(await revocation.judge(verdictOn(crls.leaf, ca), CPS)).toMatchObject({
    valid: false,
    code: 'ERR_PATH_REVOKED',
    message: expect.stringContaining('revoked at 2025-12-31T00:00:00Z, reason keyCompromise'),
    rule: 'revocation',
  })
})

test('names the revoked certificate rather than a CA above it of unknown status', async () => {
  const entry = { serialNumberHex: '0a01', revokedAtMs: NOW_MS - DAY_MS }
  await using crls = await startCrls(await crlOf(ca, { revoked: [entry] }))
  await using revocation = await open({ policy: 'hard' })
  const verdict = await revocation.judge(verdictOn(crls.leaf, ca, root), CPS)
  expect(verdict).toMatchObject({ code: 'ERR_PATH_REVOKED', certificate: crls.leaf.certificate })
})

test('gives the statuses of a path it lets pass, and reports an unknown one once', async () => {
  await using crls = await startCrls(await crlOf(ca))
  const unknown: UnknownRevocation[] = []
  await using revocation = await open({}, unknown)
  for (const _ of [1, 2]) {
    const verdict = await revocation.judge(verdictOn(crls.leaf, ca, root), CPS)
    expect(verdict).toMatchObject({ valid: true, statuses: [{ status: 'good' }, { status: 'unknown' }] })
  }
  expect(unknown).toMatchObject([{ certificate: ca.certificate, accepted: true, namesSource: false }])
})

test('under a hard policy refuses what names nobody to ask', async () => {
  await using revocation = await open({ policy: 'hard' })
  const verdict = await revocation.judge(verdictOn(ca, root), CPS)
  expect(verdict).toMatchObject({ code: 'ERR_PATH_STATUS_UNKNOWN', certificate: ca.certificate })
})

describe('a policy of its own for one use', () => {
  const contract = { use: 'contract' } as const

  test('counts for that use and every certificate of its paths, the default for all others', async () => {
    const unknown: UnknownRevocation[] = []
    await using revocation = await open({ perUse: { cps: { policy: 'hard' } } }, unknown)
    expect(await revocation.judge(verdictOn(ca, root), CPS)).toMatchObject({
      code: 'ERR_PATH_STATUS_UNKNOWN',
    })
    expect(await revocation.judge(verdictOn(ca, root), contract)).toMatchObject({ valid: true })
    expect(unknown).toMatchObject([
      { use: 'cps', accepted: false },
      { use: 'contract', accepted: true },
    ])
  })

  test('is asked for where the default asks nobody, and asks nobody where the default does', async () => {
    await using crls = await startCrls(await crlOf(ca))
    await using cpsOnly = await open({ policy: 'off', perUse: { cps: { policy: 'soft' } } })
    const verdict = verdictOn(crls.leaf, ca)
    expect(await cpsOnly.judge(verdict, contract)).toBe(verdict)
    expect(crls.state.asked).toBe(0)
    expect(await cpsOnly.judge(verdict, CPS)).toMatchObject({ statuses: [{ status: 'good' }] })
    await using notCps = await open({ perUse: { cps: { policy: 'off' } } })
    expect(await notCps.judge(verdict, CPS)).toBe(verdict)
    expect(crls.state.asked).toBe(1)
  })

  test('has a grace of its own, and not that of the default', async () => {
    await using site = await serve((_request, response) => response.writeHead(500).end())
    const leaf = await forgeLeaf(ca, { crl: site.url })
    let nowMs = NOW_MS
    await using revocation = await PathRevocation.open(
      { ...SETTINGS, graceHours: 1, perUse: { cps: { policy: 'soft', graceHours: 3 } } },
      { clock: () => nowMs, onUnknown: () => {}, onStoreFailure: () => {} },
    )
    const codes = async (): Promise<readonly unknown[]> =>
      Promise.all(
        [CPS, contract].map(async (use) => {
          const verdict = await revocation.judge(verdictOn(leaf, ca), use)
          return verdict.valid || verdict.code
        }),
      )
    expect(await codes()).toEqual([true, true])
    nowMs += 2 * HOUR_MS
    expect(await codes()).toEqual([true, 'ERR_PATH_STATUS_UNKNOWN'])
    nowMs += 2 * HOUR_MS
    expect(await codes()).toEqual(['ERR_PATH_STATUS_UNKNOWN', 'ERR_PATH_STATUS_UNKNOWN'])
  })
})

test('waits for nobody when the waiting is over, and knows the answer later', async () => {
  await using crls = await startCrls(await crlOf(ca))
  await using revocation = await open()
  const judge = (): Promise<PathVerdict> =>
    revocation.judge(verdictOn(crls.leaf, ca), { ...CPS, signal: AbortSignal.abort() })
  expect(await judge()).toMatchObject({ statuses: [{ status: 'unknown' }] })
  await expect.poll(judge).toMatchObject({ statuses: [{ status: 'good' }] })
})

test('ends at once, whoever is still being asked', async () => {
  await using crls = await startCrls(undefined)
  const revocation = await open()
  const judged = revocation.judge(verdictOn(crls.leaf, ca), CPS)
  await expect.poll(() => crls.state.asked).toBe(1)
  await revocation[Symbol.asyncDispose]()
  const late = delay(5_000, 'late', { ref: false })
  expect(await Promise.race([judged, late])).toMatchObject({ statuses: [{ status: 'unknown' }] })
})

const openTemporary = async (): Promise<{ directory: string } & AsyncDisposable> => {
  const directory = await mkdtemp(join(tmpdir(), 'evouch-path-revocation-'))
  return { directory, [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }) }
}

describe('a cache directory', () => {
  test('that is a file is refused with what to do: ERR_REVOCATION_CACHE_DIRECTORY', async () => {
    await using folder = await openTemporary()
    const cacheDirectory = join(folder.directory, 'file')
    await writeFile(cacheDirectory, '')
    await expect(open({ cacheDirectory })).rejects.toMatchObject({
      code: 'ERR_REVOCATION_CACHE_DIRECTORY',
      message: expect.stringMatching(/EEXIST.*or set none to keep the answers in memory/),
    })
    await using off = await open({ cacheDirectory, policy: 'off' })
    expect(off).toBeDefined()
  })

  test('that takes no answer any more is told of, and the answer serves all the same', async () => {
    await using crls = await startCrls(await crlOf(ca))
    await using folder = await openTemporary()
    const cacheDirectory = join(folder.directory, 'cache')
    await using revocation = await open({ cacheDirectory })
    await rm(cacheDirectory, { recursive: true })
    for (const _ of [1, 2])
      expect(await revocation.judge(verdictOn(crls.leaf, ca), CPS)).toMatchObject({
        statuses: [{ status: 'good' }],
      })
    expect(storeFailures).toMatchObject([{ code: 'ENOENT' }])
  })
})
