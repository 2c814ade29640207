import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { fastify, type FastifyInstance } from 'fastify'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import type { Certificate } from '#pki'
import { createLogger } from '#service'

import { openssl } from './est.fixture.ts'
import { startIssuing, type IssuingScene } from './issuing.fixture.ts'
import { serveOcsp } from './ocsp-routes.ts'
import { OcspService } from './ocsp-service.ts'
import { OperatorCas } from './operator-ca.ts'

const HOUR_MS = 3_600_000
const SOURCE = '192.0.2.1'

let nowMs: number
const clock = (): number => nowMs
let directory: string
let scene: IssuingScene
let ocsp: OcspService
let certificate: Certificate
beforeAll(async () => {
  nowMs = Date.now()
  directory = await mkdtemp(join(tmpdir(), 'evouch-ocsp-'))
  scene = await startIssuing(clock)
  await writeFile(join(directory, 'ca.pem'), scene.ca.certificate.toPem())
})
beforeEach(async () => {
  nowMs = Date.now()
  scene.breakKey(undefined)
  ocsp = new OcspService({ store: scene.store, clock })
  certificate = await scene.enrolled('first')
})
afterAll(async () => {
  await scene[Symbol.asyncDispose]()
  await rm(directory, { recursive: true })
})

/** The request of openssl about certificates. */
async function requestFor(nonce: '-nonce' | '-no_nonce', ...certificates: Certificate[]): Promise<Buffer> {
  const stem = join(directory, 'asked')
  const files = certificates.map((_, index) => `${stem}${index}.pem`)
  for (const [index, asked] of certificates.entries()) await writeFile(`${stem}${index}.pem`, asked.toPem())
  const named = files.flatMap((file) => ['-cert', file])
  await openssl(['ocsp', '-issuer', join(directory, 'ca.pem'), ...named, nonce, '-reqout', `${stem}.der`])
  return await readFile(`${stem}.der`)
}

const failing = async (): Promise<Uint8Array> => {
  throw new Error('CKR_DEVICE_REMOVED')
}

/** An answer in the words of openssl. */
async function told({ der }: { readonly der: Uint8Array }): Promise<string> {
  const file = join(directory, 'answer.der')
  await writeFile(file, der)
  return await openssl(['ocsp', '-respin', file, '-noverify', '-text'])
}

const errorResponse = (status: number): number[] => [0x30, 3, 0x0a, 1, status]

describe('an answer', () => {
  test('is signed once for all who ask, at the same time or until it is half as old as it may be', async () => {
    const request = await requestFor('-no_nonce', certificate)
    const before = scene.signatures()
    const answers = await Promise.all(Array.from({ length: 8 }, () => ocsp.answer(scene.ca, request, SOURCE)))
    nowMs += 12 * HOUR_MS - 1
    answers.push(await ocsp.answer(scene.ca, request, '192.0.2.2'))
    expect([new Set(answers.map(({ der }) => der)).size, scene.signatures() - before]).toEqual([1, 1])
    nowMs += 1
    expect((await ocsp.answer(scene.ca, request, SOURCE)).der).not.toEqual(answers[0]?.der)
  })

  test('is of no use any more from the moment its certificate is revoked', async () => {
    const request = await requestFor('-no_nonce', certificate)
    const good = await ocsp.answer(scene.ca, request, SOURCE)
    await scene.revoke(certificate, 'first')
    const revoked = await ocsp.answer(scene.ca, request, SOURCE)
    expect(await told(good)).toContain('Cert Status: good')
    expect(await told(revoked)).toContain('Cert Status: revoked')
    expect(await ocsp.answer(scene.ca, request, SOURCE)).toEqual(revoked)
  })

  test('is made anew for a nonce, for several certificates and for numbers that were never given out', async () => {
    const unknown = { store: { find: async () => undefined }, clock }
    const questions = [
      [ocsp, await requestFor('-nonce', certificate)],
      [ocsp, await requestFor('-no_nonce', certificate, await scene.enrolled('second'))],
      [new OcspService(unknown), await requestFor('-no_nonce', certificate)],
    ] as const
    for (const [service, request] of questions) {
      const before = scene.signatures()
      for (let i = 0; i < 2; i++) await service.answer(scene.ca, request, SOURCE)
      expect(scene.signatures() - before).toBe(2)
    }
  })
})

