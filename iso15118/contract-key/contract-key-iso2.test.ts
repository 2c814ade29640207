import { createCipheriv, createHash, createPublicKey, diffieHellman, generateKeyPairSync } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { bytesFromHex, concatBytes, hexFromBytes, systemRandom, type RandomBytes } from '#base'

import { agreeSessionKey, decryptContractKey, encryptContractKey } from './contract-key-iso2.ts'
import { privateKeyFromScalar, publicKeyFromPoint, scalarFromPrivateKey } from './p256-keys.ts'
import { deriveSessionKey } from './session-key.ts'

const VECTORS = new URL('../../../shared/vectors/contract-key/contract-key-iso15118-2.json', import.meta.url)
const ORDER = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551'

interface Vector {
  readonly name: string
  readonly receiver_static_private_scalar: string
  readonly receiver_static_public_point: string
  readonly ephemeral_private_scalar: string
  readonly DHpublickey: string
  readonly shared_secret_Z: string
  readonly kdf_input: string
  readonly kdf_digest: string
  readonly session_key: string
  readonly iv: string
  readonly plaintext_contract_private_scalar: string
  readonly contract_public_point: string
  readonly ContractSignatureEncryptedPrivateKey: string
  readonly wrong_kdfs: Readonly<Record<string, string>>
}

const present = existsSync(VECTORS)
const vectors: readonly Vector[] = present ? JSON.parse(readFileSync(VECTORS, 'utf8')).vectors : []
const privateKey = (scalarHex: string) => privateKeyFromScalar(bytesFromHex(scalarHex))
const publicKey = (pointHex: string) => publicKeyFromPoint(bytesFromHex(pointHex))

const newPair = () => generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
const zeros: RandomBytes = (size) => new Uint8Array(size)

/** Gives the chunks in their order, as the recorded encryption drew them. */
function recorded(...chunksHex: readonly string[]): RandomBytes {
  const chunks = chunksHex.map(bytesFromHex)
  return (size) => {
    const chunk = chunks.shift()
    expect(chunk).toHaveLength(size)
    return chunk ?? new Uint8Array(size)
  }
}

describe.skipIf(!present)('the contract key vectors of ISO 15118-2 (not run: ../shared is absent)', () => {
  test.each(vectors)('$name: every intermediate value', (vector) => {
    const ephemeral = privateKey(vector.ephemeral_private_scalar)
    const vehicle = privateKey(vector.receiver_static_private_scalar)
    expect(hexFromBytes(scalarFromPrivateKey(ephemeral))).toBe(vector.ephemeral_private_scalar)
    expect(createPublicKey(vehicle).equals(publicKey(vector.receiver_static_public_point))).toBe(true)
    const sharedSecret = diffieHellman({
      privateKey: ephemeral,
      publicKey: publicKey(vector.receiver_static_public_point),
    })
    expect(hexFromBytes(sharedSecret)).toBe(vector.shared_secret_Z)
    expect(createHash('sha256').update(bytesFromHex(vector.kdf_input)).digest('hex')).toBe(vector.kdf_digest)
    expect(hexFromBytes(deriveSessionKey({ sharedSecret, hash: 'sha256', keyBytes: 32 }))).toBe(
      vector.kdf_digest,
    )
    const sessionKey = hexFromBytes(agreeSessionKey(vehicle, publicKey(vector.DHpublickey)))
    expect(sessionKey).toBe(vector.session_key)
    expect(Object.values(vector.wrong_kdfs)).not.toContain(sessionKey)
  })

  test.each(vectors)('$name: encryption gives the recorded bytes', (vector) => {
    const encrypted = encryptContractKey({
      vehiclePublicKey: publicKey(vector.receiver_static_public_point),
      contractPrivateKey: privateKey(vector.plaintext_contract_private_scalar),
      random: recorded(vector.ephemeral_private_scalar, vector.iv),
    })
    expect(hexFromBytes(encrypted.dhPublicKey)).toBe(vector.DHpublickey)
    expect(hexFromBytes(encrypted.encryptedPrivateKey)).toBe(vector.ContractSignatureEncryptedPrivateKey)
  })

  test.each(vectors)('$name: the vehicle recovers the scalar', (vector) => {
    const key = decryptContractKey({
      vehiclePrivateKey: privateKey(vector.receiver_static_private_scalar),
      dhPublicKey: bytesFromHex(vector.DHpublickey),
      encryptedPrivateKey: bytesFromHex(vector.ContractSignatureEncryptedPrivateKey),
      contractPublicKey: publicKey(vector.contract_public_point),
    })
    expect(hexFromBytes(scalarFromPrivateKey(key))).toBe(vector.plaintext_contract_private_scalar)
  })
})

