import { beforeAll, describe, expect, test } from 'vitest'

import { DAY_MS, type Forged, NOW_MS } from '../testing/forge.ts'
import { type CertificateId, certificateIdOf } from './certificate-id.ts'
import { parseCrl } from './certificate-revocation-list.ts'
import { CrlEvidence } from './crl-evidence.ts'
import { EvidenceCache } from './evidence-cache.ts'
import type { EvidenceStore } from './evidence-folder.ts'
import { OcspEvidence } from './ocsp-evidence.ts'
import { parseOcspResponse } from './ocsp-response.ts'
import type { FetchedEvidence } from './revocation-fetcher.ts'
import { crlOf, forgeCa, forgeLeaf, HOUR_MS, responseOf, type TestCa } from './revocation.fixture.ts'

const ADDRESS = 'http://crl.example/ca.crl'

let ca: TestCa
let leaf: Forged

beforeAll(async () => {
  ca = await forgeCa()
  leaf = await forgeLeaf(ca, { crl: ADDRESS })
})

/** A store in memory that counts how often it is read with success. */
function countingStore(): { store: EvidenceStore; reads: () => number } {
  const held = new Map<string, Uint8Array>()
  let reads = 0
  const store: EvidenceStore = {
    async read(name) {
      const der = held.get(name)
      if (der !== undefined) reads++
      return der
    },
    async write(name, der) {
      held.set(name, der)
    },
    async delete(name) {
      held.delete(name)
    },
  }
  return { store, reads: () => reads }
}

const idOf = ({ certificate }: Forged): CertificateId =>
  certificateIdOf({ certificate, issuer: ca.certificate, hashAlgorithm: 'sha256' })

const refuse = (): Promise<void> => Promise.reject(new Error('EROFS'))

const fetched = (source: 'ocsp' | 'crl', der: Uint8Array, thisUpdateMs = NOW_MS): FetchedEvidence => ({
  source,
  address: ADDRESS,
  der,
  evidence:
    source === 'ocsp'
      ? new OcspEvidence([parseOcspResponse(der)])
      : new CrlEvidence({ crls: [parseCrl(der)] }),
  status: { status: 'good', source, thisUpdateMs, nextUpdateMs: NOW_MS },
})

