import { createHmac, generateKeyPairSync } from 'node:crypto'

import { compactVerify } from 'jose'
import { expect, test } from 'vitest'

import { signatureHeaders } from './delivery-signatures.ts'

const { publicKey, privateKey } = generateKeyPairSync('ed25519')
const key = { kid: 'k1', privateKey }
const BODY = new TextEncoder().encode('{"emaid":"DEEVOC00000001","ü":1}')
const options = { secret: 'It’s a secret', format: 'prefixed', key } as const

const hmac = (body: Uint8Array, secret: string): string =>
  createHmac('sha256', secret).update(body).digest('hex')

test('the three headers hold the HMAC of the exact bytes', () => {
  const hex = hmac(BODY, options.secret)
  expect(signatureHeaders(BODY, options)).toMatchObject({
    'payload-signature': hex,
    'X-Hubject-Signature': `sha256=${hex}`,
    'X-Operator-Signature': `sha256=${hex}`,
  })
})

/** RFC 4231, test case 2. */
test('the HMAC is that of the standard', () => {
  const headers = signatureHeaders(new TextEncoder().encode('what do ya want for nothing?'), {
    ...options,
    secret: 'Jefe',
  })
  expect(headers['payload-signature']).toBe(
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  )
})

test('X-Operator-Signature is plain hex for who reads it so', () => {
  const headers = signatureHeaders(BODY, { ...options, format: 'hex' })
  expect(headers['X-Operator-Signature']).toBe(headers['payload-signature'])
  expect(headers['X-Hubject-Signature']).toMatch(/^sha256=/)
})

test('a secret that is to come signs in a header of its own', () => {
  const headers = signatureHeaders(BODY, { ...options, nextSecret: 'new' })
  expect(headers['X-Operator-Signature-Next']).toBe(`sha256=${hmac(BODY, 'new')}`)
  expect(headers['payload-signature']).toBe(hmac(BODY, options.secret))
})

test('the detached JWS holds for these bytes and no others', async () => {
  const jws = signatureHeaders(BODY, options)['X-Operator-JWS'] ?? ''
  const attached = (body: Uint8Array): string =>
    jws.replace('..', `.${Buffer.from(body).toString('base64url')}.`)
  const { payload, protectedHeader } = await compactVerify(attached(BODY), publicKey)
  expect(payload).toEqual(BODY)
  expect(protectedHeader).toEqual({ alg: 'EdDSA', kid: 'k1' })
  const changed = Uint8Array.from(BODY)
  changed[10] = 0x58
  await expect(compactVerify(attached(changed), publicKey)).rejects.toMatchObject({
    code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
  })
})

test('the same bytes get the same headers', () => {
  expect(signatureHeaders(BODY, options)).toEqual(signatureHeaders(BODY, options))
})
