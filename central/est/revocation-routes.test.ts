import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { parseCertificate } from '#pki'

import { DAY_MS, startScene, type CentralScene } from '../central.fixture.ts'
import { curl, enrolStation, newRequest, openssl, type Station } from './est.fixture.ts'

let scene: CentralScene
let nowMs = Date.now()
beforeAll(async () => {
  scene = await startScene({ clock: () => nowMs })
})
afterAll(() => scene[Symbol.asyncDispose]())

const HEADERS = { 'content-type': 'application/json' }
const pki = (name: string): string => join(scene.directory, 'pki', `${name}.pem`)

function revoke(
  { certificate }: Pick<Station, 'certificate'>,
  over: { role?: 'ADMIN' | 'CPO' | 'CPS' | 'OEM' | 'MO_EXTERNAL_PKI'; revocationReason?: string } = {},
): ReturnType<typeof curl> {
  const { role = 'CPO', revocationReason = 'keyCompromise' } = over
  const body = JSON.stringify({ certificate: certificate.toPem(), revocationReason })
  return curl(scene, '/v1/pki/revokeCertificate', { role, headers: HEADERS, body })
}

/** The request of `openssl ocsp`, in a file. */
async function ocspRequest({ client }: Pick<Station, 'client'>): Promise<string> {
  const file = `${client.certificate}.ocsp`
  await openssl(['ocsp', '-issuer', pki('cpo/sub2'), '-cert', client.certificate, '-reqout', file])
  return file
}

/** What `openssl ocsp` thinks of an answer, its signature and times included. */
async function judged(station: Station, answer: Buffer): Promise<string> {
  const file = `${station.client.certificate}.answer`
  await writeFile(file, answer)
  const { certificate } = station.client
  const subject = `-issuer ${pki('cpo/sub2')} -cert ${certificate} -respin ${file}`
  const trust = `-CAfile ${pki('v2g/root')} -verify_other ${pki('cpo/sub1')} -trust_other -partial_chain`
  return await openssl(`ocsp ${subject} ${trust} -no_nonce`.split(' '))
}

describe('OCSP', () => {
  test('tells openssl that a certificate is good, and after its revocation since when and why not', async () => {
    const station = await enrolStation(scene, 'DE*EVO*E1')
    const body = await readFile(await ocspRequest(station))
    const post = (): ReturnType<typeof curl> =>
      curl(scene, '/ocsp/cpo', { body, headers: { 'content-type': 'application/ocsp-request' } })
    const good = await post()
    expect([good.status, good.contentType]).toEqual([200, 'application/ocsp-response'])
    expect(await judged(station, good.body)).toMatch(/Response verify OK[^]*: good/)
    expect((await revoke(station)).status).toBe(200)
    const revoked = await judged(station, (await post()).body)
    expect(revoked).toMatch(/Response verify OK[^]*: revoked[^]*Reason: keyCompromise/)
  })

  test('answers by GET, and hexadecimal digits in hexadecimal digits', async () => {
    const station = await enrolStation(scene, 'DE*EVO*E2')
    const der = await readFile(await ocspRequest(station))
    const got = await curl(scene, `/ocsp/cpo/${encodeURIComponent(der.toString('base64'))}`)
    expect(await judged(station, got.body)).toMatch(/verify OK[^]*: good/)
    const hex = await curl(scene, '/ocsp/cpo', { body: der.toString('hex') })
    expect(hex.text).toMatch(/^[0-9a-f]+$/)
    expect(await judged(station, Buffer.from(hex.text, 'hex'))).toMatch(/verify OK[^]*: good/)
  })

  test('does not know a certificate that is not in its records', async () => {
    const certificate = pki('cpo/leaf')
    const station = {
      ...(await enrolStation(scene, 'DE*EVO*E3')),
      client: { certificate, privateKey: '' },
    }
    const answer = await curl(scene, '/ocsp/cpo', { body: await readFile(await ocspRequest(station)) })
    expect(await judged(station, answer.body)).toContain(': unknown')
  })

  test('says in its own words that a request is none, or is for another issuer', async () => {
    const station = await enrolStation(scene, 'DE*EVO*E4')
    const malformed = await curl(scene, '/ocsp/cpo', { body: 'hello' })
    expect([...malformed.body]).toEqual([0x30, 3, 0x0a, 1, 1])
    const foreign = await curl(scene, '/ocsp/mo', { body: await readFile(await ocspRequest(station)) })
    expect([...foreign.body]).toEqual([0x30, 3, 0x0a, 1, 6])
    expect((await curl(scene, '/ocsp/nobody', { body: 'x' })).status).toBe(404)
  })
})

