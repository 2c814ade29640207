import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { beforeAll, beforeEach, describe, expect, test } from 'vitest'

import type { Certificate } from '../certificate/certificate.ts'
import { DAY_MS, type Forged, NOW_MS } from '../testing/forge.ts'
import { RevocationError } from './errors.ts'
import { EvidenceFolder } from './evidence-folder.ts'
import { guardedHttp } from './guarded-http.ts'
import { readOcspRequest } from './ocsp-request.ts'
import { ocspErrorResponse } from './ocsp-responder.ts'
import type { OcspAnswer } from './ocsp-response.ts'
import {
  type CertificateRevocation,
  keepRevocationFresh,
  RevocationChecker,
  type RevocationPolicy,
} from './revocation-checker.ts'
import { RevocationFetcher } from './revocation-fetcher.ts'
import {
  bodyOf,
  crlOf,
  forgeCa,
  forgeLeaf,
  HOUR_MS,
  LOOPBACK,
  responseOf,
  serve,
  type TestCa,
} from './revocation.fixture.ts'

const HARD: RevocationPolicy = { mode: 'hard-fail' }
const softFor = (graceMs: number): RevocationPolicy => ({ mode: 'soft-fail', graceMs })
const REVOKED = { status: 'revoked', revokedAtMs: NOW_MS - DAY_MS, reason: 'keyCompromise' } as const

let ca: TestCa
let nowMs = NOW_MS
let storeFailures: unknown[] = []

beforeAll(async () => {
  ca = await forgeCa({ validToMs: NOW_MS + 365 * DAY_MS })
})
beforeEach(() => {
  nowMs = NOW_MS
  storeFailures = []
})

/** A responder that counts, whose answer, silence or absence the test decides. */
async function startResponder() {
  const state: { asked: string[]; answer: Partial<OcspAnswer>; mode: 'up' | 'down' | 'silent' | 'sha1' } = {
    asked: [],
    answer: {},
    mode: 'up',
  }
  const site = await serve(async (request, response): Promise<unknown> => {
    const [id] = readOcspRequest(await bodyOf(request)).certificateIds
    if (id === undefined) throw new TypeError('a request is for a certificate')
    state.asked.push(id.hashAlgorithm)
    if (state.mode === 'silent') return undefined
    if (state.mode === 'down') return response.writeHead(503).end()
    if (state.mode === 'sha1' && id.hashAlgorithm !== 'sha1')
      return response.end(ocspErrorResponse('unauthorized'))
    const answer = {
      certificateId: id,
      thisUpdateMs: nowMs - HOUR_MS,
      nextUpdateMs: nowMs + DAY_MS,
      ...state.answer,
    }
    return response.end(await responseOf(ca, ca.certificate, { answer }))
  })
  return {
    ...site,
    state,
    leaf: (): Promise<Forged> => forgeLeaf(ca, { ocsp: site.url, validToMs: NOW_MS + 90 * DAY_MS }),
  }
}

async function openFolder(): Promise<{ directory: string } & AsyncDisposable> {
  const directory = await mkdtemp(join(tmpdir(), 'evouch-evidence-'))
  return { directory, [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) }
}

async function checkerIn(directory: string, timeoutMs = 2_000): Promise<RevocationChecker> {
  return new RevocationChecker({
    fetcher: new RevocationFetcher({ network: guardedHttp({ allowedNetworks: LOOPBACK, timeoutMs }) }),
    store: await EvidenceFolder.open(directory),
    clock: () => nowMs,
    onStoreFailure: (error) => void storeFailures.push(error),
  })
}

async function checkOne(
  checker: RevocationChecker,
  { certificate }: { readonly certificate: Certificate },
  policy = HARD,
  signal?: AbortSignal,
): Promise<CertificateRevocation> {
  const options = { atMs: nowMs, policy, ...(signal === undefined ? {} : { signal }) }
  const [found, ...others] = await checker.check([certificate, ca.certificate], options)
  if (found === undefined || others.length > 0) throw new TypeError('one status for one certificate')
  return found
}

