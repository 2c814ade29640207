import { generateKeyPairSync, sign } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { type SignatureAlgorithm, systemRandom } from '#base'

import { issueRoot } from '../issuing/certificate-authority.ts'
import { createSoftToken, PIN, runsOnSoftHsm, type SoftToken } from '../testing/soft-hsm.ts'
import { encryptedPrivateKeyPem } from './encrypted-key.ts'
import { openFileSigner } from './file-signer.ts'
import { generatePkcs11KeyPair } from './pkcs11-key-pair.ts'
import { openPkcs11Signer, type Pkcs11KeyReference } from './pkcs11-signer.ts'
import { SESSIONS_MAX, WAITING_MAX } from './pkcs11-token.ts'
import { generateSigningKeyPair, privateKeyPem } from './private-key.ts'
import type { SecretText, SigningKey } from './signing-key.ts'
import { verifierOf } from './verifier.ts'

const ALGORITHMS = ['ecdsa-p256-sha256', 'ecdsa-p521-sha512'] as const
type Algorithm = (typeof ALGORITHMS)[number]
const SIZE: Readonly<Record<Algorithm, number>> = { 'ecdsa-p256-sha256': 64, 'ecdsa-p521-sha512': 132 }
const data = new TextEncoder().encode('signed')
const secret = (text: string): SecretText => ({ reveal: () => text })

/** A place for private keys, as the behaviour suite sees it. */
interface KeyStore extends AsyncDisposable {
  readonly open: (algorithm: Algorithm, over?: { secret?: SecretText; name?: string }) => Promise<SigningKey>
}

interface Adapter {
  readonly what: string
  readonly runs: boolean
  readonly create: () => Promise<KeyStore>
  readonly codes: { readonly wrongSecret: string; readonly missing: string }
}

const ADAPTERS: readonly Adapter[] = [
  {
    what: 'an encrypted file',
    runs: true,
    create: encryptedFiles,
    codes: { wrongSecret: 'ERR_PKI_KEY_PASSPHRASE', missing: 'ERR_PKI_FILE' },
  },
  {
    what: 'a PKCS#11 token',
    runs: runsOnSoftHsm,
    create: softHsmKeys,
    codes: { wrongSecret: 'ERR_PKI_HSM_PIN', missing: 'ERR_PKI_HSM_KEY_NOT_FOUND' },
  },
]

describe.each(ADAPTERS)('a key in $what', ({ what, runs, create, codes }) => {
  describe.skipIf(!runs)(runs ? 'signs' : `(not run: ${what} needs SoftHSM 2)`, () => {
    let store: KeyStore
    beforeAll(async () => {
      store = await create()
    })
    afterAll(async () => {
      await store[Symbol.asyncDispose]()
    })

    describe.each(ALGORITHMS)('%s', (algorithm) => {
      test('what it signs verifies with its public key, raw and of full size', async () => {
        await using key = await store.open(algorithm)
        expect(key.algorithm).toBe(algorithm)
        const signature = await key.sign(data)
        expect(signature).toHaveLength(SIZE[algorithm])
        const verifier = verifierOf(key.publicKey)
        expect(verifier.verify(data, signature)).toBe(true)
        expect(verifier.verify(new Uint8Array(3), signature)).toBe(false)
      })

      test('it signs many at once, from two places', async () => {
        await using key = await store.open(algorithm)
        await using again = await store.open(algorithm)
        const verifier = verifierOf(key.publicKey)
        const texts = Array.from({ length: 100 }, (_, i) => new TextEncoder().encode(`text ${i}`))
        const signatures = await Promise.all(texts.map((text, i) => (i % 2 ? key : again).sign(text)))
        expect(texts.every((text, i) => verifier.verify(text, signatures[i] ?? data))).toBe(true)
      })

      test('a root signed with it is signed by it', async () => {
        await using key = await store.open(algorithm)
        const root = await issueRoot(
          {
            profile: 'v2g-root',
            subject: { commonName: 'Root', organizationName: 'Example', countryName: 'DE' },
            publicKey: key.publicKey,
            notBeforeMs: Date.UTC(2026, 0),
            notAfterMs: Date.UTC(2066, 0),
          },
          { signer: key, random: systemRandom },
        )
        expect(root.isSignedBy(root)).toBe(true)
      })
    })

    test('a wrong secret does not open it, and is not in the message', async () => {
      const error: unknown = await store
        .open('ecdsa-p256-sha256', { secret: secret('hunter2') })
        .catch((reason: unknown) => reason)
      expect(error).toMatchObject({ code: codes.wrongSecret })
      expect(String(error)).not.toContain('hunter2')
    })

    test('a key that is not there is an error', async () => {
      await expect(store.open('ecdsa-p256-sha256', { name: 'missing' })).rejects.toMatchObject({
        code: codes.missing,
      })
    })

    test('closed, it finishes what was begun and signs no more: ERR_PKI_SIGNER_CLOSED', async () => {
      const key = await store.open('ecdsa-p256-sha256')
      const last = key.sign(data)
      await key[Symbol.asyncDispose]()
      await key[Symbol.asyncDispose]()
      expect(verifierOf(key.publicKey).verify(data, await last)).toBe(true)
      await expect(key.sign(data)).rejects.toMatchObject({ code: 'ERR_PKI_SIGNER_CLOSED' })
    })
  })
})

