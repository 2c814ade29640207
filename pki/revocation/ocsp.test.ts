import { hash } from 'node:crypto'

import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'

import { base64FromBytes, CodedError, hexFromBytes } from '#base'

import {
  DER_TRUE,
  writeElement,
  writeObjectIdentifier,
  writeOctetString,
  writeSequence,
} from '../der/der-writer.ts'
import { DAY_MS, extension, type Forged, type Forgery, forge, NOW_MS } from '../testing/forge.ts'
import { certificateIdOf, isIssuerOf, writeCertificateId } from './certificate-id.ts'
import { OcspEvidence } from './ocsp-evidence.ts'
import {
  decodeOcspRequestBody,
  decodeOcspRequestPath,
  OCSP_REQUEST_BYTES_MAX,
  ocspRequestPath,
  readOcspRequest,
  writeOcspRequest,
} from './ocsp-request.ts'
import { ocspErrorResponse } from './ocsp-responder.ts'
import { OCSP_RESPONSE_BYTES_MAX, type OcspResponse, parseOcspResponse } from './ocsp-response.ts'
import type { RevocationStatus } from './revocation-status.ts'
import { forgeCa, forgeLeaf, HOUR_MS, responseOf, signerOf, type TestCa } from './revocation.fixture.ts'
import { signStructure } from './signed-structure.ts'

const refusing = (code: string): unknown => expect.objectContaining({ code })
const NONCE = Uint8Array.from({ length: 32 }, (_, index) => index)
/** ExtendedKeyUsage of OCSPSigning alone. */
const OCSP_SIGNING = extension('2.5.29.37', false, '300a06082b06010505070309')

let ca: TestCa
let leaf: Forged

beforeAll(async () => {
  ca = await forgeCa()
  leaf = await forgeLeaf(ca)
})

const idOf = (hashAlgorithm: 'sha1' | 'sha256' | 'sha384' | 'sha512' = 'sha256') =>
  certificateIdOf({ certificate: leaf.certificate, issuer: ca.certificate, hashAlgorithm })

/** Arbitrary bytes, and `der` with one byte changed, are read or refused with a code. */
function readOrRefused(der: Uint8Array, read: (bytes: Uint8Array) => unknown): fc.IProperty<[Uint8Array]> {
  const damaged = fc.tuple(fc.nat(der.length - 1), fc.nat(255)).map(([at, value]) => der.with(at, value))
  return fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), damaged), (bytes) => {
    try {
      read(bytes)
    } catch (error) {
      expect(error).toBeInstanceOf(CodedError)
    }
  })
}

