/** Keys of secp256r1 as ISO 15118-2 carries them: uncompressed points, and scalars of full width. */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'

import { ContractKeyError } from './errors.ts'

/** 0x04 ‖ X ‖ Y. */
const POINT_BYTES = 65
export const SCALAR_BYTES = 32

const UNCOMPRESSED = 0x04
const CURVE = { asymmetricKeyType: 'ec', namedCurve: 'prime256v1' } as const

/** The order n of the base point (SEC 2, 2.4.2). */
const ORDER = Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex')
const ZERO = Buffer.alloc(SCALAR_BYTES)

/** @throws {ContractKeyError} ERR_CONTRACT_KEY_CURVE */
export function assertP256(key: KeyObject, what: string): void {
  if (key.asymmetricKeyDetails?.namedCurve !== CURVE.namedCurve) {
    throw new ContractKeyError('ERR_CONTRACT_KEY_CURVE', `the ${what} is not a secp256r1 key`)
  }
}

/**
 * Takes the uncompressed form only, and only a point on the curve: multiplying a point of a weaker curve would
 * give away the static private key.
 *
 * @throws {ContractKeyError} ERR_CONTRACT_KEY_POINT
 */
export function publicKeyFromPoint(point: Uint8Array): KeyObject {
  if (point.length !== POINT_BYTES || point[0] !== UNCOMPRESSED) {
    throw new ContractKeyError(
      'ERR_CONTRACT_KEY_POINT',
      `DH public key of ${point.length} bytes is not an uncompressed point of ${POINT_BYTES}`,
    )
  }
  try {
    return createPublicKey({ key: Buffer.from(point), format: 'raw-public', ...CURVE })
  } catch (cause) {
    throw new ContractKeyError('ERR_CONTRACT_KEY_POINT', 'DH public key is not on secp256r1', { cause })
  }
}

export function pointFromPublicKey(key: KeyObject): Uint8Array {
  return new Uint8Array(key.export({ format: 'raw-public' }))
}

/** Whether 0 < s < n. OpenSSL takes any scalar and computes with it modulo n, so nobody else would ask. */
export function isPrivateScalar(scalar: Uint8Array): boolean {
  return Buffer.compare(scalar, ZERO) > 0 && Buffer.compare(scalar, ORDER) < 0
}

/** The scalar must have passed {@link isPrivateScalar}; the caller clears it afterwards. */
export function privateKeyFromScalar(scalar: Uint8Array): KeyObject {
  const key = Buffer.from(scalar)
  try {
    return createPrivateKey({ key, format: 'raw-private', ...CURVE })
  } finally {
    key.fill(0)
  }
}

/** Always 32 bytes, leading zeros included; the caller clears them. */
export function scalarFromPrivateKey(key: KeyObject): Buffer {
  return key.export({ format: 'raw-private' })
}