describe.skipIf(!runsOnSoftHsm)('a token (not run without SoftHSM 2)', () => {
  let soft: SoftToken
  let reference: Pkcs11KeyReference
  beforeAll(async () => {
    soft = await createSoftToken('keys of tests')
    reference = { ...soft, pin: secret(PIN), keyLabel: 'one' }
    await generatePkcs11KeyPair({ ...reference, keyLabel: 'one', algorithm: 'ecdsa-p256-sha256' })
  })
  afterAll(async () => {
    await soft[Symbol.asyncDispose]()
  })

  test('is logged in to again, once, when its sessions are lost', async () => {
    await using key = await openPkcs11Signer(reference)
    const verifier = verifierOf(key.publicKey)
    for (const times of [1, 2 * SESSIONS_MAX]) {
      await Promise.all(Array.from({ length: times }, () => key.sign(data)))
      soft.closeAllSessions()
      const signatures = await Promise.all(Array.from({ length: 20 }, () => key.sign(data)))
      expect(signatures.every((signature) => verifier.verify(data, signature))).toBe(true)
    }
  })

  test('gives up when the PIN was changed meanwhile, and sends the old one only once: ERR_PKI_HSM_PIN', async () => {
    await using key = await openPkcs11Signer(reference)
    soft.changePin({ before: PIN, after: '246802' })
    soft.closeAllSessions()
    await expect(key.sign(data)).rejects.toMatchObject({
      code: 'ERR_PKI_HSM_PIN',
      message: expect.stringContaining('CKR_PIN_INCORRECT'),
    })
    await expect(key.sign(data)).rejects.toMatchObject({
      code: 'ERR_PKI_HSM_PIN',
      message: expect.stringContaining('not tried again'),
    })
    await using again = await openPkcs11Signer({ ...reference, pin: secret('246802') })
    await key[Symbol.asyncDispose]()
    expect(await again.sign(data)).toHaveLength(64)
    soft.changePin({ before: '246802', after: PIN })
  })

  test('leaves the event loop free while it signs', async () => {
    await using key = await openPkcs11Signer(reference)
    let turns = 0
    const counting = setInterval(() => {
      turns++
    }, 1)
    for (let i = 0; i < 20; i++) await Promise.all(Array.from({ length: 20 }, () => key.sign(data)))
    clearInterval(counting)
    expect(turns).toBeGreaterThan(3)
  })

  test('refuses more than it can serve in time: ERR_PKI_HSM_BUSY', async () => {
    await using key = await openPkcs11Signer(reference)
    const outcomes = await Promise.allSettled(
      Array.from({ length: SESSIONS_MAX + WAITING_MAX + 5 }, () => key.sign(data)),
    )
    const refused = outcomes.filter(({ status }) => status === 'rejected')
    expect(refused).toHaveLength(5)
    expect(refused[0]).toMatchObject({ reason: { code: 'ERR_PKI_HSM_BUSY' } })
    expect(verifierOf(key.publicKey).verify(data, await key.sign(data))).toBe(true)
  })

  test('finds a key by its id too, and makes none under a label that is taken', async () => {
    await using byId = await openPkcs11Signer({
      ...soft,
      pin: secret(PIN),
      keyId: new TextEncoder().encode('one'),
    })
    await using byLabel = await openPkcs11Signer(reference)
    expect(byId.publicKey.equals(byLabel.publicKey)).toBe(true)
    await expect(
      generatePkcs11KeyPair({ ...reference, keyLabel: 'one', algorithm: 'ecdsa-p256-sha256' }),
    ).rejects.toMatchObject({ code: 'ERR_PKI_HSM_KEY_EXISTS' })
  })

  test('keeps the private key it made', async () => {
    await using key = await openPkcs11Signer(reference)
    expect(key.algorithm).toBe('ecdsa-p256-sha256')
    expect(soft.privateKeyFlags()).toEqual({ sensitive: true, extractable: false })
  })

  test('refuses another PIN while it is open with the right one, without trying it', async () => {
    await using key = await openPkcs11Signer(reference)
    await expect(openPkcs11Signer({ ...reference, pin: secret('0000') })).rejects.toMatchObject({
      code: 'ERR_PKI_HSM_PIN',
    })
    expect(await key.sign(data)).toHaveLength(64)
  })

  test.each([
    { what: 'another label', over: { tokenLabel: 'other' }, code: 'ERR_PKI_HSM_TOKEN' },
    { what: 'a module that is none', over: { modulePath: '/dev/null' }, code: 'ERR_PKI_HSM_MODULE' },
    { what: 'a missing module', over: { modulePath: '/nowhere.so' }, code: 'ERR_PKI_HSM_MODULE' },
  ])('$what: $code', async ({ over, code }) => {
    await expect(openPkcs11Signer({ ...reference, ...over })).rejects.toMatchObject({ code })
  })
})

