/**
 * The transport of the contract's private key in ISO 15118-2 (V2G2-814 to V2G2-823): ephemeral-static ECDH on
 * secp256r1, concatenation KDF, AES-128-CBC without padding.
 */
import { createCipheriv, createDecipheriv, createPublicKey, diffieHellman, type KeyObject } from 'node:crypto'

import { concatBytes, type RandomBytes } from '#base'

import { ContractKeyError } from './errors.ts'
import {
  assertP256,
  isPrivateScalar,
  pointFromPublicKey,
  privateKeyFromScalar,
  publicKeyFromPoint,
  SCALAR_BYTES,
  scalarFromPrivateKey,
} from './p256-keys.ts'
import { deriveSessionKey } from './session-key.ts'

const CIPHER = 'aes-128-cbc'
const SESSION_KEY_BYTES = 16
const IV_BYTES = 16

/** A random scalar is out of range once in 2^32 draws; a source that fails this often is broken. */
const SCALAR_DRAWS_MAX = 8

/** `encryptedPrivateKey` is IV ‖ ciphertext, 48 bytes; `dhPublicKey` is 0x04 ‖ X ‖ Y of the ephemeral key, 65 bytes. */
export interface EncryptedContractKey {
  readonly encryptedPrivateKey: Uint8Array
  readonly dhPublicKey: Uint8Array
}

/**
 * Encrypts a contract key so that only the holder of the vehicle's static key can read it: the key of the OEM
 * provisioning certificate for an installation, of the present contract certificate for an update.
 *
 * `random` gives the ephemeral scalar (32 bytes), then the IV (16 bytes); it must be cryptographically strong.
 * What JavaScript can clear (shared secret, session key, scalars) is cleared before returning.
 *
 * @throws {ContractKeyError} ERR_CONTRACT_KEY_CURVE when either key is not secp256r1
 */
export function encryptContractKey({
  vehiclePublicKey,
  contractPrivateKey,
  random,
}: {
  readonly vehiclePublicKey: KeyObject
  readonly contractPrivateKey: KeyObject
  readonly random: RandomBytes
}): EncryptedContractKey {
  assertP256(vehiclePublicKey, "vehicle's key")
  assertP256(contractPrivateKey, "contract's key")
  const ephemeral = drawPrivateKey(random)
  const iv = random(IV_BYTES)
  const sessionKey = agreeSessionKey(ephemeral, vehiclePublicKey)
  const scalar = scalarFromPrivateKey(contractPrivateKey)
  try {
    const cipher = createCipheriv(CIPHER, sessionKey, iv).setAutoPadding(false)
    return {
      encryptedPrivateKey: concatBytes(iv, cipher.update(scalar), cipher.final()),
      dhPublicKey: pointFromPublicKey(createPublicKey(ephemeral)),
    }
  } finally {
    scalar.fill(0)
    sessionKey.fill(0)
  }
}

/**
 * Opens the contract key in the vehicle and proves that it is the one of the contract certificate. CBC protects
 * nothing against change, so this comparison (V2G2-823) is the only sign that all inputs were right.
 *
 * @throws {ContractKeyError} ERR_CONTRACT_KEY_CURVE, ERR_CONTRACT_KEY_LENGTH, ERR_CONTRACT_KEY_POINT for unusable
 *   inputs; ERR_CONTRACT_KEY_RANGE unless 0 < s < n; ERR_CONTRACT_KEY_MISMATCH unless s·G is `contractPublicKey`
 */
export function decryptContractKey({
  vehiclePrivateKey,
  dhPublicKey,
  encryptedPrivateKey,
  contractPublicKey,
}: {
  readonly vehiclePrivateKey: KeyObject
  readonly dhPublicKey: Uint8Array
  readonly encryptedPrivateKey: Uint8Array
  readonly contractPublicKey: KeyObject
}): KeyObject {
  assertP256(vehiclePrivateKey, "vehicle's key")
  if (encryptedPrivateKey.length !== IV_BYTES + SCALAR_BYTES) {
    throw new ContractKeyError(
      'ERR_CONTRACT_KEY_LENGTH',
      `encrypted contract key of ${encryptedPrivateKey.length} bytes, expected ${IV_BYTES + SCALAR_BYTES}`,
    )
  }
  const sessionKey = agreeSessionKey(vehiclePrivateKey, publicKeyFromPoint(dhPublicKey))
  const scalar = decryptScalar(sessionKey, encryptedPrivateKey)
  try {
    return provenKey(scalar, contractPublicKey)
  } finally {
    scalar.fill(0)
    sessionKey.fill(0)
  }
}

/** K = SHA-256(00000001 ‖ Z ‖ 01 55 56), first 16 bytes (V2G2-818). Node gives Z with its leading zeros. */
export function agreeSessionKey(privateKey: KeyObject, publicKey: KeyObject): Uint8Array {
  const sharedSecret = diffieHellman({ privateKey, publicKey })
  try {
    return deriveSessionKey({ sharedSecret, hash: 'sha256', keyBytes: SESSION_KEY_BYTES })
  } finally {
    sharedSecret.fill(0)
  }
}

function drawPrivateKey(random: RandomBytes): KeyObject {
  for (let draw = 0; draw < SCALAR_DRAWS_MAX; draw++) {
    const scalar = random(SCALAR_BYTES)
    try {
      if (isPrivateScalar(scalar)) return privateKeyFromScalar(scalar)
    } finally {
      scalar.fill(0)
    }
  }
  throw new TypeError(`no private key in ${SCALAR_DRAWS_MAX} draws: the random source is broken`)
}

function decryptScalar(sessionKey: Uint8Array, encrypted: Uint8Array): Buffer {
  const decipher = createDecipheriv(CIPHER, sessionKey, encrypted.subarray(0, IV_BYTES)).setAutoPadding(false)
  const scalar = decipher.update(encrypted.subarray(IV_BYTES))
  decipher.final()
  return scalar
}

function provenKey(scalar: Uint8Array, contractPublicKey: KeyObject): KeyObject {
  if (!isPrivateScalar(scalar)) {
    throw new ContractKeyError(
      'ERR_CONTRACT_KEY_RANGE',
      'the decrypted contract key is not below the curve order',
    )
  }
  const key = privateKeyFromScalar(scalar)
  if (!createPublicKey(key).equals(contractPublicKey)) {
    throw new ContractKeyError(
      'ERR_CONTRACT_KEY_MISMATCH',
      'the decrypted key is not the key of the contract certificate',
    )
  }
  return key
}