describe('the revocation checker', () => {
  test('asks once, then answers from memory, and says how old the answer is', async () => {
    await using folder = await openFolder()
    await using responder = await startResponder()
    const checker = await checkerIn(folder.directory)
    const leaf = await responder.leaf()
    expect(await checkOne(checker, leaf)).toMatchObject({
      status: { status: 'good', source: 'ocsp' },
      accepted: true,
      answerAgeMs: HOUR_MS,
    })
    nowMs += HOUR_MS
    expect(await checkOne(checker, leaf)).toMatchObject({ accepted: true, answerAgeMs: 2 * HOUR_MS })
    expect(responder.state.asked).toEqual(['sha256'])
  })

  test('asks once for many who ask at the same time', async () => {
    await using folder = await openFolder()
    await using responder = await startResponder()
    const checker = await checkerIn(folder.directory)
    const leaf = await responder.leaf()
    const found = await Promise.all(Array.from({ length: 20 }, () => checkOne(checker, leaf)))
    expect(found.every(({ accepted }) => accepted)).toBe(true)
    expect(responder.state.asked).toHaveLength(1)
  })

  test('checks every certificate of a path but the root', async () => {
    await using folder = await openFolder()
    await using responder = await startResponder()
    const sub = await forgeLeaf(ca, { subject: 'Sub', ca: true, serialNumber: '0b', ocsp: responder.url })
    const leaf = await forgeLeaf(sub)
    const checker = await checkerIn(folder.directory)
    const path = [leaf, sub, ca].map(({ certificate }) => certificate)
    const found = await checker.check(path, { atMs: nowMs, policy: softFor(0) })
    expect(found.map(({ certificate, status }) => [certificate.commonName, status.status])).toEqual([
      ['Leaf', 'unknown'],
      ['Sub', 'good'],
    ])
  })

  test('serves from disk after a restart, without a network', async () => {
    await using folder = await openFolder()
    await using responder = await startResponder()
    const leaf = await responder.leaf()
    await checkOne(await checkerIn(folder.directory), leaf)
    responder.state.mode = 'down'
    expect(await checkOne(await checkerIn(folder.directory), leaf)).toMatchObject({ accepted: true })
    expect(responder.state.asked).toHaveLength(1)
  })

  test.each(['superseded', 'certificateHold'] as const)(
    'never accepts a certificate revoked for %s, also long after the answer has ended',
    async (reason) => {
      await using folder = await openFolder()
      await using responder = await startResponder()
      const status = { ...REVOKED, reason }
      responder.state.answer = { status }
      const checker = await checkerIn(folder.directory)
      const leaf = await responder.leaf()
      expect(await checkOne(checker, leaf, softFor(DAY_MS))).toMatchObject({ status, accepted: false })
      responder.state.mode = 'down'
      nowMs += 30 * DAY_MS
      expect(await checkOne(checker, leaf, softFor(90 * DAY_MS))).toMatchObject({ status, accepted: false })
    },
  )

  test('takes an outdated revocation, and asks no more for a minute', async () => {
    await using folder = await openFolder()
    await using responder = await startResponder()
    responder.state.answer = { status: REVOKED, nextUpdateMs: nowMs - HOUR_MS / 2 }
    const checker = await checkerIn(folder.directory)
    const leaf = await responder.leaf()
    for (const _ of [1, 2])
      expect(await checkOne(checker, leaf)).toMatchObject({ status: REVOKED, accepted: false })
    expect(responder.state.asked).toHaveLength(1)
    responder.state.answer = {}
    nowMs += 60_000
    expect(await checkOne(checker, leaf)).toMatchObject({ accepted: true })
  })

  test('tries SHA-1 with a responder that does not know SHA-256', async () => {
    await using folder = await openFolder()
    await using responder = await startResponder()
    responder.state.mode = 'sha1'
    expect(await checkOne(await checkerIn(folder.directory), await responder.leaf())).toMatchObject({
      accepted: true,
    })
    expect(responder.state.asked).toEqual(['sha256', 'sha1'])
  })

  test('turns to the CRL when the responder is down', async () => {
    await using folder = await openFolder()
    await using responder = await startResponder()
    responder.state.mode = 'down'
    await using site = await serve(async (_request, response) => response.end(await crlOf(ca)))
    const leaf = await forgeLeaf(ca, { ocsp: responder.url, crl: site.url })
    expect(await checkOne(await checkerIn(folder.directory), leaf)).toMatchObject({
      status: { status: 'good', source: 'crl' },
    })
    // As tools read it: DER under a name that says what it is.
    expect(await readdir(folder.directory)).toEqual([expect.stringMatching(/^[0-9a-f]{64}\.crl$/)])
  })

  test('asks a responder that failed no more for a minute', async () => {
    await using folder = await openFolder()
    await using responder = await startResponder()
    responder.state.mode = 'down'
    const checker = await checkerIn(folder.directory)
    const leaf = await responder.leaf()
    for (const afterMs of [0, 0, 59_999]) {
      nowMs = NOW_MS + afterMs
      expect(await checkOne(checker, leaf)).toMatchObject({
        status: { status: 'unknown', why: expect.stringContaining('ERR_REVOCATION_FETCH') },
        accepted: false,
      })
    }
    expect(responder.state.asked).toHaveLength(1)
    responder.state.mode = 'up'
    nowMs = NOW_MS + 60_000
    expect(await checkOne(checker, leaf)).toMatchObject({ accepted: true })
  })

  test('does not ask in networks that are not allowed', async () => {
    await using folder = await openFolder()
    await using responder = await startResponder()
    const checker = new RevocationChecker({
      fetcher: new RevocationFetcher({ network: guardedHttp() }),
      store: await EvidenceFolder.open(folder.directory),
      clock: () => nowMs,
      onStoreFailure: (error) => void storeFailures.push(error),
    })
    expect(await checkOne(checker, await responder.leaf())).toMatchObject({
      status: { status: 'unknown', why: expect.stringContaining('ERR_REVOCATION_ADDRESS') },
    })
    expect(responder.state.asked).toEqual([])
  })

  test('stops waiting with the signal, and has the answer for the next who asks', async () => {
    await using folder = await openFolder()
    await using responder = await startResponder()
    responder.state.mode = 'silent'
    const checker = await checkerIn(folder.directory, 100)
    const leaf = await responder.leaf()
    const found = await checkOne(checker, leaf, HARD, AbortSignal.timeout(10))
    expect(found).toMatchObject({ status: { status: 'unknown' }, accepted: false })
    responder.state.mode = 'up'
    await sleep(200)
    nowMs += 60_000
    expect(await checkOne(checker, leaf)).toMatchObject({ accepted: true })
  })
})

