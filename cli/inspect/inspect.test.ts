import { existsSync, readFileSync } from 'node:fs'

import { expect, test } from 'vitest'

import { bytesFromBase64, bytesFromHex, seededRandom, systemClock } from '#base'
import {
  decodeV2gMessage,
  encodeV2gMessage,
  exiCodec,
  ISO2_MSG_BODY,
  signAuthorizationReq,
  signCertificateInstallationReq,
  type V2gMessage,
  v2gMessageToXml,
} from '#iso15118'
import {
  createThrowawayPki,
  issueVehicle,
  parseCertificate,
  softwareSigner,
  type VehicleCredentials,
} from '#pki'

import { type Input } from '../input.ts'
import { inspectMessage } from './inspect.ts'
import { type Report } from './report.ts'
import { reportText } from './text.ts'

const random = seededRandom(1)
const pki = await createThrowawayPki({ clock: systemClock, random })
const vehicle = await issueVehicle(pki, { pcid: 'EVOTEST0000000001', clock: systemClock, random })
const sessionId = bytesFromHex('0102030405060708')

function raw(bytes: Uint8Array): Input {
  return { form: 'raw', bytes }
}

/** A CertificateInstallationReq of the vehicle, signed by `key`. */
function request(key: VehicleCredentials['privateKey'] = vehicle.privateKey): Promise<V2gMessage> {
  const RootCertificateID = [{ X509IssuerName: 'CN=V2G Root CA', X509SerialNumber: 0x3039n }]
  return signCertificateInstallationReq({
    sessionId,
    request: {
      OEMProvisioningCert: vehicle.certificate.der,
      ListOfRootCertificateIDs: { RootCertificateID },
    },
    signer: softwareSigner(key),
  })
}

function inspect(message: V2gMessage): Report {
  return inspectMessage(raw(encodeV2gMessage(message)), { atMs: Date.now() })
}

test('tells who asks, what is asked for, and that the request is signed by its own certificate', async () => {
  const report = inspect(await request())
  expect(report).toMatchObject({
    valid: true,
    message: 'CertificateInstallationReq',
    sessionId: '0102030405060708',
    pcid: 'EVOTEST0000000001',
    rootCertificateIds: [{ issuerName: 'CN=V2G Root CA', serialNumberHex: '3039' }],
    certificates: [{ role: 'oem-provisioning', validity: 'valid', publicKeyAlgorithm: 'ecdsa-p256-sha256' }],
    signature: {
      valid: true,
      signer: { role: 'oem-provisioning' },
      digests: [{ uri: '#ID1', element: 'CertificateInstallationReq', valid: true }],
    },
  })
  expect(report.chains).toBeUndefined()
  expect(reportText(report)).toContain('PCID           EVOTEST0000000001')
})

test('names what does not hold: signed by another key, changed afterwards, not signed', async () => {
  const foreign = await request(pki['mo/sub2'].privateKey)
  expect(inspect(foreign)).toMatchObject({ valid: false, code: 'ERR_SIGNATURE_VALUE' })
  const { Header, Body } = await request()
  const { CertificateInstallationReq } = Body
  const changed = { ...CertificateInstallationReq, OEMProvisioningCert: vehicle.expiredCertificate.der }
  expect(
    inspect({
      Header,
      Body: { CertificateInstallationReq: { ...required(CertificateInstallationReq), ...changed } },
    }),
  ).toMatchObject({ valid: false, code: 'ERR_SIGNATURE_DIGEST', signature: { digests: [{ valid: false }] } })
  expect(inspect({ Header: { SessionID: sessionId }, Body })).toMatchObject({
    valid: false,
    code: 'ERR_SIGNATURE_ABSENT',
  })
})

test('judges the chain when roots are given, with the sub CAs from beside them', async () => {
  const input = raw(encodeV2gMessage(await request()))
  const intermediates = [vehicle.sub1, vehicle.sub2]
  const trusted = { roots: [pki['oem/root'].certificate], intermediates }
  const atMs = Date.now()
  expect(inspectMessage(input, { atMs, trust: trusted })).toMatchObject({
    valid: true,
    chains: [{ role: 'oem-provisioning', valid: true, path: { length: 4 } }],
  })
  expect(
    inspectMessage(input, { atMs, trust: { roots: [pki['mo/root'].certificate], intermediates } }),
  ).toMatchObject({
    valid: false,
    code: 'ERR_PATH_NO_ISSUER',
  })
  expect(inspectMessage(input, { atMs: Date.parse('2099-01-01'), trust: trusted })).toMatchObject({
    valid: false,
    code: 'ERR_PATH_EXPIRED',
    certificates: [{ validity: 'expired' }],
  })
})