describe('an OCSP request', () => {
  test.each(['sha1', 'sha256', 'sha384', 'sha512'] as const)(
    'by %s is read as it was written',
    (hashAlgorithm) => {
      const request = { certificateIds: [idOf(hashAlgorithm)], nonce: NONCE }
      const read = readOcspRequest(writeOcspRequest(request))
      expect(read).toEqual(request)
      expect(read.certificateIds.every((id) => isIssuerOf(ca.certificate, id))).toBe(true)
    },
  )

  test('of another issuer, or of one with the same name, is told apart', async () => {
    const twin = await forgeCa()
    expect(isIssuerOf(twin.certificate, idOf())).toBe(false)
  })

  test('arrives by POST as DER or in hexadecimal digits, by GET in the path', () => {
    const der = writeOcspRequest({ certificateIds: [idOf('sha1')] })
    expect(decodeOcspRequestBody(der)).toEqual({ der, form: 'der' })
    const hex = Buffer.from(`${hexFromBytes(der).toUpperCase()}\n`)
    expect(decodeOcspRequestBody(hex)).toEqual({ der, form: 'hex' })
    expect(decodeOcspRequestPath(ocspRequestPath(der))).toEqual(der)
    expect(decodeOcspRequestPath(`/${base64FromBytes(der)}`)).toEqual(der)
  })

  test.each([
    {
      what: 'no certificate',
      der: writeSequence(writeSequence(writeSequence())),
      code: 'ERR_REVOCATION_OCSP',
    },
    { what: 'bytes behind it', der: Uint8Array.of(0x30, 0, 0), code: 'ERR_PKI_TRAILING_BYTES' },
    { what: 'nothing in it', der: writeSequence(), code: 'ERR_PKI_DER' },
  ])('with $what is refused: $code', ({ der, code }) => {
    expect(() => readOcspRequest(der)).toThrow(refusing(code))
  })

  test('of another version is refused: ERR_REVOCATION_OCSP', () => {
    const version = writeElement(0xa0, Uint8Array.of(2, 1, 1))
    expect(() => readOcspRequest(writeSequence(writeSequence(version, writeSequence())))).toThrow(
      refusing('ERR_REVOCATION_OCSP'),
    )
  })

  test.each([0, 129])('with a nonce of %d bytes is refused: ERR_REVOCATION_OCSP', (length) => {
    const nonce = new Uint8Array(length).fill(1)
    const der = writeOcspRequest({ certificateIds: [idOf()], nonce })
    expect(() => readOcspRequest(der)).toThrow(refusing('ERR_REVOCATION_OCSP'))
  })

  test('by a hash of another size than its algorithm has is refused: ERR_REVOCATION_OCSP', () => {
    const certificateIds = [{ ...idOf(), issuerKeyHash: idOf('sha1').issuerKeyHash }]
    expect(() => readOcspRequest(writeOcspRequest({ certificateIds }))).toThrow(
      refusing('ERR_REVOCATION_OCSP'),
    )
  })

  test('for too many certificates is refused: ERR_REVOCATION_OCSP_TOO_LARGE', () => {
    const certificateIds = Array.from({ length: 17 }, () => idOf())
    expect(() => readOcspRequest(writeOcspRequest({ certificateIds }))).toThrow(
      refusing('ERR_REVOCATION_OCSP_TOO_LARGE'),
    )
  })

  test('over the limit of bytes is refused in every form: ERR_REVOCATION_OCSP_TOO_LARGE', () => {
    const large = new Uint8Array(OCSP_REQUEST_BYTES_MAX + 1).fill(0x30)
    const refused = refusing('ERR_REVOCATION_OCSP_TOO_LARGE')
    expect(() => readOcspRequest(large)).toThrow(refused)
    expect(() => decodeOcspRequestBody(large)).toThrow(refused)
    expect(() => decodeOcspRequestBody(Buffer.alloc(OCSP_REQUEST_BYTES_MAX * 2 + 2, 'a'))).toThrow(refused)
    expect(() => decodeOcspRequestPath('A'.repeat(OCSP_REQUEST_BYTES_MAX * 4 + 4))).toThrow(refused)
    expect(() => decodeOcspRequestPath('A'.repeat(OCSP_REQUEST_BYTES_MAX * 4))).toThrow(
      refusing('ERR_REVOCATION_OCSP'),
    )
  })

  test('in no form at all is refused: ERR_REVOCATION_OCSP', () => {
    const refused = refusing('ERR_REVOCATION_OCSP')
    expect(() => decodeOcspRequestBody(Buffer.from('{"hash":1}'))).toThrow(refused)
    expect(() => decodeOcspRequestPath('%E0%A4%A')).toThrow(refused)
    expect(() => decodeOcspRequestPath('not base64')).toThrow(refused)
  })

  test('of arbitrary bytes, or damaged anywhere, is read or refused with a code', () => {
    const der = writeOcspRequest({ certificateIds: [idOf()], nonce: NONCE })
    fc.assert(readOrRefused(der, readOcspRequest), { numRuns: 1000 })
  })
})

