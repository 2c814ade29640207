import { existsSync, readFileSync } from 'node:fs'

import { Compile } from 'typebox/schema'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { base64FromBytes } from '#base'
import { ISO2_NAMESPACE } from '#opcp'

import {
  contractDataBody,
  generateBody,
  installationRequest,
  newVehicle,
  provCertBody,
  putRoots,
  putVehicle,
  startScene,
  type CentralScene,
} from './central.fixture.ts'
import { JSON_TYPE, rawRequest, tokenOf } from './raw-request.fixture.ts'

const OPENAPI = new URL('../../shared/reference/opcp-1.0.0/openapi/', import.meta.url)

/**
 * Members of the published schemas that their own examples break: base64 counted as bytes, counts of members, UUIDs
 * where fingerprints belong, and names of files that do not resolve.
 */
const BROKEN = new Set([
  'maxLength',
  'minProperties',
  'maxProperties',
  'x-examples',
  'example',
  'examples',
  'format',
])
const UUID_PATTERN = '^[0-9a-fA-F]{8}\\-([0-9a-fA-F]{4}\\-){3}[0-9a-fA-F]{12}$'

type Json = Readonly<Record<string, unknown>>

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The schema with its references put in place and its broken members left out. */
function mended(node: unknown, file: Json): unknown {
  if (Array.isArray(node)) return node.map((item: unknown) => mended(item, file))
  if (!isObject(node)) return node
  const reference = node['$ref']
  if (typeof reference === 'string') return mended(at(file, reference.replace(/^.*#\//, '').split('/')), file)
  const kept = Object.entries(node).filter(
    ([key, value]) => !BROKEN.has(key) && !(key === 'pattern' && value === UUID_PATTERN),
  )
  return Object.fromEntries(kept.map(([key, value]) => [key, mended(value, file)]))
}

function at(node: unknown, path: readonly string[]): unknown {
  return path.reduce((inner, key) => (isObject(inner) ? inner[key] : undefined), node)
}

function responseSchema(name: string, path: readonly string[]) {
  const file: unknown = JSON.parse(readFileSync(new URL(`${name}.v1.json`, OPENAPI), 'utf8'))
  if (!isObject(file)) throw new TypeError(`${name} is no OpenAPI file`)
  const schema = mended(at(file, ['paths', ...path, 'content', 'application/json', 'schema']), file)
  if (!isObject(schema)) throw new TypeError(`no schema at ${path.join(' ')}`)
  return Compile(schema)
}

const present = existsSync(OPENAPI)

describe.skipIf(!present)('answers fit the published OpenAPI files (not run: ../shared is absent)', () => {
  let scene: CentralScene
  beforeAll(async () => {
    scene = await startScene()
    await putRoots(scene)
  })
  afterAll(() => scene[Symbol.asyncDispose]())

  async function answer(
    role: 'CPO' | 'MO_EXTERNAL_PKI' | 'OEM',
    [method, path]: readonly [string, string],
    body?: object,
  ) {
    const headers = { ...JSON_TYPE, authorization: `Bearer ${await tokenOf(scene, role)}` }
    return await rawRequest(scene, method, path, {
      headers,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
  }

  test('GET rootCerts', async () => {
    const { body } = await answer('CPO', ['GET', '/v1/root/rootCerts'])
    const schema = responseSchema('rcp', ['/v1/root/rootCerts', 'get', 'responses', '200'])
    expect(schema.Errors(body)).toEqual([true, []])
  })

  test('PUT and GET provCerts', async () => {
    const vehicle = await newVehicle(scene.pki)
    const put = await answer('OEM', ['PUT', '/v1/oem/provCerts'], {
      ...provCertBody(vehicle),
      v2gRootAuthorityKeyIdentifiers: ['4f:13'],
    })
    const putSchema = responseSchema('pcp', ['/v1/oem/provCerts', 'put', 'responses', '200'])
    expect(putSchema.Errors(put.body)).toEqual([true, []])
    const got = await answer('OEM', ['GET', `/v1/oem/provCerts/${vehicle.pcid}`])
    const getSchema = responseSchema('pcp', ['/v1/oem/provCerts/{pcid}', 'get', 'responses', '200'])
    expect(getSchema.Errors(got.body)).toEqual([true, []])
  })

  test('PUT contractData/signed', async () => {
    const vehicle = await newVehicle(scene.pki)
    const contractData = await contractDataBody(scene.pki, { vehicle, emaid: 'DEEVXO00000001' })
    const { body } = await answer('MO_EXTERNAL_PKI', ['PUT', '/v1/cps/contractData/signed'], {
      contractData,
      xsdMsgDefNamespace: ISO2_NAMESPACE,
    })
    const schema = responseSchema('cps', ['/v1/cps/contractData/signed', 'put', 'responses', '201'])
    expect(schema.Errors(body)).toEqual([true, []])
  })

  test('GET signer, with a version in its path and without', async () => {
    const schema = responseSchema('cps', ['/cps/signer', 'get', 'responses', '200'])
    for (const path of ['/cps/signer', '/v1/cps/signer']) {
      const { status, body } = await answer('CPO', ['GET', path])
      expect(status).toBe(200)
      expect(schema.Errors(body)).toEqual([true, []])
      expect(body).toMatchObject({
        cpsCertificates: [
          {
            cpsDistinguishedName: scene.pki['cps/leaf'].certificate.distinguishedName,
            cpsSubCa1Certificate: base64FromBytes(scene.pki['cps/sub1'].certificate.der),
            cpsSubCa2Certificate: base64FromBytes(scene.pki['cps/sub2'].certificate.der),
            cpsV2GRootCertificateFingerprint: scene.pki['v2g/root'].certificate.fingerprintSha256Hex,
          },
        ],
      })
    }
  })

  test('POST signedContractData, with and without a contract', async () => {
    const path = '/v1/ccp/signedContractData'
    const vehicle = await putVehicle(scene)
    const request = await installationRequest(vehicle)
    const negative = await answer('CPO', ['POST', path], request)
    expect(negative.status).toBe(404)
    expect(responseSchema('ccp', [path, 'post', 'responses', '404']).Errors(negative.body)).toEqual([
      true,
      [],
    ])
    await scene
      .clientOf('MO_HUBJECT_PKI')
      .generateSignedContractData(generateBody({ pcid: vehicle.pcid, emaid: 'DEEVOO00000001' }))
    const positive = await answer('CPO', ['POST', path], request)
    expect(positive.status).toBe(200)
    expect(responseSchema('ccp', [path, 'post', 'responses', '200']).Errors(positive.body)).toEqual([
      true,
      [],
    ])
  })
})