test('checks only the digests when the signer is not in the message', async () => {
  const signer = softwareSigner(pki['mo/sub2'].privateKey)
  const message = await signAuthorizationReq({ sessionId, genChallenge: new Uint8Array(16), signer })
  const report = inspect(message)
  expect(report).toMatchObject({
    valid: true,
    signature: { digests: [{ element: 'AuthorizationReq', valid: true }] },
  })
  expect(report.signature).not.toHaveProperty('valid')
  const changed = {
    ...message,
    Body: { AuthorizationReq: { Id: 'ID1', GenChallenge: new Uint8Array(16).fill(1) } },
  }
  expect(inspect(changed)).toMatchObject({ valid: false, code: 'ERR_SIGNATURE_DIGEST' })
})

test('reads messages that have nothing to do with certificates, and reports what trails them', () => {
  const exi = encodeV2gMessage({
    Header: { SessionID: sessionId },
    Body: { SessionSetupReq: { EVCCID: Uint8Array.of(1) } },
  })
  expect(inspectMessage(raw(Uint8Array.of(...exi, 0)), { atMs: 0 })).toMatchObject({
    valid: true,
    message: 'SessionSetupReq',
    input: { trailingBytes: 1 },
    fields: { EVCCID: '01' },
  })
})

test('reads a message from XML as from EXI', async () => {
  const message = await request()
  const xml = inspectMessage({ form: 'xml', bytes: Buffer.from(v2gMessageToXml(message)) }, { atMs: 0 })
  expect({ ...xml, input: undefined }).toEqual({
    ...inspectMessage(raw(encodeV2gMessage(message)), { atMs: 0 }),
    input: undefined,
  })
})

test('gives the digest of a fragment', async () => {
  const { CertificateInstallationReq: value } = (await request()).Body
  const fragment = exiCodec('iso2').encodeFragment({
    namespace: ISO2_MSG_BODY,
    name: 'CertificateInstallationReq',
    value,
  })
  const [digest] = inspect(await request()).signature?.digests ?? []
  const report = inspectMessage(raw(fragment), { atMs: 0 })
  expect(report).toMatchObject({ input: { kind: 'fragment' }, message: 'CertificateInstallationReq' })
  expect(digest?.valid).toBe(true)
  expect(report.digestSha256).toMatch(/^[0-9a-f]{64}$/)
})

test('what is no message at all is unusable, with the reason', () => {
  for (const bytes of [Uint8Array.of(0x80), Uint8Array.of(0x80, 0x98, 0x02, 0xff, 0xff, 0xff)])
    expect(() => inspectMessage(raw(bytes), { atMs: 0 })).toThrow(
      expect.objectContaining({ name: 'UnusableInput', code: expect.stringMatching(/^ERR_EXI_/) }),
    )
  expect(() => inspectMessage({ form: 'xml', bytes: Buffer.from('<a') }, { atMs: 0 })).toThrow(
    expect.objectContaining({ name: 'UnusableInput', code: expect.stringMatching(/^ERR_XML_/) }),
  )
})

const GOLDEN = new URL('../../../shared/vectors/opcp/opcp-golden-vectors.json', import.meta.url)

test.skipIf(!existsSync(GOLDEN))(
  'published messages hold, up to the published root (not run without ../shared)',
  () => {
    const { vectors, root }: GoldenVectors = JSON.parse(readFileSync(GOLDEN, 'utf8'))
    const trust = { roots: [parseCertificate(bytesFromHex(root.derHex))], intermediates: [] }
    for (const { id, exiBase64 } of vectors.filter((vector) => vector.id.startsWith('iso2-'))) {
      const input = raw(bytesFromBase64(exiBase64, 65_536))
      const report = inspectMessage(input, { atMs: 0 })
      expect(report).toMatchObject({ valid: true })
      if (!id.startsWith('iso2-cert-install-res') && !id.includes('xml')) continue
      const [leaf] = report.certificates.filter(({ role }) => role === 'contract')
      const atMs = Date.parse(leaf?.validFrom ?? '') + 1
      expect(inspectMessage(input, { atMs, trust })).toMatchObject({
        valid: true,
        chains: [{ valid: true }, { valid: true }],
      })
      expect(decodeV2gMessage(input.bytes).trailingBytes).toBe(0)
    }
  },
)

interface GoldenVectors {
  readonly vectors: readonly { readonly id: string; readonly exiBase64: string }[]
  readonly root: { readonly derHex: string }
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new TypeError('missing')
  return value
}