/** The present CRL of the CPO's CA as `openssl crl` tells it. */
async function crl(): Promise<{ text: string; file: string }> {
  const answer = await curl(scene, '/crl/cpo.crl')
  expect([answer.status, answer.contentType]).toEqual([200, 'application/pkix-crl'])
  const file = join(scene.directory, 'cpo.crl')
  await writeFile(file, answer.body)
  const issuer = ['-CAfile', pki('cpo/sub2')]
  return { file, text: await openssl(['crl', '-inform', 'DER', '-in', file, '-text', '-noout', ...issuer]) }
}
const numberOf = (text: string): number => Number(/X509v3 CRL Number:\s+(\d+)/.exec(text)?.[1])

describe('CRL', () => {
  test('verifies, lists what was revoked at once, and openssl verify refuses it then', async () => {
    const station = await enrolStation(scene, 'DE*EVO*E5')
    const before = await crl()
    expect(before.text).toContain('verify OK')
    const serial = station.certificate.serialNumberHex.toUpperCase()
    expect(before.text).not.toContain(serial)
    await revoke(station, { revocationReason: 'superseded' })
    const after = await crl()
    expect(after.text).toMatch(new RegExp(`Serial Number: ${serial}[^]*?Superseded`))
    expect(numberOf(after.text)).toBeGreaterThan(numberOf(before.text))
    const pem = join(scene.directory, 'cpo.crl.pem')
    await openssl(['crl', '-inform', 'DER', '-in', after.file, '-out', pem])
    const chain = ['-partial_chain', '-trusted', pki('cpo/sub2'), '-CRLfile', pem, '-crl_check']
    await expect(openssl(['verify', ...chain, station.client.certificate])).rejects.toThrow(
      'certificate revoked',
    )
  })

  test('stays the same while nothing happens, and is renewed before it ends', async () => {
    const first = await crl()
    expect(numberOf((await crl()).text)).toBe(numberOf(first.text))
    nowMs += 2 * DAY_MS
    const renewed = await crl()
    nowMs -= 2 * DAY_MS
    expect(numberOf(renewed.text)).toBeGreaterThan(numberOf(first.text))
  })

  test('of an unknown CA is not found', async () => {
    expect((await curl(scene, '/crl/nobody.crl')).status).toBe(404)
    expect((await curl(scene, '/crl/cpo')).status).toBe(404)
  })
})

describe('revokeCertificate', () => {
  test('is for the owner and the pool operator; doing it again changes nothing', async () => {
    const station = await enrolStation(scene, 'DE*EVO*E6')
    expect((await revoke(station, { role: 'OEM' })).status).toBe(403)
    expect((await revoke(station, { role: 'CPS' })).status).toBe(403)
    expect((await revoke(station, { role: 'MO_EXTERNAL_PKI' })).status).toBe(403)
    expect((await revoke(station, { role: 'ADMIN', revocationReason: 'superseded' })).status).toBe(200)
    expect((await revoke(station)).status).toBe(200)
    const answer = await curl(scene, '/ocsp/cpo', { body: await readFile(await ocspRequest(station)) })
    expect(await judged(station, answer.body)).toContain('Reason: superseded')
  })

  test('survives the end of the program', async () => {
    const station = await enrolStation(scene, 'DE*EVO*E7')
    await revoke(station)
    await scene.restart()
    const answer = await curl(scene, '/ocsp/cpo', { body: await readFile(await ocspRequest(station)) })
    expect(await judged(station, answer.body)).toContain(': revoked')
  })

  test('knows only what was issued here, and reasons that there are', async () => {
    const station = await enrolStation(scene, 'DE*EVO*E8')
    expect((await revoke(station, { revocationReason: 'boredom' })).status).toBe(400)
    const leaf = parseCertificate(await readFile(pki('cpo/leaf')))
    expect((await revoke({ certificate: leaf })).status).toBe(404)
    const root = parseCertificate(await readFile(pki('v2g/root')))
    expect((await revoke({ certificate: root })).status).toBe(404)
    const { request } = await newRequest('DE*EVO*E9')
    const body = JSON.stringify({ certificate: request, revocationReason: 'superseded' })
    const answer = await curl(scene, '/v1/pki/revokeCertificate', { role: 'CPO', headers: HEADERS, body })
    expect(answer.status).toBe(400)
  })
})