test('more questions than may be open at once are not asked', async () => {
  await using folder = await openFolder()
  const release = new AbortController()
  let asked = 0
  const checker = new RevocationChecker({
    fetcher: new RevocationFetcher({
      network: () => {
        asked++
        return new Promise((_resolve, reject) => {
          const down = new RevocationError('ERR_REVOCATION_FETCH', 'down')
          release.signal.addEventListener('abort', () => reject(down))
        })
      },
    }),
    store: await EvidenceFolder.open(folder.directory),
    clock: () => nowMs,
  })
  const { keys } = ca
  const leaves = await Promise.all(
    Array.from({ length: 65 }, (_, index) =>
      forgeLeaf(ca, { keys, serialNumber: `0a${16 + index}`, ocsp: 'http://ocsp.example/' }),
    ),
  )
  const found = await Promise.all(
    leaves.map((leaf) => checkOne(checker, leaf, HARD, AbortSignal.timeout(50))),
  )
  release.abort()
  expect(asked).toBe(64)
  expect(found.filter(({ status }) => status.status === 'unknown' && /open/.test(status.why))).toHaveLength(1)
})

describe('the policy', () => {
  test('soft-fail accepts an answer that has ended for its grace, hard-fail does not', async () => {
    await using folder = await openFolder()
    await using responder = await startResponder()
    const checker = await checkerIn(folder.directory)
    const leaf = await responder.leaf()
    await checkOne(checker, leaf)
    responder.state.mode = 'down'
    const endMs = NOW_MS + DAY_MS
    nowMs = endMs + 2 * HOUR_MS
    expect(await checkOne(checker, leaf, HARD)).toMatchObject({
      status: { status: 'unknown' },
      accepted: false,
      answerAgeMs: DAY_MS + 3 * HOUR_MS,
    })
    expect(await checkOne(checker, leaf, softFor(2 * HOUR_MS))).toMatchObject({ accepted: true })
    expect(await checkOne(checker, leaf, softFor(2 * HOUR_MS - 1))).toMatchObject({ accepted: false })
  })

  test('soft-fail accepts a certificate nobody ever answered for, as long as the outage may last', async () => {
    await using folder = await openFolder()
    await using responder = await startResponder()
    responder.state.mode = 'down'
    const checker = await checkerIn(folder.directory)
    const leaf = await responder.leaf()
    expect(await checkOne(checker, leaf, softFor(HOUR_MS))).toMatchObject({ accepted: true })
    nowMs += HOUR_MS
    expect(await checkOne(checker, leaf, softFor(HOUR_MS))).toMatchObject({ accepted: true })
    nowMs += 1
    expect(await checkOne(checker, leaf, softFor(HOUR_MS))).toMatchObject({ accepted: false })
  })

  test('soft-fail accepts a certificate whose issuer names nobody to ask, hard-fail does not', async () => {
    await using folder = await openFolder()
    const checker = await checkerIn(folder.directory)
    const leaf = await forgeLeaf(ca)
    expect(await checkOne(checker, leaf, softFor(0))).toMatchObject({ accepted: true })
    expect(await checkOne(checker, leaf, HARD)).toMatchObject({ accepted: false })
  })
})