describe('a contract key on its way into the vehicle', () => {
  const vehicle = newPair()
  const contract = newPair()
  const encrypt = (contractPrivateKey = contract.privateKey) =>
    encryptContractKey({ vehiclePublicKey: vehicle.publicKey, contractPrivateKey, random: systemRandom })
  const decrypt = (over: Partial<Parameters<typeof decryptContractKey>[0]> = {}) =>
    decryptContractKey({
      vehiclePrivateKey: vehicle.privateKey,
      contractPublicKey: contract.publicKey,
      ...encrypt(),
      ...over,
    })

  test('is fresh for each encryption and opens again', () => {
    expect(encrypt().encryptedPrivateKey).not.toEqual(encrypt().encryptedPrivateKey)
    expect(decrypt().equals(contract.privateKey)).toBe(true)
  })

  test('any scalar of the curve survives, leading zeros and high bit included', () => {
    const scalar = fc
      .bigInt({ min: 1n, max: BigInt(`0x${ORDER}`) - 1n })
      .map((value) => value.toString(16).padStart(64, '0'))
    fc.assert(
      fc.property(fc.oneof(scalar, fc.constantFrom('01'.padStart(64, '0'), '80'.padEnd(64, '0'))), (hex) => {
        const key = privateKey(hex)
        const opened = decrypt({ ...encrypt(key), contractPublicKey: createPublicKey(key) })
        expect(hexFromBytes(scalarFromPrivateKey(opened))).toBe(hex)
      }),
      { numRuns: 50 },
    )
  })

  test('a random source that first gives no valid scalar is asked again', () => {
    const draws = ['00'.repeat(32), ORDER, 'ff'.repeat(32), '01'.padStart(64, '0'), '00'.repeat(16)]
    const { dhPublicKey } = encryptContractKey({
      vehiclePublicKey: vehicle.publicKey,
      contractPrivateKey: contract.privateKey,
      random: recorded(...draws),
    })
    expect(hexFromBytes(dhPublicKey).slice(0, 10)).toBe('046b17d1f2')
    expect(() =>
      encryptContractKey({
        vehiclePublicKey: vehicle.publicKey,
        contractPrivateKey: contract.privateKey,
        random: zeros,
      }),
    ).toThrow(TypeError)
  })

  const offCurve = concatBytes(Uint8Array.of(4), new Uint8Array(64).fill(0x11))
  const p384 = generateKeyPairSync('ec', { namedCurve: 'secp384r1' })
  test.each([
    { what: 'an off-curve point', code: 'ERR_CONTRACT_KEY_POINT', over: { dhPublicKey: offCurve } },
    {
      what: 'the point at infinity',
      code: 'ERR_CONTRACT_KEY_POINT',
      over: { dhPublicKey: Uint8Array.of(0) },
    },
    { what: 'an empty point', code: 'ERR_CONTRACT_KEY_POINT', over: { dhPublicKey: new Uint8Array(0) } },
    {
      what: 'a compressed point',
      code: 'ERR_CONTRACT_KEY_POINT',
      over: { dhPublicKey: concatBytes(Uint8Array.of(2), encrypt().dhPublicKey.subarray(1, 33)) },
    },
    {
      what: 'a hybrid point',
      code: 'ERR_CONTRACT_KEY_POINT',
      over: { dhPublicKey: concatBytes(Uint8Array.of(6), encrypt().dhPublicKey.subarray(1)) },
    },
    {
      what: 'a short ciphertext',
      code: 'ERR_CONTRACT_KEY_LENGTH',
      over: { encryptedPrivateKey: new Uint8Array(47) },
    },
    {
      what: 'a padded ciphertext',
      code: 'ERR_CONTRACT_KEY_LENGTH',
      over: { encryptedPrivateKey: new Uint8Array(64) },
    },
    {
      what: 'the key of another contract',
      code: 'ERR_CONTRACT_KEY_MISMATCH',
      over: { contractPublicKey: newPair().publicKey },
    },
    {
      what: 'a contract certificate of another curve',
      code: 'ERR_CONTRACT_KEY_MISMATCH',
      over: { contractPublicKey: p384.publicKey },
    },
    {
      what: 'a vehicle key of another curve',
      code: 'ERR_CONTRACT_KEY_CURVE',
      over: { vehiclePrivateKey: p384.privateKey },
    },
  ])('$what is refused: $code', ({ code, over }) => {
    expect(() => decrypt(over)).toThrow(expect.objectContaining({ code }))
  })

  test.each(['00'.repeat(32), ORDER, 'ff'.repeat(32)])('the scalar %s is out of range', (scalarHex) => {
    const ephemeral = newPair()
    const iv = systemRandom(16)
    const sessionKey = agreeSessionKey(ephemeral.privateKey, vehicle.publicKey)
    const cipher = createCipheriv('aes-128-cbc', sessionKey, iv).setAutoPadding(false)
    const encryptedPrivateKey = concatBytes(iv, cipher.update(bytesFromHex(scalarHex)), cipher.final())
    const dhPublicKey = new Uint8Array(ephemeral.publicKey.export({ format: 'raw-public' }))
    expect(() => decrypt({ encryptedPrivateKey, dhPublicKey })).toThrow(
      expect.objectContaining({ code: 'ERR_CONTRACT_KEY_RANGE' }),
    )
  })

  test('any changed byte of the ciphertext or the point is refused', () => {
    const good = encrypt()
    fc.assert(
      fc.property(fc.nat(48 + 65 - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        const encryptedPrivateKey = Uint8Array.from(good.encryptedPrivateKey)
        const dhPublicKey = Uint8Array.from(good.dhPublicKey)
        if (at < 48) encryptedPrivateKey[at] = (encryptedPrivateKey[at] ?? 0) ^ mask
        else dhPublicKey[at - 48] = (dhPublicKey[at - 48] ?? 0) ^ mask
        expect(() => decrypt({ encryptedPrivateKey, dhPublicKey })).toThrow(
          expect.objectContaining({ name: 'ContractKeyError' }),
        )
      }),
      { numRuns: 60 },
    )
  })

  test('only secp256r1 keys are wrapped', () => {
    expect(() => encrypt(p384.privateKey)).toThrow(
      expect.objectContaining({ code: 'ERR_CONTRACT_KEY_CURVE' }),
    )
    expect(() =>
      encryptContractKey({
        vehiclePublicKey: p384.publicKey,
        contractPrivateKey: contract.privateKey,
        random: systemRandom,
      }),
    ).toThrow(expect.objectContaining({ code: 'ERR_CONTRACT_KEY_CURVE' }))
  })
})
