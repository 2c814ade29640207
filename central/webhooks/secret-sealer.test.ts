import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { systemRandom } from '#base'

import { SecretSealer } from './secret-sealer.ts'
import { openWebhookKey } from './webhook-key.ts'

let directory: string
let file: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'evouch-sealer-'))
  file = join(directory, 'made', 'secrets.key')
})
afterEach(() => rm(directory, { recursive: true }))

const open = (): Promise<SecretSealer> => SecretSealer.open(file, systemRandom)
const refused = { code: 'ERR_CENTRAL_KEY_FILE' }

describe('a sealed secret', () => {
  test('opens for its owner, after a restart too, and hides what it is', async () => {
    const sealed = (await open()).seal('whsec_a', 'endpoint')
    expect(Buffer.from(sealed).includes('whsec_a')).toBe(false)
    expect((await open()).open(sealed, 'endpoint')).toBe('whsec_a')
  })

  test('is never the same twice', async () => {
    const sealer = await open()
    expect(sealer.seal('a', 'e')).not.toEqual(sealer.seal('a', 'e'))
  })

  test('does not open for another owner: ERR_CENTRAL_SEALED', async () => {
    const sealer = await open()
    const sealed = sealer.seal('a', 'e')
    expect(() => sealer.open(sealed, 'f')).toThrow(expect.objectContaining({ code: 'ERR_CENTRAL_SEALED' }))
    expect(sealer.opens(sealed, 'f')).toBe(false)
  })

  test('does not open when any bit of it was changed, or it was cut: ERR_CENTRAL_SEALED', async () => {
    const sealer = await open()
    const sealed = sealer.seal('a secret', 'e')
    for (let bit = 0; bit < sealed.length * 8; bit += 5) {
      const changed = Uint8Array.from(sealed)
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(sealer.opens(changed, 'e')).toBe(false)
    }
    for (let length = 0; length < sealed.length; length++)
      expect(sealer.opens(sealed.subarray(0, length), 'e')).toBe(false)
    expect(sealer.opens(sealed, 'e')).toBe(true)
  })
})

describe('the key file', () => {
  test('is for its owner alone', async () => {
    await open()
    expect((await stat(file)).mode & 0o777).toBe(0o600)
  })

  test('of several programs that start together is one', async () => {
    const [first, ...others] = await Promise.all([open(), open(), open(), open()])
    const sealed = first?.seal('a', 'e') ?? new Uint8Array()
    expect(others.map((sealer) => sealer.open(sealed, 'e'))).toEqual(['a', 'a', 'a'])
  })

  test('may hold a new key on top of the one that sealed', async () => {
    const sealed = (await open()).seal('a', 'e')
    const former = await readFile(file, 'utf8')
    const newer = Buffer.from(systemRandom(32)).toString('base64')
    await writeFile(file, `${newer}\n${former}`)
    const sealer = await open()
    expect(sealer.open(sealed, 'e')).toBe('a')
    expect(sealer.isCurrent(sealed)).toBe(false)
    expect(sealer.isCurrent(sealer.seal('a', 'e'))).toBe(true)
    await writeFile(file, newer)
    expect((await open()).opens(sealed, 'e')).toBe(false)
  })

  test('that others can read is refused: ERR_CENTRAL_KEY_FILE', async () => {
    await open()
    await chmod(file, 0o640)
    await expect(open()).rejects.toMatchObject(refused)
  })

  test.each(['', '\n', 'AAAA', 'no base64!', `${'A'.repeat(43)}=\nAAAA`])(
    'with %j in it is refused: ERR_CENTRAL_KEY_FILE',
    async (text) => {
      await open()
      await writeFile(file, text)
      await expect(open()).rejects.toMatchObject(refused)
    },
  )
})

describe('the key that signs deliveries', () => {
  test('is made once, and published without its private part', async () => {
    const made = await openWebhookKey(file)
    expect(await openWebhookKey(file)).toMatchObject({ kid: made.kid })
    expect(made.jwks.keys).toEqual([
      { kty: 'OKP', crv: 'Ed25519', x: expect.any(String), kid: made.kid, use: 'sig', alg: 'EdDSA' },
    ])
    expect((await stat(file)).mode & 0o777).toBe(0o600)
  })

  test('in a file that holds no such key is refused: ERR_CENTRAL_KEY_FILE', async () => {
    await open()
    await expect(openWebhookKey(file)).rejects.toMatchObject(refused)
  })
})
