import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { rawFromDer } from './ecdsa-signature.ts'
import { softwareSigner } from './software-signer.ts'
import { verifierOf } from './verifier.ts'

interface Keys {
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

const p256: Keys = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
const p521: Keys = generateKeyPairSync('ec', { namedCurve: 'secp521r1' })
const ed448: Keys = generateKeyPairSync('ed448')
const data = new TextEncoder().encode('signed')

describe.each([
  { algorithm: 'ecdsa-p256-sha256', keys: p256, size: 64 },
  { algorithm: 'ecdsa-p521-sha512', keys: p521, size: 132 },
  { algorithm: 'ed448', keys: ed448, size: 114 },
])('$algorithm', ({ algorithm, keys, size }) => {
  const signer = softwareSigner(keys.privateKey)
  const verifier = verifierOf(keys.publicKey)

  test('what is signed verifies, in the raw form', async () => {
    expect([signer.algorithm, verifier.algorithm]).toEqual([algorithm, algorithm])
    const signature = await signer.sign(data)
    expect(signature).toHaveLength(size)
    expect(verifier.verify(data, signature)).toBe(true)
  })

  test('other data, a changed bit, another length or another key do not', async () => {
    const signature = await signer.sign(data)
    const changed = signature.with(size - 1, (signature.at(-1) ?? 0) ^ 1)
    expect(verifier.verify(new Uint8Array(3), signature)).toBe(false)
    expect(verifier.verify(data, changed)).toBe(false)
    expect(verifier.verify(data, signature.subarray(1))).toBe(false)
    expect(verifier.verify(data, new Uint8Array(size))).toBe(false)
    expect(verifier.verify(data, new Uint8Array())).toBe(false)
  })

  test('any bytes are a signature that does not verify, never an error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: size, maxLength: size }), (signature) => {
        expect(verifier.verify(data, signature)).toBe(false)
      }),
      { numRuns: 20 },
    )
  })
})

test('short halves are padded: a thousand signatures all have their full size', async () => {
  const signer = softwareSigner(p256.privateKey)
  const verifier = verifierOf(p256.publicKey)
  const signatures = await Promise.all(Array.from({ length: 1000 }, () => signer.sign(data)))
  expect(signatures.every((signature) => signature.length === 64 && verifier.verify(data, signature))).toBe(
    true,
  )
})

test('the raw form is the one OpenSSL makes', () => {
  const der = sign('sha512', data, p521.privateKey)
  const raw = rawFromDer(der, 132)
  const verifier = verifierOf(p521.publicKey)
  expect(verifier.verify(data, raw)).toBe(true)
  const theirs = sign('sha512', data, { key: p521.privateKey, dsaEncoding: 'ieee-p1363' })
  expect(verifier.verify(data, theirs)).toBe(true)
})

test('a key ISO 15118 has no use for is refused: ERR_PKI_KEY_ALGORITHM', () => {
  const refusing = expect.objectContaining({ code: 'ERR_PKI_KEY_ALGORITHM' })
  const p384 = generateKeyPairSync('ec', { namedCurve: 'secp384r1' })
  const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 })
  for (const { privateKey, publicKey } of [p384, rsa]) {
    expect(() => softwareSigner(privateKey)).toThrow(refusing)
    expect(() => verifierOf(publicKey)).toThrow(refusing)
  }
})

test('a public key cannot sign: TypeError', () => {
  expect(() => softwareSigner(p256.publicKey)).toThrow(TypeError)
})