describe('the cache of evidence', () => {
  test('prefers what may be used now to what is newer and has ended', async () => {
    const cache = new EvidenceCache({ store: countingStore().store })
    const question = { certificate: leaf.certificate, issuer: ca.certificate, atMs: NOW_MS }
    const answer = { thisUpdateMs: NOW_MS - HOUR_MS, nextUpdateMs: NOW_MS - HOUR_MS / 2 }
    await cache.add(question, fetched('ocsp', await responseOf(ca, leaf.certificate, { answer })))
    await expect(cache.find(question)).resolves.toMatchObject({ age: 'outdated' })
    await cache.add(question, fetched('crl', await crlOf(ca, { thisUpdateMs: NOW_MS - DAY_MS })))
    await expect(cache.find(question)).resolves.toMatchObject({ age: 'current', status: { source: 'crl' } })
  })

  test.each(['ocsp', 'crl'] as const)('does not let an older %s answer undo a revocation', async (source) => {
    const { store } = countingStore()
    const cache = new EvidenceCache({ store })
    const question = { certificate: leaf.certificate, issuer: ca.certificate, atMs: NOW_MS }
    const revokedAtMs = NOW_MS - HOUR_MS
    const status = { status: 'revoked', revokedAtMs, reason: 'unspecified' } as const
    const { serialNumberHex } = leaf.certificate
    const [revoked, older] =
      source === 'ocsp'
        ? [
            await responseOf(ca, leaf.certificate, { answer: { status } }),
            await responseOf(ca, leaf.certificate, { answer: { thisUpdateMs: NOW_MS - DAY_MS } }),
          ]
        : [
            await crlOf(ca, { revoked: [{ serialNumberHex, revokedAtMs }] }),
            await crlOf(ca, { thisUpdateMs: NOW_MS - DAY_MS }),
          ]
    await cache.add(question, fetched(source, revoked, NOW_MS - HOUR_MS))
    await cache.add(question, fetched(source, older, NOW_MS - DAY_MS))
    for (const each of [cache, new EvidenceCache({ store })])
      await expect(each.find(question)).resolves.toMatchObject({ status: { status: 'revoked' } })
  })

  test.each(['ocsp', 'crl'] as const)(
    'does not let an older %s answer that lasts longer undo a revocation that has ended',
    async (source) => {
      const cache = new EvidenceCache({ store: countingStore().store })
      const question = { certificate: leaf.certificate, issuer: ca.certificate, atMs: NOW_MS }
      const { serialNumberHex } = leaf.certificate
      const revoked = await crlOf(ca, {
        nextUpdateMs: NOW_MS - HOUR_MS / 2,
        revoked: [{ serialNumberHex, revokedAtMs: NOW_MS - HOUR_MS }],
      })
      const thisUpdateMs = NOW_MS - DAY_MS
      const older =
        source === 'ocsp'
          ? await responseOf(ca, leaf.certificate, { answer: { thisUpdateMs } })
          : await crlOf(ca, { thisUpdateMs })
      await cache.add(question, fetched('crl', revoked, NOW_MS - HOUR_MS))
      await cache.add(question, fetched(source, older, thisUpdateMs))
      await expect(cache.find(question)).resolves.toMatchObject({
        age: 'outdated',
        status: { status: 'revoked' },
      })
    },
  )

  test.each([
    { what: 'before', otherEndsMs: NOW_MS - 2 * HOUR_MS },
    { what: 'after', otherEndsMs: NOW_MS + DAY_MS },
  ])(
    'knows the last word of an answer in a batch, also when that of another certificate ends $what it',
    async ({ otherEndsMs }) => {
      const cache = new EvidenceCache({ store: countingStore().store })
      const other = await forgeLeaf(ca, { serialNumber: '0b' })
      const ends = { thisUpdateMs: NOW_MS - DAY_MS, status: { status: 'good' } } as const
      const answers = [
        { ...ends, certificateId: idOf(leaf), nextUpdateMs: NOW_MS - HOUR_MS },
        { ...ends, certificateId: idOf(other), nextUpdateMs: otherEndsMs },
      ]
      const question = { certificate: leaf.certificate, issuer: ca.certificate, atMs: NOW_MS }
      await cache.add(question, fetched('ocsp', await responseOf(ca, leaf.certificate, { answers })))
      await expect(cache.find(question)).resolves.toEqual({
        age: 'outdated',
        status: {
          status: 'good',
          source: 'ocsp',
          thisUpdateMs: NOW_MS - DAY_MS,
          nextUpdateMs: NOW_MS - HOUR_MS,
        },
      })
    },
  )

  test('keeps no more parsed than its limit, and finds the rest in the store', async () => {
    const { store, reads } = countingStore()
    const one = await responseOf(ca, leaf.certificate)
    const cache = new EvidenceCache({ store, memoryBytesMax: one.length + 20 })
    const other = await forgeLeaf(ca, { serialNumber: '0b' })
    const questions = [leaf, other].map(({ certificate }) => ({
      certificate,
      issuer: ca.certificate,
      atMs: NOW_MS,
    }))
    for (const question of questions)
      await cache.add(question, fetched('ocsp', await responseOf(ca, question.certificate)))
    for (const question of questions) {
      await expect(cache.find(question)).resolves.toMatchObject({ status: { status: 'good' } })
    }
    expect(reads()).toBe(2)
  })

  test('replaces damaged evidence in memory when the store can neither delete nor write', async () => {
    const store = { read: async () => Uint8Array.of(1), write: refuse, delete: refuse }
    const cache = new EvidenceCache({ store })
    const question = { certificate: leaf.certificate, issuer: ca.certificate, atMs: NOW_MS }
    await expect(cache.find(question)).resolves.toBeUndefined()
    const answer = await responseOf(ca, leaf.certificate)
    await expect(cache.add(question, fetched('ocsp', answer))).rejects.toThrow('EROFS')
    await expect(cache.find(question)).resolves.toMatchObject({ status: { status: 'good' } })
  })

  test('does not take the CRL of another issuer at the same address for its own', async () => {
    const { store } = countingStore()
    const cache = new EvidenceCache({ store })
    const twin = await forgeCa()
    const question = { certificate: leaf.certificate, issuer: ca.certificate, atMs: NOW_MS }
    await cache.add(question, fetched('crl', await crlOf(ca)))
    await cache.add({ ...question, issuer: twin.certificate }, fetched('crl', await crlOf(twin)))
    await expect(cache.find(question)).resolves.toMatchObject({ status: { status: 'good' } })
  })
})
