import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'

import { createFaultyToken, type FaultyToken, PIN, runsOnSoftHsm } from '../testing/soft-hsm.ts'
import { generatePkcs11KeyPair } from './pkcs11-key-pair.ts'
import { openPkcs11Signer, type Pkcs11KeyReference } from './pkcs11-signer.ts'
import { SESSIONS_MAX, WAITING_MAX } from './pkcs11-token.ts'
import type { SecretText, SigningKey } from './signing-key.ts'
import { verifierOf } from './verifier.ts'

const data = new TextEncoder().encode('signed')
const secret = (text: string): SecretText => ({ reveal: () => text })

/** Short ones; opening takes as long as a process does to start on a busy machine. */
const LIMITS = { signMsMax: 400, waitMsMax: 600, closeMsMax: 500 }

const signsWell = async (key: SigningKey): Promise<boolean> =>
  verifierOf(key.publicKey).verify(data, await key.sign(data))

describe.skipIf(!runsOnSoftHsm)('a key on a token (not run without SoftHSM 2)', () => {
  let token: FaultyToken
  let reference: Pkcs11KeyReference
  beforeAll(async () => {
    token = await createFaultyToken('keys of tests')
    reference = { ...token, pin: secret(PIN), keyLabel: 'one' }
    await generatePkcs11KeyPair({ ...reference, keyLabel: 'one', algorithm: 'ecdsa-p256-sha256' })
  })
  afterAll(async () => {
    await token[Symbol.asyncDispose]()
  })

  const ends: (() => void)[] = []
  const begin = (...parameters: Parameters<FaultyToken['begin']>): (() => void) => {
    const end = token.begin(...parameters)
    ends.push(end)
    return end
  }
  afterEach(() => {
    for (const end of ends.splice(0)) end()
  })

  test('fails in time while its token does not answer, and signs again when it does', async () => {
    await using key = await openPkcs11Signer({ ...reference, limits: LIMITS })
    const end = begin('hang-sign')
    const startMs = performance.now()
    const outcomes = await Promise.allSettled(Array.from({ length: 3 * SESSIONS_MAX }, () => key.sign(data)))
    expect(performance.now() - startMs).toBeLessThan(LIMITS.waitMsMax + LIMITS.signMsMax + 1_000)
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({
        reason: { code: expect.stringMatching(/^ERR_PKI_HSM_(TIMEOUT|BUSY)$/) },
      })
    expect(outcomes[0]).toMatchObject({ reason: { code: 'ERR_PKI_HSM_TIMEOUT' } })
    end()
    await expect.poll(() => signsWell(key).catch(() => false), { timeout: 10_000 }).toBe(true)
  })

  test('leaves the event loop free, whatever its token does', async () => {
    const limits = { ...LIMITS, signMsMax: 1_000 }
    await using key = await openPkcs11Signer({ ...reference, limits })
    begin('hang-sign')
    let longestMs = 0
    let lastMs = performance.now()
    const measuring = setInterval(() => {
      longestMs = Math.max(longestMs, performance.now() - lastMs)
      lastMs = performance.now()
    }, 5)
    await Promise.allSettled(Array.from({ length: 8 }, () => key.sign(data)))
    clearInterval(measuring)
    expect(longestMs).toBeLessThan(limits.signMsMax / 2)
  })

  test('closes in time while its token does not answer: ERR_PKI_HSM_TIMEOUT for what was under way', async () => {
    const key = await openPkcs11Signer({ ...reference, limits: { ...LIMITS, signMsMax: 60_000 } })
    begin('hang-sign')
    const signing = Promise.allSettled(Array.from({ length: 2 * SESSIONS_MAX }, () => key.sign(data)))
    const startMs = performance.now()
    await key[Symbol.asyncDispose]()
    expect(performance.now() - startMs).toBeLessThan(LIMITS.closeMsMax + 500)
    for (const outcome of await signing)
      expect(outcome).toMatchObject({ reason: { code: 'ERR_PKI_HSM_TIMEOUT' } })
  })

  test('is not opened when the login does not come to an end: ERR_PKI_HSM_TIMEOUT', async () => {
    begin('hang-login')
    await expect(openPkcs11Signer({ ...reference, limits: { openMsMax: 600 } })).rejects.toMatchObject({
      code: 'ERR_PKI_HSM_TIMEOUT',
    })
  })

  test('signs again when its token comes back after it was pulled out, and says meanwhile that it is not there', async () => {
    await using key = await openPkcs11Signer(reference)
    const end = begin('pulled')
    await expect(key.sign(data)).rejects.toMatchObject({ code: 'ERR_PKI_HSM_TOKEN' })
    const loginsBefore = token.loginCount()
    const startMs = performance.now()
    await expect(key.sign(data)).rejects.toMatchObject({ code: 'ERR_PKI_HSM_TOKEN' })
    // Known already: no process is started for each signature that is asked for meanwhile.
    expect(performance.now() - startMs).toBeLessThan(50)
    end()
    await expect.poll(() => signsWell(key).catch(() => false), { timeout: 10_000 }).toBe(true)
    expect(token.loginCount()).toBe(loginsBefore + 1)
  })

  test('outlives a module that ends its process: ERR_PKI_HSM_FAILED', async () => {
    await using key = await openPkcs11Signer(reference)
    const end = begin('crash')
    await expect(key.sign(data)).rejects.toMatchObject({
      code: 'ERR_PKI_HSM_FAILED',
      message: expect.stringContaining('SIGABRT'),
    })
    end()
    await expect.poll(() => signsWell(key).catch(() => false), { timeout: 10_000 }).toBe(true)
  })

  test('gives up when the PIN was changed meanwhile, and sends the old one only once: ERR_PKI_HSM_PIN', async () => {
    await using key = await openPkcs11Signer(reference)
    const changed = { before: PIN, after: '246802' }
    token.changePin(changed)
    try {
      const end = begin('crash')
      const loginsBefore = token.loginCount()
      await expect(key.sign(data)).rejects.toMatchObject({
        code: 'ERR_PKI_HSM_PIN',
        message: expect.stringContaining('CKR_PIN_INCORRECT'),
      })
      end()
      for (let i = 0; i < 3; i++)
        await expect(key.sign(data)).rejects.toMatchObject({
          code: 'ERR_PKI_HSM_PIN',
          message: expect.stringContaining('not tried again'),
        })
      await sleep(1_200)
      await expect(key.sign(data)).rejects.toMatchObject({ code: 'ERR_PKI_HSM_PIN' })
      expect(token.loginCount()).toBe(loginsBefore + 1)
      await using again = await openPkcs11Signer({ ...reference, pin: secret(changed.after) })
      await key[Symbol.asyncDispose]()
      expect(await again.sign(data)).toHaveLength(64)
    } finally {
      token.changePin({ before: changed.after, after: PIN })
    }
  })

  test('is opened with a wrong PIN once: ERR_PKI_HSM_PIN', async () => {
    const loginsBefore = token.loginCount()
    const opening = openPkcs11Signer({ ...reference, pin: secret('hunter2') })
    await expect(opening).rejects.toMatchObject({ code: 'ERR_PKI_HSM_PIN' })
    expect(token.loginCount()).toBe(loginsBefore + 1)
  })

  test('is not signed with when another key took its place: ERR_PKI_HSM_KEY_UNUSABLE', async () => {
    const keyLabel = 'replaced'
    const order = { ...reference, keyLabel, algorithm: 'ecdsa-p256-sha256' } as const
    await generatePkcs11KeyPair(order)
    await using key = await openPkcs11Signer({ ...reference, keyLabel })
    token.destroyKey(keyLabel)
    await generatePkcs11KeyPair(order)
    await expect(key.sign(data)).rejects.toMatchObject({ code: 'ERR_PKI_HSM_KEY_UNUSABLE' })
  })

  test('is asked for in vain any number of times without using up the sessions of its token', async () => {
    await using key = await openPkcs11Signer(reference)
    const before = [token.loginCount(), token.sessionCount()]
    for (let i = 0; i < 20; i++) {
      const opening = openPkcs11Signer({ ...reference, keyLabel: 'missing' })
      await expect(opening).rejects.toMatchObject({ code: 'ERR_PKI_HSM_KEY_NOT_FOUND' })
    }
    expect(await signsWell(key)).toBe(true)
    expect([token.loginCount(), token.sessionCount()]).toEqual(before)
  })

  test('signs for many at once, and refuses more than it can serve: ERR_PKI_HSM_BUSY', async () => {
    await using key = await openPkcs11Signer({ ...reference, limits: { waitMsMax: 20_000 } })
    const outcomes = await Promise.allSettled(
      Array.from({ length: SESSIONS_MAX + WAITING_MAX + 5 }, () => key.sign(data)),
    )
    const refused = outcomes.filter(({ status }) => status === 'rejected')
    expect(refused).toHaveLength(5)
    expect(refused[0]).toMatchObject({ reason: { code: 'ERR_PKI_HSM_BUSY' } })
    expect(await signsWell(key)).toBe(true)
  })

  test('is found by its id too, and none is made under a label that is taken', async () => {
    await using byId = await openPkcs11Signer({
      modulePath: token.modulePath,
      tokenLabel: token.tokenLabel,
      pin: secret(PIN),
      keyId: new TextEncoder().encode('one'),
    })
    await using byLabel = await openPkcs11Signer(reference)
    expect(byId.publicKey.equals(byLabel.publicKey)).toBe(true)
    await expect(
      generatePkcs11KeyPair({ ...reference, keyLabel: 'one', algorithm: 'ecdsa-p256-sha256' }),
    ).rejects.toMatchObject({ code: 'ERR_PKI_HSM_KEY_EXISTS' })
  })

  test('cannot be read out', () => {
    expect(token.privateKeyFlags()).toEqual({ sensitive: true, extractable: false })
  })

  test('is refused to another PIN while it is open with the right one, without trying it', async () => {
    await using key = await openPkcs11Signer(reference)
    const loginsBefore = token.loginCount()
    await expect(openPkcs11Signer({ ...reference, pin: secret('0000') })).rejects.toMatchObject({
      code: 'ERR_PKI_HSM_PIN',
    })
    expect(token.loginCount()).toBe(loginsBefore)
    expect(await key.sign(data)).toHaveLength(64)
  })

  test.each([
    { what: 'another label', over: { tokenLabel: 'other' }, code: 'ERR_PKI_HSM_TOKEN' },
    { what: 'a module that is none', over: { modulePath: '/dev/null' }, code: 'ERR_PKI_HSM_MODULE' },
    { what: 'a missing module', over: { modulePath: '/nowhere.so' }, code: 'ERR_PKI_HSM_MODULE' },
  ])('$what: $code', async ({ over, code }) => {
    await expect(openPkcs11Signer({ ...reference, ...over })).rejects.toMatchObject({ code })
  })

  describe.each([
    { how: 'in order', signal: undefined, dispose: 'await key[Symbol.asyncDispose]()' },
    { how: 'in order without closing it', signal: undefined, dispose: 'signing.catch(() => {})' },
    { how: 'by a signal that cannot be caught', signal: 'SIGKILL', dispose: 'await signing' },
  ] as const)('a program that ends $how while a call of the module hangs for good', ({ signal, dispose }) => {
    test.each(['hang-sign', 'hang-login'] as const)('leaves nothing behind (%s)', async (fault) => {
      const source = `
        import { openPkcs11Signer } from '${new URL('./pkcs11-signer.ts', import.meta.url).href}'
        const { modulePath, tokenLabel, keyLabel } = ${JSON.stringify(reference)}
        const pin = { reveal: () => '${PIN}' }
        const limits = { signMsMax: 800, closeMsMax: 300 }
        const key = await openPkcs11Signer({ modulePath, tokenLabel, keyLabel, pin, limits })
        console.log('open')
        process.stdin.once('data', async () => {
          process.stdin.destroy()
          const signing = key.sign(new Uint8Array(3))
          signing.catch(() => {})
          setTimeout(async () => { console.log('signing'); ${dispose} }, 100)
        })
      `
      const program = spawn(process.execPath, ['--input-type=module-typescript', '-e', source], {
        cwd: fileURLToPath(new URL('../..', import.meta.url)),
        stdio: 'pipe',
      })
      let errors = ''
      program.stderr.on('data', (chunk: Buffer) => {
        errors += chunk.toString()
      })
      await once(program.stdout, 'data')
      begin(fault)
      // A login hangs when there is one: the first signature loses its session.
      if (fault === 'hang-login') begin('crash')
      program.stdin.write('go')
      await once(program.stdout, 'data')
      const startMs = performance.now()
      if (signal !== undefined) program.kill(signal)
      // Not before the last one has ended who holds the program's standard error, the process of the module among them.
      const [code] = await once(program, 'close')
      expect(performance.now() - startMs).toBeLessThan(3_000)
      expect([code, errors]).toEqual([signal === undefined ? 0 : null, ''])
    })
  })
})