describe('a key file', () => {
  test('is opened by OpenSSL as by us, and only with its passphrase', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'secp521r1' })
    const key = await encryptedPrivateKeyPem(privateKey, {
      passphrase: secret('ö long one'),
      random: systemRandom,
    })
    const signature = sign('sha512', data, { key, passphrase: 'ö long one', dsaEncoding: 'ieee-p1363' })
    expect(verifierOf(publicKey).verify(data, signature)).toBe(true)
    expect(key).toMatch(/^-----BEGIN ENCRYPTED PRIVATE KEY-----\n/)
  })

  test('of Ed448 signs too', async () => {
    await using files = await encryptedFiles()
    const { privateKey } = await generateSigningKeyPair('ed448')
    await using key = await openFileSigner({ file: await files.write('ed', privateKeyPem(privateKey)) })
    expect(verifierOf(key.publicKey).verify(data, await key.sign(data))).toBe(true)
  })

  test.each([
    { what: 'encrypted, without a passphrase', encrypted: true, code: 'ERR_PKI_KEY_PASSPHRASE' },
    { what: 'not encrypted, with a passphrase', encrypted: false, code: 'ERR_PKI_KEY_FILE' },
  ])('$what: $code', async ({ encrypted, code }) => {
    await using files = await encryptedFiles()
    const { privateKey } = await generateSigningKeyPair('ecdsa-p256-sha256')
    const passphrase = secret('passphrase')
    const pem = encrypted
      ? await encryptedPrivateKeyPem(privateKey, { passphrase, random: systemRandom })
      : privateKeyPem(privateKey)
    const file = await files.write('key', pem)
    await expect(openFileSigner({ file, ...(encrypted ? {} : { passphrase }) })).rejects.toMatchObject({
      code,
    })
  })
})

async function encryptedFiles(): Promise<
  KeyStore & { write: (name: string, pem: string) => Promise<string> }
> {
  const directory = await mkdtemp(join(tmpdir(), 'evouch-keys-'))
  const passphrase = secret('correct horse battery staple')
  const write = async (name: string, pem: string): Promise<string> => {
    await writeFile(join(directory, name), pem, { mode: 0o600 })
    return join(directory, name)
  }
  const made = new Map<SignatureAlgorithm, Promise<string>>()
  const make = async (algorithm: Algorithm): Promise<string> => {
    const { privateKey } = await generateSigningKeyPair(algorithm)
    return write(algorithm, await encryptedPrivateKeyPem(privateKey, { passphrase, random: systemRandom }))
  }
  return {
    write,
    open: async (algorithm, over = {}) => {
      const file = made.get(algorithm) ?? make(algorithm)
      made.set(algorithm, file)
      return openFileSigner({
        file: over.name === undefined ? await file : join(directory, over.name),
        passphrase: over.secret ?? passphrase,
      })
    },
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true }),
  }
}

async function softHsmKeys(): Promise<KeyStore> {
  const token = await createSoftToken()
  const pin = secret(PIN)
  for (const algorithm of ALGORITHMS)
    await generatePkcs11KeyPair({ ...token, pin, keyLabel: algorithm, algorithm })
  return {
    open: (algorithm, over = {}) =>
      openPkcs11Signer({ ...token, pin: over.secret ?? pin, keyLabel: over.name ?? algorithm }),
    [Symbol.asyncDispose]: () => token[Symbol.asyncDispose](),
  }
}
