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
import { complaintAbout, HAS_REFERENCE } from './reference-answers.fixture.ts'

describe.skipIf(!HAS_REFERENCE)(
  'answers fit the published OpenAPI files (not run: ../shared is absent)',
  () => {
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

    // rawRequest fails when an answer does not fit, so that the statuses are all that is left to say.
    test('of the RCP and the PCP', async () => {
      await expect(answer('CPO', ['GET', '/v1/root/rootCerts'])).resolves.toMatchObject({ status: 200 })
      const vehicle = await newVehicle(scene.pki)
      const body = { ...provCertBody(vehicle), v2gRootAuthorityKeyIdentifiers: ['4f:13'] }
      await expect(answer('OEM', ['PUT', '/v1/oem/provCerts'], body)).resolves.toMatchObject({ status: 200 })
      const got = await answer('OEM', ['GET', `/v1/oem/provCerts/${vehicle.pcid}`])
      expect(got.status).toBe(200)
    })

    test('of the CPS', async () => {
      const vehicle = await newVehicle(scene.pki)
      const contractData = await contractDataBody(scene.pki, { vehicle, emaid: 'DEEVXO00000001' })
      const body = { contractData, xsdMsgDefNamespace: ISO2_NAMESPACE }
      const signed = await answer('MO_EXTERNAL_PKI', ['PUT', '/v1/cps/contractData/signed'], body)
      expect(signed.status).toBe(201)
      for (const path of ['/cps/signer', '/v1/cps/signer'])
        await expect(answer('CPO', ['GET', path])).resolves.toMatchObject({
          status: 200,
          body: {
            cpsCertificates: [
              {
                cpsDistinguishedName: scene.pki['cps/leaf'].certificate.distinguishedName,
                cpsSubCa1Certificate: base64FromBytes(scene.pki['cps/sub1'].certificate.der),
                cpsSubCa2Certificate: base64FromBytes(scene.pki['cps/sub2'].certificate.der),
                cpsV2GRootCertificateFingerprint: scene.pki['v2g/root'].certificate.fingerprintSha256Hex,
              },
            ],
          },
        })
    })

    test('of the CCP, with and without a contract', async () => {
      const path = '/v1/ccp/signedContractData'
      const vehicle = await putVehicle(scene)
      const request = await installationRequest(vehicle)
      await expect(answer('CPO', ['POST', path], request)).resolves.toMatchObject({ status: 404 })
      await scene
        .clientOf('MO_HUBJECT_PKI')
        .generateSignedContractData(generateBody({ pcid: vehicle.pcid, emaid: 'DEEVOO00000001' }))
      await expect(answer('CPO', ['POST', path], request)).resolves.toMatchObject({ status: 200 })
    })

    test.each([
      ['a body of other members', 'GET', '/v1/oem/provCerts/EVOTEST00000000001', 200, { OEMMessage: {} }],
      ['a trace id that is none', 'GET', '/v1/root/rootCerts?rootType=x', 400, { traceId: 'x' }],
      ['a refusal whose status has no schema', 'DELETE', '/v1/root/rootCerts/x', 403, {}],
      ['an installation without a message', 'POST', '/v1/ccp/signedContractData', 404, { CCPResponse: {} }],
      ['a status that is not published', 'PUT', '/v1/oem/provCerts', 202, {}],
      [
        'an error of the pools from the token endpoint',
        'POST',
        '/oauth/token',
        403,
        { errorMessages: ['-'] },
      ],
    ])('is not said of %s', (_, method, path, status, body) => {
      const judged = { method, path, status, body, contentType: 'application/json; charset=utf-8' }
      expect(complaintAbout(judged)).toContain(`answered ${status}`)
    })
  },
)