describe('an OCSP response', () => {
  test('is read as it was signed', async () => {
    const response = parseOcspResponse(
      await responseOf(ca, leaf.certificate, {
        nonce: NONCE,
        answer: { status: { status: 'revoked', revokedAtMs: NOW_MS - DAY_MS, reason: 'superseded' } },
      }),
    )
    expect(response).toMatchObject({ nonce: NONCE, certificates: [], producedAtMs: NOW_MS - HOUR_MS })
    expect(response.answers).toEqual([
      {
        certificateId: idOf(),
        status: { status: 'revoked', revokedAtMs: NOW_MS - DAY_MS, reason: 'superseded' },
        thisUpdateMs: NOW_MS - HOUR_MS,
        nextUpdateMs: NOW_MS + DAY_MS,
      },
    ])
  })

  test.each(['malformedRequest', 'internalError', 'tryLater', 'sigRequired', 'unauthorized'] as const)(
    'that says %s is no answer: ERR_REVOCATION_RESPONDER',
    (status) => {
      expect(() => parseOcspResponse(ocspErrorResponse(status))).toThrow(refusing('ERR_REVOCATION_RESPONDER'))
    },
  )

  test('of a status that does not exist is refused: ERR_REVOCATION_OCSP', () => {
    expect(() => parseOcspResponse(Uint8Array.of(0x30, 3, 0x0a, 1, 4))).toThrow(
      refusing('ERR_REVOCATION_OCSP'),
    )
  })

  test('of another type than basic is refused: ERR_REVOCATION_OCSP', async () => {
    const type = writeObjectIdentifier('1.3.6.1.5.5.7.48.1.1')
    const der = Buffer.from(await responseOf(ca, leaf.certificate))
    der[der.indexOf(type) + type.length - 1] = 2
    expect(() => parseOcspResponse(new Uint8Array(der))).toThrow(refusing('ERR_REVOCATION_OCSP'))
  })

  test('with a critical extension nobody knows is refused: ERR_REVOCATION_OCSP', async () => {
    const unknown = writeSequence(writeObjectIdentifier('1.2.3.4'), DER_TRUE, writeOctetString(NONCE))
    const request = writeSequence(
      writeSequence(
        writeSequence(writeSequence(writeCertificateId(idOf()))),
        writeElement(0xa2, writeSequence(unknown)),
      ),
    )
    expect(() => readOcspRequest(request)).toThrow(refusing('ERR_REVOCATION_OCSP'))
    const answer = writeSequence(
      writeCertificateId(idOf()),
      writeElement(0x80),
      writeElement(0x18, Buffer.from('20260101000000Z')),
      writeElement(0xa1, writeSequence(unknown)),
    )
    const data = writeSequence(
      writeElement(0xa1, ca.certificate.subject.der),
      writeElement(0x18, Buffer.from('20260101000000Z')),
      writeSequence(answer),
    )
    const basic = writeOctetString(await signStructure(data, ca.signer))
    const bytes = writeSequence(writeObjectIdentifier('1.3.6.1.5.5.7.48.1.1'), basic)
    const response = writeSequence(writeElement(0x0a, Uint8Array.of(0)), writeElement(0xa0, bytes))
    expect(() => parseOcspResponse(response)).toThrow(refusing('ERR_REVOCATION_OCSP'))
  })

  test('over the limit of bytes is refused: ERR_REVOCATION_OCSP_TOO_LARGE', () => {
    expect(() => parseOcspResponse(new Uint8Array(OCSP_RESPONSE_BYTES_MAX + 1))).toThrow(
      refusing('ERR_REVOCATION_OCSP_TOO_LARGE'),
    )
  })

  test('of arbitrary bytes, or damaged anywhere, is read or refused with a code', async () => {
    const der = await responseOf(ca, leaf.certificate, { nonce: NONCE, includeCertificate: true })
    fc.assert(readOrRefused(der, parseOcspResponse), { numRuns: 1000 })
  })

  test('damaged anywhere never turns revoked into good', async () => {
    const der = await responseOf(ca, leaf.certificate, {
      includeCertificate: true,
      answer: { status: { status: 'revoked', revokedAtMs: NOW_MS - DAY_MS, reason: 'keyCompromise' } },
    })
    fc.assert(
      fc.property(fc.nat(der.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const damaged = Uint8Array.from(der)
        damaged[at] = (damaged[at] ?? 0) ^ flip
        let response: OcspResponse
        try {
          response = parseOcspResponse(damaged)
        } catch (error) {
          expect(error).toBeInstanceOf(CodedError)
          return
        }
        const question = { certificate: leaf.certificate, issuer: ca.certificate, atMs: NOW_MS }
        expect(new OcspEvidence([response]).statusOf(question).status).not.toBe('good')
      }),
      { numRuns: 300 },
    )
  })

  test('is not signed for nobody, backwards, or with another kind of key: ERR_REVOCATION_ISSUE', async () => {
    const refused = { code: 'ERR_REVOCATION_ISSUE' }
    const sign = (over: Parameters<typeof responseOf>[2]) => responseOf(ca, leaf.certificate, over)
    await expect(sign({ answers: [] })).rejects.toMatchObject(refused)
    await expect(sign({ answer: { nextUpdateMs: NOW_MS - DAY_MS } })).rejects.toMatchObject(refused)
    await expect(sign({ signer: { ...ca.signer, algorithm: 'ed448' } })).rejects.toMatchObject(refused)
  })
})

