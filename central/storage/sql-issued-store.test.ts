import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import type { KeptCrl, SerialReservation } from '../est/issued-store.ts'
import type { Stores } from '../storage-port.ts'
import { ENGINES, openTestStorage, type TestStorage } from './storage.fixture.ts'

const ISSUER = 'aa'.repeat(32)
const CERTIFICATE = Uint8Array.of(0x30, 1, 0)

function reservation(over: Partial<SerialReservation> = {}): SerialReservation {
  return {
    issuerKeySha256: ISSUER,
    serialNumberHex: '41',
    commonName: 'DE*EVO*E1',
    requester: 'client',
    issuedAtMs: 1_000,
    validToMs: 9_000,
    ...over,
  }
}

let opened: TestStorage
const store = (): Stores['issued'] => opened.storage.stores.issued

/** A certificate that was issued. */
async function issued(over: Partial<SerialReservation> = {}): Promise<SerialReservation> {
  const entry = reservation(over)
  await store().reserve(entry)
  await store().complete(entry, CERTIFICATE)
  return entry
}

const crl = (number: bigint): KeptCrl => ({
  der: Uint8Array.of(0x30, Number(number)),
  number,
  signedAtMs: 1_000,
  nextUpdateMs: 9_000,
  revocations: 3,
})

const entity = (commonName: string, operatorId: string, deviceName: string) => ({
  kind: 'cpo' as const,
  commonNameKey: commonName,
  operatorId,
  registration: { commonName, deviceName },
  registeredAtMs: 1,
})

describe.each(ENGINES)('on %s', (engine) => {
  beforeEach(async () => {
    opened = await openTestStorage(engine)
  })
  afterEach(() => opened[Symbol.asyncDispose]())

  describe('serial numbers', () => {
    test('are given out once per issuer, also when asked for at the same time', async () => {
      const results = await Promise.all([store().reserve(reservation()), store().reserve(reservation())])
      expect(results.toSorted()).toEqual(['reserved', 'taken'])
      await expect(store().reserve(reservation({ issuerKeySha256: 'bb' }))).resolves.toBe('reserved')
    })

    test('without a certificate are taken, but name nothing', async () => {
      await store().reserve(reservation())
      await expect(store().find(reservation())).resolves.toBeUndefined()
      const revocation = { revokedAtMs: 1, reason: 'superseded' } as const
      await expect(store().revoke(reservation(), revocation)).resolves.toBe('unknown')
      await expect(store().countRevoked(ISSUER)).resolves.toBe(0)
    })

    test('keep the first certificate they got', async () => {
      const entry = await issued()
      await expect(store().complete(entry, Uint8Array.of(1))).rejects.toThrow(TypeError)
      await expect(store().find(entry)).resolves.toEqual({
        ...entry,
        certificate: CERTIFICATE,
        revocation: undefined,
      })
    })
  })

  describe('revocations', () => {
    test('keep their first time and reason, after the program ended too', async () => {
      const entry = await issued()
      const first = { revokedAtMs: 2_000, reason: 'keyCompromise' } as const
      await expect(store().revoke(entry, first)).resolves.toBe('revoked')
      await expect(store().revoke(entry, { revokedAtMs: 3_000, reason: 'superseded' })).resolves.toBe(
        'revoked',
      )
      await opened.reopen()
      await expect(store().find(entry)).resolves.toMatchObject({ revocation: first })
      await expect(store().listRevoked(ISSUER, 5_000)).resolves.toEqual([{ ...first, serialNumberHex: '41' }])
    })

    test('leave the list when the certificate has expired, and never the count', async () => {
      await store().revoke(await issued(), { revokedAtMs: 2_000, reason: 'unspecified' })
      await store().revoke(await issued({ serialNumberHex: '42', validToMs: 20_000 }), {
        revokedAtMs: 2_000,
        reason: 'unspecified',
      })
      expect(
        (await store().listRevoked(ISSUER, 10_000)).map(({ serialNumberHex }) => serialNumberHex),
      ).toEqual(['42'])
      await expect(store().countRevoked(ISSUER)).resolves.toBe(2)
      await expect(store().countRevoked('bb')).resolves.toBe(0)
    })
  })

  test('CRL numbers only rise, for each issuer on its own, after the program ended too', async () => {
    const two = await Promise.all([store().nextCrlNumber(ISSUER), store().nextCrlNumber(ISSUER)])
    expect(two.toSorted()).toEqual([1n, 2n])
    await expect(store().nextCrlNumber('bb')).resolves.toBe(1n)
    await opened.reopen()
    await expect(store().nextCrlNumber(ISSUER)).resolves.toBe(3n)
  })

  test('the last CRL is the one with the highest number, of that very CA, after the program ended too', async () => {
    const issuer = { issuerKeySha256: ISSUER, caCertificateSha256: 'c1' }
    for (let n = 0; n < 3; n++) await store().nextCrlNumber(ISSUER)
    await expect(store().lastCrl(issuer)).resolves.toBeUndefined()
    for (const number of [1n, 3n, 2n]) await store().keepCrl(issuer, crl(number))
    await opened.reopen()
    await expect(store().lastCrl(issuer)).resolves.toEqual(crl(3n))
    await expect(store().lastCrl({ ...issuer, caCertificateSha256: 'c2' })).resolves.toBeUndefined()
    await expect(store().lastCrl({ ...issuer, issuerKeySha256: 'bb' })).resolves.toBeUndefined()
    await expect(store().nextCrlNumber(ISSUER)).resolves.toBe(4n)
  })

  test('end entities are registered once, the last registration counts, and operators see their own', async () => {
    const entities = opened.storage.stores.endEntities
    await entities.put(entity('DEEVOE1', 'DEEVO', 'a'))
    await entities.put(entity('DEEVOE1', 'DEEVO', 'b'))
    await entities.put(entity('DEXXXE1', 'DEXXX', 'c'))
    await expect(entities.listOf('cpo', ['DEEVO'])).resolves.toEqual([
      { commonName: 'DEEVOE1', deviceName: 'b' },
    ])
    await expect(entities.listOf('cpo', [])).resolves.toEqual([])
    await expect(entities.isRegistered('cpo', 'DEXXXE1')).resolves.toBe(true)
    await expect(entities.isRegistered('mo', 'DEXXXE1')).resolves.toBe(false)
  })
})
