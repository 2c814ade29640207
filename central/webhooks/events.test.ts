import { existsSync, readFileSync } from 'node:fs'

import { beforeAll, describe, expect, test } from 'vitest'

import { systemRandom } from '#base'
import { ISO20_NAMESPACE, ISO2_NAMESPACE, type ContractEventType } from '#opcp'

import { pkiForTests } from '../central.fixture.ts'
import type { Root } from '../rcp/root-pool.ts'
import { contractEvent, rootEvent, type EventContract, type WebhookEvent } from './events.ts'

const REFERENCE = new URL(
  '../../../shared/reference/opcp-1.0.0/openapi/webhook.payload.v1.json',
  import.meta.url,
)
const ports = { clock: () => Date.UTC(2026, 1, 3), random: systemRandom }

const CONTRACT: EventContract = {
  emaid: { asIssued: 'DEevoC00000001', key: 'DEEVOC00000001' },
  pcid: 'evoabc00000000001',
  namespace: ISO2_NAMESPACE,
  contractCertificate: Uint8Array.of(0x30, 0),
  cpsSignerRoot: { fingerprint: 'a7'.repeat(32), commonName: 'V2G Root CA' },
  signatureAlgorithm: 'secp256r1',
}

function bodyOf({ body }: WebhookEvent): unknown {
  return JSON.parse(new TextDecoder().decode(body))
}

const published = (path: string): { required: string[]; properties: Record<string, unknown> } =>
  JSON.parse(readFileSync(REFERENCE, 'utf8')).paths[path].post.requestBody.content['application/json'].schema

let root: Root
beforeAll(async () => {
  const { certificate } = (await pkiForTests())['v2g/root']
  root = { id: 'b1b86334-7c74-4ccc-b78d-d4f773d3b559', rootType: 'V2G', certificate }
})

describe('an event about a contract', () => {
  test('says all that OPCP has members for', () => {
    const event = contractEvent('oem.contract.deleted', { ...CONTRACT, defaultContract: true }, ports)
    expect(bodyOf(event)).toEqual({
      timestamp: '2026-02-03T00:00:00Z',
      eventId: event.eventId,
      eventType: 'oem.contract.deleted',
      xsdMsgDefNamespace: ISO2_NAMESPACE,
      payload: {
        emaid: 'DEevoC00000001',
        pcid: 'evoabc00000000001',
        contractCert: 'MAA=',
        cpsSignerRootFingerprint: 'a7'.repeat(32),
        cpsSignerRootCommonName: 'V2G Root CA',
        signatureAlgorithm: 'secp256r1',
        defaultContract: true,
      },
    })
  })

  test.each<{ type: ContractEventType; audience: object }>([
    { type: 'oem.contract.created', audience: { kind: 'oem', wmi: 'EVO' } },
    { type: 'mo.prov.cert.deleted', audience: { kind: 'mo', providerId: 'DEEVO', wmi: 'EVO' } },
  ])('$type concerns its own side alone, whatever the case of the ids', ({ type, audience }) => {
    expect(contractEvent(type, CONTRACT, ports)).toMatchObject({
      audience,
      subject: { emaidKey: 'DEEVOC00000001', pcidKey: 'EVOABC00000000001' },
    })
  })

  test('has an id of its own', () => {
    const [a, b] = [1, 2].map(() => contractEvent('oem.contract.created', CONTRACT, ports).eventId)
    expect(a).not.toBe(b)
  })
})

describe('an event about a root', () => {
  test('goes to everyone', () => {
    const event = rootEvent('root.cert.added', root, ports)
    expect(event).toMatchObject({ audience: { kind: 'everyone' }, subject: undefined })
    expect(bodyOf(event)).toMatchObject({
      eventType: 'root.cert.added',
      xsdMsgDefNamespace: ISO2_NAMESPACE,
      payload: {
        rootCertificateId: root.id,
        rootType: 'V2G',
        rootSerialNumber: root.certificate.serialNumberHex,
        signatureAlgorithm: 'secp256r1',
        fingerprintSHA256: root.certificate.fingerprintSha256Hex,
      },
    })
  })

  test('of a private environment goes to its members', () => {
    const event = rootEvent('root.cert.revoked', { ...root, rootType: 'PE' }, ports, ['fleet'])
    expect(event.audience).toEqual({ kind: 'members', participantIds: ['fleet'] })
  })
})

describe.skipIf(!existsSync(REFERENCE))('of the published file (skipped where it is absent)', () => {
  test.each([
    {
      path: '/customer.defined.root.event.webhook.path',
      eventOf: () => rootEvent('root.cert.expired', root, ports),
    },
    {
      path: '/customer.defined.pcid.emaid.event.webhook.path',
      eventOf: () =>
        contractEvent('mo.prov.cert.updated', { ...CONTRACT, namespace: ISO20_NAMESPACE }, ports),
    },
  ])('the members are there, and no others: $path', ({ path, eventOf }) => {
    const schema = published(path)
    const body = bodyOf(eventOf())
    expect(Object.keys(schema.properties).toSorted()).toEqual(Object.keys(Object(body)).toSorted())
    const { properties } = Object(schema.properties['payload'])
    const { payload } = Object(body)
    expect(Object.keys(properties)).toEqual(expect.arrayContaining(Object.keys(payload)))
  })
})