function statusBy(der: Uint8Array, atMs = NOW_MS): RevocationStatus {
  const question = { certificate: leaf.certificate, issuer: ca.certificate, atMs }
  return new OcspEvidence([parseOcspResponse(der)]).statusOf(question)
}

describe('an OCSP response of the issuer', () => {
  test.each(['sha1', 'sha256', 'sha384', 'sha512'] as const)('by %s says good', async (hashAlgorithm) => {
    const der = await responseOf(ca, leaf.certificate, { answer: { certificateId: idOf(hashAlgorithm) } })
    expect(statusBy(der)).toEqual({
      status: 'good',
      source: 'ocsp',
      thisUpdateMs: NOW_MS - HOUR_MS,
      nextUpdateMs: NOW_MS + DAY_MS,
    })
  })

  test('says revoked, when and why', async () => {
    const status = { status: 'revoked', revokedAtMs: NOW_MS - DAY_MS, reason: 'keyCompromise' } as const
    expect(statusBy(await responseOf(ca, leaf.certificate, { answer: { status } }))).toMatchObject(status)
  })

  test('that does not know the certificate does not say good', async () => {
    const der = await responseOf(ca, leaf.certificate, { answer: { status: { status: 'unknown' } } })
    expect(statusBy(der)).toMatchObject({ status: 'unknown', why: expect.stringMatching(/does not know/) })
  })

  test('without nextUpdate counts for a day', async () => {
    const der = await responseOf(ca, leaf.certificate, { answer: { nextUpdateMs: undefined } })
    expect(statusBy(der, NOW_MS + DAY_MS - HOUR_MS)).toMatchObject({
      nextUpdateMs: NOW_MS - HOUR_MS + DAY_MS,
    })
    expect(statusBy(der, NOW_MS + DAY_MS).status).toBe('unknown')
  })

  test.each([
    { what: 'five minutes before thisUpdate', offsetMs: -HOUR_MS - 300_000, status: 'good' },
    { what: 'a moment before that', offsetMs: -HOUR_MS - 300_001, status: 'unknown' },
    { what: 'five minutes after nextUpdate', offsetMs: DAY_MS + 300_000, status: 'good' },
    { what: 'a moment after that', offsetMs: DAY_MS + 300_001, status: 'unknown' },
  ])('says $status $what', async ({ offsetMs, status }) => {
    expect(statusBy(await responseOf(ca, leaf.certificate), NOW_MS + offsetMs).status).toBe(status)
  })

  test.each([
    { reason: 'superseded', expected: { status: 'revoked', outdated: true } },
    { reason: 'certificateHold', expected: { status: 'unknown' } },
  ] as const)(
    'that is outdated and said revoked for $reason says $expected',
    async ({ reason, expected }) => {
      const status = { status: 'revoked', revokedAtMs: NOW_MS - DAY_MS, reason } as const
      const der = await responseOf(ca, leaf.certificate, { answer: { status } })
      expect(statusBy(der, NOW_MS + 2 * DAY_MS)).toMatchObject(expected)
      expect(statusBy(der)).toMatchObject({ status: 'revoked', reason })
    },
  )

  test('about another certificate, or one of a twin of the issuer, says nothing', async () => {
    const other = await forgeLeaf(ca, { serialNumber: '0b' })
    expect(statusBy(await responseOf(ca, other.certificate)).status).toBe('unknown')
    const twin = await forgeCa()
    expect(statusBy(await responseOf(twin, leaf.certificate)).status).toBe('unknown')
  })

  test('whose signature another key made says nothing', async () => {
    const stranger = await forgeCa()
    const der = await responseOf(ca, leaf.certificate, { signer: stranger.signer })
    expect(statusBy(der)).toMatchObject({ status: 'unknown', why: expect.stringMatching(/signed neither/) })
  })

  test('that names another responder than its signer says nothing', async () => {
    const der = await responseOf(ca, leaf.certificate, { responder: (await forgeCa()).certificate })
    expect(statusBy(der)).toMatchObject({ status: 'unknown', why: expect.stringMatching(/signed neither/) })
  })

  test('decides over an older one', async () => {
    const status = { status: 'revoked', revokedAtMs: NOW_MS, reason: 'unspecified' } as const
    const older = await responseOf(ca, leaf.certificate, { answer: { thisUpdateMs: NOW_MS - 2 * HOUR_MS } })
    const newer = await responseOf(ca, leaf.certificate, { answer: { status } })
    const evidence = new OcspEvidence([older, newer].map(parseOcspResponse))
    const question = { certificate: leaf.certificate, issuer: ca.certificate, atMs: NOW_MS }
    expect(evidence.statusOf(question).status).toBe('revoked')
  })
})

