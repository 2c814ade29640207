import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { parseCrl, type Certificate } from '#pki'

import { DAY_MS } from '../central.fixture.ts'
import { CrlService } from './crl-service.ts'
import { startIssuing, type IssuingScene } from './issuing.fixture.ts'

let nowMs: number
const clock = (): number => nowMs
let scene: IssuingScene
let crls: CrlService
beforeEach(async () => {
  nowMs = Date.now()
  scene = await startIssuing(clock)
  crls = new CrlService({ store: scene.store, clock })
})
afterEach(() => scene[Symbol.asyncDispose]())

const entryOf = async (certificate: Certificate): Promise<object | undefined> =>
  parseCrl((await crls.current(scene.ca)).der).entryOf(certificate)

test('a revocation stays until it was on a CRL that was signed after the certificate had expired', async () => {
  const certificate = await scene.enrolled('first')
  await scene.revoke(certificate, 'first')
  const isListedAt = async (atMs: number): Promise<boolean> => {
    nowMs = atMs
    crls = new CrlService({ store: scene.store, clock })
    return (await entryOf(certificate)) !== undefined
  }
  expect(await isListedAt(certificate.validToMs - DAY_MS)).toBe(true)
  expect(await isListedAt(certificate.validToMs + 30 * DAY_MS)).toBe(true)
  expect(await isListedAt(certificate.validToMs + 31 * DAY_MS)).toBe(false)
})

test('a restart signs no CRL while the last one is present', async () => {
  const last = await crls.current(scene.ca)
  const before = scene.signatures()
  const restarted = new CrlService({ store: scene.store, clock })
  expect(await restarted.current(scene.ca)).toMatchObject({ der: last.der })
  expect(scene.signatures() - before).toBe(0)
})

test('those who ask at the same time get the same CRL', async () => {
  const before = scene.signatures()
  const answers = await Promise.all(Array.from({ length: 8 }, () => crls.current(scene.ca)))
  expect([new Set(answers.map(({ der }) => der)).size, scene.signatures() - before]).toEqual([1, 1])
})

const failing = async (): Promise<Uint8Array> => {
  throw new Error('CKR_DEVICE_REMOVED')
}

describe('while the key cannot sign', () => {
  test('the last CRL is given as long as it is valid, with the reason, and the key is left alone between', async () => {
    const last = await crls.current(scene.ca)
    await scene.revoke(await scene.enrolled('first'), 'first')
    scene.breakKey(failing)
    const before = scene.signatures()
    for (let i = 0; i < 3; i++)
      expect(await crls.current(scene.ca)).toMatchObject({
        der: last.der,
        because: { code: 'ERR_EST_KEY_FAILED' },
      })
    expect(scene.signatures() - before).toBe(1)
    nowMs += 7 * DAY_MS
    await expect(crls.current(scene.ca)).rejects.toMatchObject({ code: 'ERR_EST_KEY_FAILED' })
  })

  test('the last CRL is given after a restart too, as long as it is valid', async () => {
    const last = await crls.current(scene.ca)
    await scene.revoke(await scene.enrolled('first'), 'first')
    scene.breakKey(failing)
    crls = new CrlService({ store: scene.store, clock })
    expect(await crls.current(scene.ca)).toMatchObject({
      der: last.der,
      because: { code: 'ERR_EST_KEY_FAILED' },
    })
    nowMs += 7 * DAY_MS
    crls = new CrlService({ store: scene.store, clock })
    await expect(crls.current(scene.ca)).rejects.toMatchObject({ code: 'ERR_EST_KEY_FAILED' })
  })

  test('there is none when there was none; a moment after the key is back there is', async () => {
    const certificate = await scene.enrolled('first')
    await scene.revoke(certificate, 'first')
    scene.breakKey(failing)
    await expect(crls.current(scene.ca)).rejects.toMatchObject({ code: 'ERR_EST_KEY_FAILED' })
    scene.breakKey(undefined)
    await expect(crls.current(scene.ca)).rejects.toMatchObject({ code: 'ERR_EST_KEY_FAILED' })
    nowMs += 10_000
    expect(await entryOf(certificate)).toMatchObject({ reason: 'superseded' })
  })
})
