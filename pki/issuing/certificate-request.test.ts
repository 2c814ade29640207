import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { base64FromBytes } from '#base'

import { writePem } from '../der/pem.ts'
import { PkiError } from '../errors.ts'
import { softwareSigner } from '../keys/software-signer.ts'
import { readCertificateRequest, writeCertificateRequest } from './certificate-request.ts'

const KEYS = {
  'ecdsa-p256-sha256': generateKeyPairSync('ec', { namedCurve: 'prime256v1' }),
  'ecdsa-p521-sha512': generateKeyPairSync('ec', { namedCurve: 'secp521r1' }),
  ed448: generateKeyPairSync('ed448'),
} as const
const SUBJECT = { commonName: 'DE*EVO*E000001', organizationName: 'Example', countryName: 'DE' }

function request(name: keyof typeof KEYS = 'ecdsa-p256-sha256'): Promise<Uint8Array> {
  const { publicKey, privateKey } = KEYS[name]
  return writeCertificateRequest({ subject: SUBJECT, publicKey, signer: softwareSigner(privateKey) })
}

const openssl = (args: readonly string[], input: string | Uint8Array): Buffer =>
  execFileSync('openssl', args, { input, stdio: ['pipe', 'pipe', 'pipe'] })

/** PEM of a request with an attribute, for a fresh key that nobody keeps. */
function newRequest(type: string, option: string): string {
  const key = ['-newkey', type, '-pkeyopt', option, '-nodes', '-keyout', '/dev/null']
  const subject = ['-subj', '/O=Example/CN=x', '-addext', 'subjectAltName=DNS:x']
  return openssl(['req', '-new', ...key, ...subject], '').toString()
}

test.each(['ecdsa-p256-sha256', 'ecdsa-p521-sha512', 'ed448'] as const)(
  '%s: what is written is read back, and OpenSSL finds it in order',
  async (name) => {
    const der = await request(name)
    const read = readCertificateRequest(der)
    expect(read.publicKeyAlgorithm).toBe(name)
    expect(read.publicKey.equals(KEYS[name].publicKey)).toBe(true)
    expect(read.subject.text).toBe('CN=DE*EVO*E000001, O=Example, C=DE')
    const told = openssl(['req', '-inform', 'DER', '-verify', '-noout', '-subject'], der).toString()
    expect(told).toContain('CN = DE*EVO*E000001')
  },
)

describe('a request of OpenSSL', () => {
  const pem = newRequest('ec', 'ec_paramgen_curve:P-256')
  const der = openssl(['req', '-outform', 'DER'], pem)
  const base64 = base64FromBytes(der)
  test.each([
    ['PEM', pem],
    ['PEM with the older label', pem.replaceAll('CERTIFICATE', 'NEW CERTIFICATE')],
    ['PEM with CRLF', pem.replaceAll('\n', '\r\n')],
    ['DER', der],
    ['base64', base64],
    ['wrapped base64 as bytes', Buffer.from(base64.replace(/.{76}/g, '$&\r\n'))],
  ])('is read from %s', (_, body) => {
    const read = readCertificateRequest(body)
    expect(read.subject.values('CN')).toEqual(['x'])
    expect(read.der).toEqual(new Uint8Array(der))
  })
})

describe('refused', () => {
  test('a request signed with another key: ERR_PKI_REQUEST_SIGNATURE', async () => {
    const forged = await writeCertificateRequest({
      subject: SUBJECT,
      publicKey: KEYS['ecdsa-p256-sha256'].publicKey,
      signer: softwareSigner(generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey),
    })
    expect(() => readCertificateRequest(forged)).toThrow(code('ERR_PKI_REQUEST_SIGNATURE'))
  })

  test('a key of another kind: ERR_PKI_KEY_ALGORITHM', () => {
    for (const other of [
      newRequest('rsa', 'rsa_keygen_bits:2048'),
      newRequest('ec', 'ec_paramgen_curve:P-384'),
    ])
      expect(() => readCertificateRequest(other)).toThrow(code('ERR_PKI_KEY_ALGORITHM'))
  })

  test.each([
    ['nothing', ''],
    ['text', 'hello there'],
    ['a PEM without a request', writePem('CERTIFICATE', Uint8Array.of(0x30, 0))],
    ['an empty sequence', Uint8Array.of(0x30, 0)],
    ['nine kilobytes', new Uint8Array(9_000).fill(0x30)],
    ['a long text', 'A'.repeat(20_000)],
  ])('%s: ERR_PKI_REQUEST', (_, body) => {
    expect(() => readCertificateRequest(body)).toThrow(code('ERR_PKI_REQUEST'))
  })

  test('bytes after the end, and two requests: ERR_PKI_REQUEST', async () => {
    const der = await request()
    expect(() => readCertificateRequest(Buffer.concat([der, Buffer.of(0)]))).toThrow(code('ERR_PKI_REQUEST'))
    const pem = writePem('CERTIFICATE REQUEST', der)
    expect(() => readCertificateRequest(pem + pem)).toThrow(code('ERR_PKI_REQUEST'))
  })

  test('any changed byte, with one of our codes', async () => {
    const der = await request()
    fc.assert(
      fc.property(fc.nat(der.length - 1), fc.integer({ min: 1, max: 255 }), (position, mask) => {
        const changed = Uint8Array.from(der)
        changed[position] = (changed[position] ?? 0) ^ mask
        expect(() => readCertificateRequest(changed)).toThrow(PkiError)
      }),
    )
  })
})

const code = (expected: string): unknown => expect.objectContaining({ code: expected })