describe('refreshing', () => {
  test('fetches anew what has a quarter of its life left, and nothing before', async () => {
    await using folder = await openFolder()
    await using responder = await startResponder()
    const checker = await checkerIn(folder.directory)
    const leaf = await responder.leaf()
    await checkOne(checker, leaf)
    nowMs = NOW_MS - HOUR_MS + 0.75 * 25 * HOUR_MS - 1
    await checker.refreshDue()
    expect(responder.state.asked).toHaveLength(1)
    nowMs += 1
    await checker.refreshDue()
    expect(responder.state.asked).toHaveLength(2)
    expect(await checkOne(checker, leaf)).toMatchObject({ answerAgeMs: HOUR_MS })
  })

  test('does not trust an answer of a long life for longer than a day', async () => {
    await using folder = await openFolder()
    await using responder = await startResponder()
    responder.state.answer = { thisUpdateMs: NOW_MS, nextUpdateMs: NOW_MS + 365 * DAY_MS }
    const checker = await checkerIn(folder.directory)
    await checkOne(checker, await responder.leaf())
    for (const [afterMs, asked] of [
      [DAY_MS - 1, 1],
      [DAY_MS, 2],
      [DAY_MS, 2],
      [2 * DAY_MS, 3],
    ] as const) {
      nowMs = NOW_MS + afterMs
      await checker.refreshDue()
      expect(responder.state.asked).toHaveLength(asked)
    }
  })

  test('keeps the old answer when it fails', async () => {
    await using folder = await openFolder()
    await using responder = await startResponder()
    const checker = await checkerIn(folder.directory)
    const leaf = await responder.leaf()
    await checkOne(checker, leaf)
    responder.state.mode = 'down'
    nowMs += 20 * HOUR_MS
    await checker.refreshDue()
    expect(responder.state.asked).toHaveLength(2)
    expect(await checkOne(checker, leaf)).toMatchObject({ accepted: true })
  })

  test('goes on in an interval until it is told to end', async () => {
    await using folder = await openFolder()
    await using responder = await startResponder()
    const checker = await checkerIn(folder.directory)
    await checkOne(checker, await responder.leaf())
    const stop = new AbortController()
    const slept: number[] = []
    await keepRevocationFresh(checker, {
      intervalMs: HOUR_MS,
      signal: stop.signal,
      sleep: async (delayMs) => {
        slept.push(delayMs)
        nowMs += 20 * delayMs
        if (slept.length === 3) stop.abort()
      },
    })
    expect(slept).toEqual([HOUR_MS, HOUR_MS, HOUR_MS])
    expect(responder.state.asked).toHaveLength(3)
  })
})