async function byDelegate(over: Partial<Forgery> = {}): Promise<RevocationStatus> {
  const delegate = await forge({ subject: 'Responder', issuer: ca, extensions: [OCSP_SIGNING], ...over })
  const der = await responseOf(ca, leaf.certificate, {
    responder: delegate.certificate,
    includeCertificate: true,
    signer: signerOf(delegate),
  })
  return statusBy(der)
}

describe('an OCSP response of a named responder', () => {
  test('says good', async () => {
    await expect(byDelegate()).resolves.toMatchObject({ status: 'good' })
  })

  test.each<{ what: string; why: RegExp; over: () => Promise<Partial<Forgery>> }>([
    { what: 'somebody else has named', why: /not named/, over: async () => ({ issuer: await forgeCa() }) },
    {
      what: 'a sub CA has named',
      why: /not named/,
      over: async () => ({ issuer: await forgeCa({ subject: 'Sub', issuer: ca }) }),
    },
    {
      what: 'has another issuer by its name',
      why: /not named/,
      over: async () => ({ issuerName: leaf.certificate.subject.der }),
    },
    { what: 'may not sign OCSP', why: /not for signing OCSP/, over: async () => ({ extensions: [] }) },
    { what: 'may only sign CRLs', why: /key usage/, over: async () => ({ keyUsage: '03020102' }) },
    { what: 'has expired', why: /not valid now/, over: async () => ({ validToMs: NOW_MS - 1000 }) },
    { what: 'is not valid yet', why: /not valid now/, over: async () => ({ validFromMs: NOW_MS + 1000 }) },
    {
      what: 'has a critical extension nobody knows',
      why: /critical extension 1\.2\.3\.4/,
      over: async () => ({ extensions: [OCSP_SIGNING, extension('1.2.3.4', true)] }),
    },
  ])('that $what says nothing', async ({ over, why }) => {
    await expect(byDelegate(await over())).resolves.toMatchObject({
      status: 'unknown',
      why: expect.stringMatching(why),
    })
  })
})

test('the hash of a key is over its bits alone, as OCPP and RFC 6960 have it', () => {
  // The bits of an uncompressed P-256 point end its SubjectPublicKeyInfo.
  const point = ca.certificate.publicKeyDer.subarray(-65)
  expect(hexFromBytes(idOf().issuerKeyHash)).toBe(hash('sha256', point))
  expect(hexFromBytes(idOf().issuerNameHash)).toBe(hash('sha256', ca.certificate.subject.der))
})
