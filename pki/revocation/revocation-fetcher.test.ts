import { beforeAll, describe, expect, test } from 'vitest'

import { hexFromBytes } from '#base'

import { contextPrimitiveTag } from '../der/der-reader.ts'
import { writeObjectIdentifier, writeSequence, writeText } from '../der/der-writer.ts'
import { extension, type Forged, NOW_MS } from '../testing/forge.ts'
import { RevocationError } from './errors.ts'
import type { EvidenceNetwork } from './guarded-http.ts'
import { OCSP, SOURCE_EXTENSION } from './object-identifiers.ts'
import { readOcspRequest } from './ocsp-request.ts'
import { type FetchedEvidence, RevocationFetcher } from './revocation-fetcher.ts'
import { crlOf, forgeCa, forgeLeaf, responseOf, type TestCa } from './revocation.fixture.ts'

const NONCE = new Uint8Array(32).fill(7)

let ca: TestCa
let leaf: Forged

beforeAll(async () => {
  ca = await forgeCa()
  leaf = await forgeLeaf(ca, { ocsp: 'http://ocsp.example/', crl: 'http://crl.example/ca.crl' })
})

function fetchBy(network: EvidenceNetwork, { certificate } = leaf, random = false): Promise<FetchedEvidence> {
  const fetcher = new RevocationFetcher({ network, ...(random ? { random: () => NONCE } : {}) })
  return fetcher.fetch({ certificate, issuer: ca.certificate, atMs: NOW_MS })
}

/** AccessDescription of an OCSP responder. */
const description = (n: number): Uint8Array =>
  writeSequence(
    writeObjectIdentifier(OCSP.accessMethod),
    writeText(contextPrimitiveTag(6), `http://ocsp${n}.example/`),
  )
/** A responder that answers with bytes of no meaning beside a server of CRLs. */
const nonsense: EvidenceNetwork = async ({ body }) =>
  body === undefined ? crlOf(ca) : Uint8Array.of(1, 2, 3)
const unasked: EvidenceNetwork = () => Promise.reject(new TypeError('asked'))

describe('fetching evidence', () => {
  test('sends a nonce and takes a response that has it, or none', async () => {
    for (const nonces of [{ nonce: NONCE }, {}]) {
      const network: EvidenceNetwork = ({ body }) => {
        expect(readOcspRequest(body?.bytes ?? new Uint8Array()).nonce).toEqual(NONCE)
        return responseOf(ca, leaf.certificate, nonces)
      }
      await expect(fetchBy(network, leaf, true)).resolves.toMatchObject({ source: 'ocsp' })
    }
  })

  test('refuses the response to another request: ERR_REVOCATION_OCSP', async () => {
    const only = await forgeLeaf(ca, { ocsp: 'http://ocsp.example/' })
    const network: EvidenceNetwork = () =>
      responseOf(ca, only.certificate, { nonce: new Uint8Array(32).fill(8) })
    await expect(fetchBy(network, only, true)).rejects.toMatchObject({ code: 'ERR_REVOCATION_OCSP' })
    await expect(fetchBy(network, only)).resolves.toMatchObject({ status: { status: 'good' } })
  })

  test('goes on to the CRL after nonsense of the responder', async () => {
    await expect(fetchBy(nonsense)).resolves.toMatchObject({ source: 'crl', status: { status: 'good' } })
  })

  test('asks a certificate with many responders at two of them', async () => {
    const access = hexFromBytes(writeSequence(...[1, 2, 3].map(description)))
    const many = await forgeLeaf(ca, {
      extensions: [extension(SOURCE_EXTENSION.authorityInformationAccess, false, access)],
    })
    const asked: string[] = []
    const network: EvidenceNetwork = ({ address }) => {
      asked.push(address)
      return Promise.reject(new RevocationError('ERR_REVOCATION_FETCH', 'down'))
    }
    await expect(fetchBy(network, many)).rejects.toMatchObject({ code: 'ERR_REVOCATION_FETCH' })
    expect(asked).toEqual(['http://ocsp1.example/', 'http://ocsp2.example/'])
  })

  test('of a certificate that names nobody, or not to be understood, is refused with a code', async () => {
    await expect(fetchBy(unasked, await forgeLeaf(ca))).rejects.toMatchObject({
      code: 'ERR_REVOCATION_EXTENSION',
    })
    const odd = await forgeLeaf(ca, {
      extensions: [extension(SOURCE_EXTENSION.authorityInformationAccess, false)],
    })
    await expect(fetchBy(unasked, odd)).rejects.toMatchObject({ code: 'ERR_PKI_DER' })
  })
})
