import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { systemRandom } from '#base'
import {
  authorityOf,
  generateSigningKeyPair,
  parseCrl,
  privateKeyPem,
  readCertificatesOnly,
  type Certificate,
} from '#pki'

import { DAY_MS, startScene, type CentralScene } from '../central.fixture.ts'
import { curl, enrolStation, newRequest } from './est.fixture.ts'

let scene: CentralScene
beforeAll(async () => {
  scene = await startScene()
})
afterAll(() => scene[Symbol.asyncDispose]())

/** The files of another sub CA of the CPO. */
async function writeNextCa(): Promise<{ certificateFile: string; privateKeyFile: string }> {
  const keys = await generateSigningKeyPair('ecdsa-p256-sha256')
  const certificate = await authorityOf(scene.pki['cpo/sub1'], systemRandom).issue({
    profile: 'cpo-sub2',
    subject: { commonName: 'Next CPO Sub2 CA', organizationName: 'Example' },
    publicKey: keys.publicKey,
    notBeforeMs: Date.now() - DAY_MS,
    notAfterMs: Date.now() + 300 * DAY_MS,
  })
  const certificateFile = join(scene.directory, 'next-ca.pem')
  const privateKeyFile = join(scene.directory, 'next-ca.key.pem')
  await writeFile(certificateFile, certificate.toPem())
  await writeFile(privateKeyFile, privateKeyPem(keys.privateKey), { mode: 0o600 })
  return { certificateFile, privateKeyFile }
}

const isOnCrl = async (name: string, certificate: Certificate): Promise<boolean> =>
  parseCrl((await curl(scene, `/crl/${name}.crl`)).body).entryOf(certificate) !== undefined

test('a CA hands over to the next one while central serves: stations renew there, and the old one still answers for them', async () => {
  const { certificate, client } = await enrolStation(scene, 'DE*EVO*EROLL1')
  const [cpo, ...others] = scene.config.operatorCas
  if (cpo === undefined) throw new TypeError('the scene has operator CAs')
  const next = { ...cpo, ...(await writeNextCa()), name: 'cpo-next' }
  await expect(scene.central.reload({ operatorCas: [cpo, next, ...others] })).rejects.toMatchObject({
    code: 'ERR_CENTRAL_OPERATOR_CA',
  })
  await scene.central.reload({ operatorCas: [{ ...cpo, retired: true }, next, ...others] })

  const { request } = await newRequest('DE*EVO*EROLL1')
  const answer = await curl(scene, '/cpo/simplereenroll', { client, body: request })
  expect([answer.status, readCertificatesOnly(answer.text)[0]?.issuer.text]).toEqual([
    200,
    expect.stringContaining('Next CPO Sub2 CA'),
  ])
  const [issuing] = readCertificatesOnly((await curl(scene, '/cpo/cacerts', { role: 'CPO' })).text)
  expect(issuing?.commonName).toBe('Next CPO Sub2 CA')

  const body = JSON.stringify({ certificate: certificate.toPem(), revocationReason: 'superseded' })
  const headers = { 'content-type': 'application/json' }
  expect((await curl(scene, '/v1/pki/revokeCertificate', { role: 'CPO', headers, body })).status).toBe(200)
  expect([await isOnCrl('cpo', certificate), await isOnCrl('cpo-next', certificate)]).toEqual([true, false])
})

test('a retired CA makes no contracts: ERR_CENTRAL_CONTRACT_AUTHORITY', async () => {
  const operatorCas = scene.config.operatorCas.map((ca) => ({ ...ca, retired: ca.kind === 'mo' }))
  await expect(scene.central.reload({ operatorCas })).rejects.toMatchObject({
    code: 'ERR_CENTRAL_CONTRACT_AUTHORITY',
    message: 'mo.contractAuthority: mo names a CA that is retired',
  })
})