/** A name of evidence made of one digit. */
const name = (n: number): string => `${`${n}`.repeat(64)}.crl`

describe('the folder of evidence', () => {
  test('is not believed: what somebody else put there is fetched anew', async () => {
    await using folder = await openFolder()
    await using responder = await startResponder()
    responder.state.answer = { status: REVOKED }
    const leaf = await responder.leaf()
    await checkOne(await checkerIn(folder.directory), leaf)
    const [file = ''] = await readdir(folder.directory)
    const stranger = await forgeCa()
    const forged = await responseOf(stranger, leaf.certificate)
    for (const content of [forged, Buffer.from('damaged'), new Uint8Array()]) {
      await writeFile(join(folder.directory, file), content)
      expect(await checkOne(await checkerIn(folder.directory), leaf)).toMatchObject({ status: REVOKED })
    }
    expect(responder.state.asked).toHaveLength(4)
  })

  test('that cannot be written to is reported, and the answer still counts', async () => {
    const folder = await openFolder()
    await using responder = await startResponder()
    const checker = await checkerIn(folder.directory)
    await folder[Symbol.asyncDispose]()
    expect(await checkOne(checker, await responder.leaf())).toMatchObject({ accepted: true })
    expect(storeFailures).toEqual([expect.objectContaining({ code: 'ENOENT' })])
  })

  test('drops the oldest over its limit, and what a crash has left half written', async () => {
    await using folder = await openFolder()
    await writeFile(join(folder.directory, `${name(1)}.1-1.tmp`), 'half')
    const store = await EvidenceFolder.open(folder.directory, { entriesMax: 2 })
    for (const n of [1, 2, 1, 3]) await store.write(name(n), Uint8Array.of(n))
    expect((await readdir(folder.directory)).toSorted()).toEqual([name(1), name(3)])
    await expect(store.read(name(2))).resolves.toBeUndefined()
    await expect(store.read(name(1))).resolves.toEqual(Uint8Array.of(1))
    expect(new Uint8Array(await readFile(join(folder.directory, name(3))))).toEqual(Uint8Array.of(3))
  })

  test('drops the oldest over its limit of bytes, over a restart too', async () => {
    await using folder = await openFolder()
    const store = await EvidenceFolder.open(folder.directory, { bytesMax: 10 })
    for (const n of [1, 2, 3]) await store.write(name(n), new Uint8Array(4))
    expect((await readdir(folder.directory)).toSorted()).toEqual([name(2), name(3)])
    await utimes(join(folder.directory, name(3)), 0, 0)
    const smaller = await EvidenceFolder.open(folder.directory, { bytesMax: 5 })
    await expect(smaller.read(name(3))).resolves.toBeUndefined()
    await expect(smaller.read(name(2))).resolves.toHaveLength(4)
  })

  test('takes no name that could lead out of it', async () => {
    await using folder = await openFolder()
    const store = await EvidenceFolder.open(folder.directory)
    await expect(store.write('../a.crl', Uint8Array.of(1))).rejects.toThrow(TypeError)
  })
})