test('signatures are limited for each source and for the CA, and what is kept is given all the same', async () => {
  const withNonce = await requestFor('-nonce', certificate)
  const plain = await requestFor('-no_nonce', certificate)
  /** How many of as many questions get a signature. */
  const signed = async (source: string, questions: number): Promise<number> => {
    const asked = Array.from({ length: questions }, () => ocsp.answer(scene.ca, withNonce, source))
    const settled = await Promise.allSettled(asked)
    const refused = settled.filter(({ status }) => status === 'rejected')
    for (const each of refused) expect(each).toMatchObject({ reason: { code: 'ERR_EST_SIGNATURE_RATE' } })
    return questions - refused.length
  }
  expect(await signed('2001:db8::1', 201)).toBe(200)
  expect(await signed('192.0.2.2', 101)).toBe(100)
  await ocsp.answer(scene.ca, plain, '192.0.2.3')
  await ocsp.answer(scene.ca, plain, '2001:db8::1')
  nowMs += 60_000
  expect(await signed('2001:db8::1', 1)).toBe(1)
})

test('while the key cannot sign, what is still valid is given with the reason, and nothing else', async () => {
  const request = await requestFor('-no_nonce', certificate)
  const held = await ocsp.answer(scene.ca, request, SOURCE)
  scene.breakKey(failing)
  nowMs += 13 * HOUR_MS
  expect(await ocsp.answer(scene.ca, request, SOURCE)).toMatchObject({
    der: held.der,
    because: { code: 'ERR_EST_KEY_FAILED' },
  })
  nowMs += 11 * HOUR_MS
  await expect(ocsp.answer(scene.ca, request, SOURCE)).rejects.toMatchObject({ code: 'ERR_EST_KEY_FAILED' })
  const other = await requestFor('-no_nonce', certificate, certificate)
  await expect(ocsp.answer(scene.ca, other, SOURCE)).rejects.toMatchObject({ code: 'ERR_EST_KEY_FAILED' })
})

describe('on the wire', () => {
  let app: FastifyInstance
  const log: string[] = []
  let find: typeof scene.store.find
  beforeEach(async () => {
    log.length = 0
    find = (name) => scene.store.find(name)
    app = fastify()
    const destination = { write: (line: string): void => void log.push(line) }
    const logger = createLogger({ name: 'test', level: 'info', destination })
    const service = new OcspService({ store: { find: (name) => find(name) }, clock })
    serveOcsp(app, { cas: new OperatorCas([scene.ca]), ocsp: service, logger })
    await app.listen({ port: 0, host: '127.0.0.1' })
    return () => app.close()
  })

  async function asked(body: Buffer | string): Promise<{ status: number; bytes: number[] }> {
    const address = app.server.address()
    const port = typeof address === 'object' ? address?.port : undefined
    const init = { method: 'POST', body: typeof body === 'string' ? body : Uint8Array.from(body) }
    const answer = await fetch(`http://127.0.0.1:${port}/ocsp/cps`, init)
    return { status: answer.status, bytes: [...new Uint8Array(await answer.arrayBuffer())] }
  }

  test('a key that cannot sign, or signs too often, is tryLater, in the form of the request', async () => {
    const withNonce = await requestFor('-nonce', certificate)
    scene.breakKey(failing)
    expect(await asked(withNonce)).toEqual({ status: 200, bytes: errorResponse(3) })
    const hexadecimal = [...Buffer.from(Buffer.from(errorResponse(3)).toString('hex'))]
    expect(await asked(withNonce.toString('hex'))).toEqual({ status: 200, bytes: hexadecimal })
    expect(log).toEqual([])
  })

  test('anything unexpected is internalError, and in the log', async () => {
    find = () => Promise.reject(new Error('the disk is gone'))
    const answer = await asked(await requestFor('-no_nonce', certificate))
    expect(answer).toEqual({ status: 200, bytes: errorResponse(2) })
    expect(log.map((line): { err: { message: string } } => JSON.parse(line).err.message)).toEqual([
      'the disk is gone',
    ])
  })
})
