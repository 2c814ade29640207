import { generateKeyPairSync, sign } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { type SignatureAlgorithm, systemRandom } from '#base'

import { CertificateAuthority, issueRoot } from '../issuing/certificate-authority.ts'
import { createSoftToken, PIN, runsOnSoftHsm } from '../testing/soft-hsm.ts'
import { encryptedPrivateKeyPem } from './encrypted-key.ts'
import { openFileSigner } from './file-signer.ts'
import { generatePkcs11KeyPair } from './pkcs11-key-pair.ts'
import { openPkcs11Signer } from './pkcs11-signer.ts'
import { generateSigningKeyPair, privateKeyPem } from './private-key.ts'
import type { SecretText, SigningKey } from './signing-key.ts'
import { verifierOf } from './verifier.ts'

const ALGORITHMS = ['ecdsa-p256-sha256', 'ecdsa-p521-sha512', 'ed448'] as const
const SIZE: Readonly<Record<SignatureAlgorithm, number>> = {
  'ecdsa-p256-sha256': 64,
  'ecdsa-p521-sha512': 132,
  ed448: 114,
}
const ROOT = {
  profile: 'v2g-root',
  subject: { commonName: 'Root', organizationName: 'Example', countryName: 'DE' },
  notBeforeMs: Date.UTC(2026, 0),
  notAfterMs: Date.UTC(2066, 0),
} as const
const data = new TextEncoder().encode('signed')
const secret = (text: string): SecretText => ({ reveal: () => text })

/** A place for private keys, as the behaviour suite sees it. */
interface KeyStore extends AsyncDisposable {
  /** Kinds of keys that this build of the store has not got. */
  readonly lacks: readonly SignatureAlgorithm[]
  /** Opens the key of that name, by default the only one of its kind. */
  readonly open: (
    algorithm: SignatureAlgorithm,
    over?: { secret?: SecretText; name?: string },
  ) => Promise<SigningKey>
  readonly make: (name: string, algorithm: SignatureAlgorithm) => Promise<unknown>
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
      for (const algorithm of ALGORITHMS)
        if (!store.lacks.includes(algorithm)) await store.make(algorithm, algorithm)
    })
    afterAll(async () => {
      await store[Symbol.asyncDispose]()
    })

    describe.each(ALGORITHMS)('%s', (algorithm) => {
      beforeEach(({ skip }) => {
        skip(store.lacks.includes(algorithm), `this build of SoftHSM has no ${algorithm}`)
      })

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
          { ...ROOT, publicKey: key.publicKey },
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

    test('a key of another kind than the certificate of a CA, or another one of its kind, issues nothing', async () => {
      await store.make('another', 'ecdsa-p256-sha256')
      await using key = await store.open('ecdsa-p256-sha256')
      await using another = await store.open('ecdsa-p256-sha256', { name: 'another' })
      await using otherKind = await store.open('ecdsa-p521-sha512')
      const random = systemRandom
      const certificate = await issueRoot({ ...ROOT, publicKey: key.publicKey }, { signer: key, random })
      expect(() => new CertificateAuthority({ certificate, signer: otherKind, random })).toThrow(
        expect.objectContaining({ code: 'ERR_PKI_ISSUE' }),
      )
      const order = { ...ROOT, profile: 'cps-sub1', publicKey: another.publicKey } as const
      const issuing = new CertificateAuthority({ certificate, signer: another, random }).issue(order)
      await expect(issuing).rejects.toMatchObject({ code: 'ERR_PKI_ISSUE' })
    })

    test('a key is followed by the next: both sign side by side, and closing one leaves the other', async () => {
      await store.make('next', 'ecdsa-p256-sha256')
      const before = await store.open('ecdsa-p256-sha256')
      await using next = await store.open('ecdsa-p256-sha256', { name: 'next' })
      expect(next.publicKey.equals(before.publicKey)).toBe(false)
      const signatures = await Promise.all([before.sign(data), next.sign(data)])
      for (const [i, key] of [before, next].entries())
        expect(verifierOf(key.publicKey).verify(data, signatures[i] ?? data)).toBe(true)
      await before[Symbol.asyncDispose]()
      expect(verifierOf(next.publicKey).verify(data, await next.sign(data))).toBe(true)
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
  return {
    lacks: [],
    write,
    make: async (name, algorithm) => {
      const { privateKey } = await generateSigningKeyPair(algorithm)
      await write(name, await encryptedPrivateKeyPem(privateKey, { passphrase, random: systemRandom }))
    },
    open: (algorithm, over = {}) =>
      openFileSigner({
        file: join(directory, over.name ?? algorithm),
        passphrase: over.secret ?? passphrase,
      }),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true }),
  }
}

async function softHsmKeys(): Promise<KeyStore> {
  const token = await createSoftToken()
  const pin = secret(PIN)
  return {
    lacks: token.hasEd448 ? [] : ['ed448'],
    make: (keyLabel, algorithm) => generatePkcs11KeyPair({ ...token, pin, keyLabel, algorithm }),
    open: (algorithm, over = {}) =>
      openPkcs11Signer({ ...token, pin: over.secret ?? pin, keyLabel: over.name ?? algorithm }),
    [Symbol.asyncDispose]: () => token[Symbol.asyncDispose](),
  }
}
