import { beforeAll, expect, test } from 'vitest'

import { type Signer, systemClock, systemRandom } from '#base'
import { HsmError, softwareSigner, type ThrowawayPki } from '#pki'

import { pkiForTests } from '../central.fixture.ts'
import { keyIdOf } from '../rcp/key-id.ts'
import { RootPool } from '../rcp/root-pool.ts'
import { openStorage } from '../storage/open-storage.ts'
import { CpsSigner } from './cps-signer.ts'
import { CpsSigners } from './cps-signers.ts'

const now = Date.now()

let pki: ThrowawayPki
let roots: RootPool
beforeAll(async () => {
  pki = await pkiForTests()
  const storage = await openStorage({ url: 'sqlite::memory:' })
  roots = new RootPool({ storage, clock: systemClock, random: systemRandom })
})

/** A signer usable in this window, in milliseconds from now; below the V2G root unless said otherwise. */
function signer(fromMs: number, untilMs: number, root: 'v2g/root' | 'mo/root' = 'v2g/root'): CpsSigner {
  return new CpsSigner({
    leaf: pki['cps/leaf'].certificate,
    subCertificates: [],
    root: pki[root].certificate,
    signer: softwareSigner(pki['cps/leaf'].privateKey),
    usableFromMs: now + fromMs,
    usableUntilMs: now + untilMs,
  })
}

const signersAt = (atMs: number, ...signers: readonly CpsSigner[]): CpsSigners =>
  new CpsSigners({ signers, roots, clock: () => now + atMs })

const NO_WISH = { fingerprint: undefined, v2gRootKeyIds: [] }

test('the one whose window holds the time signs; of several the one that began last', async () => {
  const [old, next] = [signer(-100, 20), signer(10, 100)]
  const chosenAt = (atMs: number): Promise<CpsSigner> => signersAt(atMs, old, next).choose(NO_WISH)
  expect(await chosenAt(9)).toBe(old)
  expect(await chosenAt(10)).toBe(next)
  expect(await chosenAt(99)).toBe(next)
  expect(
    signersAt(20, next, old)
      .status()
      .map(({ state }) => state),
  ).toEqual(['ACTIVE', 'RETIRED'])
})

test('a key that cannot sign is told as such, to be tried again later: ERR_CPS_KEY_FAILED', async () => {
  const failing: Signer = {
    algorithm: 'ecdsa-p256-sha256',
    sign: () => Promise.reject(new HsmError('ERR_PKI_HSM_BUSY', 'token cps has 64 signatures waiting')),
  }
  const cps = new CpsSigner({
    leaf: pki['cps/leaf'].certificate,
    subCertificates: [],
    root: pki['v2g/root'].certificate,
    signer: failing,
  })
  const data = {
    contractChain: { Certificate: pki['cps/leaf'].certificate.der },
    encryptedPrivateKey: new Uint8Array(48),
    dhPublicKey: new Uint8Array(65),
    emaid: 'DEEVOC00000001',
  }
  await expect(cps.sign(data)).rejects.toMatchObject({
    code: 'ERR_CPS_KEY_FAILED',
    cause: { code: 'ERR_PKI_HSM_BUSY' },
  })
  await expect(cps.holdsKey()).rejects.toMatchObject({ code: 'ERR_PKI_HSM_BUSY' })
})

test('a window reaches no further than the certificate', () => {
  const { leaf, usableFromMs, usableUntilMs } = signer(-1e15, 1e15)
  expect([usableFromMs, usableUntilMs]).toEqual([leaf.validFromMs, leaf.validToMs])
})

test('the vehicle gets a signer of a root it trusts, else of the first root that has one', async () => {
  const [v2g, other] = [signer(-10, 10), signer(-5, 10, 'mo/root')]
  const signers = signersAt(0, signer(5, 10), v2g, other)
  expect(await signers.choose(NO_WISH)).toBe(v2g)
  expect(await signers.choose({ ...NO_WISH, v2gRootKeyIds: [keyIdOf(other.root)] })).toBe(other)
  expect(await signers.choose({ ...NO_WISH, fingerprint: other.root.fingerprintSha256Hex })).toBe(other)
  expect(await signersAt(0, signer(5, 10), other).choose(NO_WISH)).toBe(other)
})

test('nobody signs outside all windows: ERR_POOL_NOT_CONFIGURED, ERR_CPS_SIGNER_UNKNOWN', async () => {
  const one = signer(0, 10)
  for (const atMs of [-1, 10]) {
    const signers = signersAt(atMs, one)
    await expect(signers.choose(NO_WISH)).rejects.toMatchObject({ code: 'ERR_POOL_NOT_CONFIGURED' })
    await expect(
      signers.choose({ ...NO_WISH, fingerprint: one.root.fingerprintSha256Hex }),
    ).rejects.toMatchObject({ code: 'ERR_CPS_SIGNER_UNKNOWN' })
  }
})
