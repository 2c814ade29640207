import { generateKeyPairSync, type KeyObject } from 'node:crypto'

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { bytesFromHex } from '#base'

import { PkiError } from '../errors.ts'
import { publicKeyOfPoint } from './elliptic-curve-point.ts'

const CURVES = [
  { namedCurve: 'prime256v1', parameters: bytesFromHex('06082a8648ce3d030107'), header: '0441', size: 65 },
  { namedCurve: 'secp521r1', parameters: bytesFromHex('06052b81040023'), header: '048185', size: 133 },
]

/** The uncompressed point at the end of the key's SubjectPublicKeyInfo. */
const pointOf = (key: KeyObject, size: number): Uint8Array =>
  new Uint8Array(key.export({ type: 'spki', format: 'der' }).subarray(-size))

describe.each(CURVES)('a point of $namedCurve', ({ namedCurve, parameters, header, size }) => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve })
  const point = pointOf(publicKey, size)

  test('is a public key, in its OCTET STRING and without', () => {
    const wrapped = Buffer.concat([bytesFromHex(header), point])
    expect(publicKeyOfPoint({ parameters, point: wrapped }).equals(publicKey)).toBe(true)
    expect(publicKeyOfPoint({ parameters, point }).equals(publicKey)).toBe(true)
  })

  test('that is not on the curve is refused: ERR_PKI_PUBLIC_KEY', () => {
    const off = point.with(size - 1, (point.at(-1) ?? 0) ^ 1)
    expect(() => publicKeyOfPoint({ parameters, point: off })).toThrow(
      expect.objectContaining({ code: 'ERR_PKI_PUBLIC_KEY' }),
    )
  })

  test('at infinity or compressed is refused: ERR_PKI_PUBLIC_KEY', () => {
    const compressed = Uint8Array.of(4, (size + 1) / 2, 2, ...point.subarray(1, (size + 1) / 2))
    for (const bytes of [Uint8Array.of(4, 1, 0), compressed])
      expect(() => publicKeyOfPoint({ parameters, point: bytes })).toThrow(
        expect.objectContaining({ code: 'ERR_PKI_PUBLIC_KEY' }),
      )
  })

  test('of any bytes is refused with an error of ours', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: size + 4 }), (bytes) => {
        expect(() => publicKeyOfPoint({ parameters, point: bytes })).toThrow(PkiError)
      }),
    )
  })
})

test('another curve is refused: ERR_PKI_KEY_ALGORITHM', () => {
  const parameters = bytesFromHex('06052b81040022')
  expect(() => publicKeyOfPoint({ parameters, point: new Uint8Array(97) })).toThrow(
    expect.objectContaining({ code: 'ERR_PKI_KEY_ALGORITHM' }),
  )
})
