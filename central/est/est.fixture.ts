/** Stations and other end entities with their keys, curl and openssl as clients: builders for tests of EST. */
import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { base64FromBytes, type SignatureAlgorithm } from '#base'
import type { Role } from '#opcp'
import {
  generateSigningKeyPair,
  privateKeyPem,
  readCertificatesOnly,
  softwareSigner,
  writeCertificateRequest,
  type Certificate,
  type CertificateSubject,
  type KeyPair,
} from '#pki'

import type { CentralScene } from '../central.fixture.ts'
import { tokenOf } from '../raw-request.fixture.ts'

function run(
  command: string,
  args: readonly string[],
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  return new Promise((resolve, reject) => {
    execFile(command, [...args], (error, stdout, stderr) => {
      if (error === null) resolve({ stdout, stderr })
      else reject(error)
    })
  })
}

export interface CurlAnswer {
  readonly status: number
  /** As the bytes came. */
  readonly body: Buffer
  readonly text: string
  readonly contentType: string
}

export interface CurlRequest {
  readonly method?: string
  readonly role?: Role
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** PEM files of a client certificate and its key. */
  readonly client?: { readonly certificate: string; readonly privateKey: string }
}

let files = 0

/** An HTTPS request by curl, as a station's own client would send it. */
export async function curl(
  scene: CentralScene,
  path: string,
  request: CurlRequest = {},
): Promise<CurlAnswer> {
  const { method, role, headers = {}, body, client } = request
  const folder = join(scene.directory, 'curl')
  await mkdir(folder, { recursive: true })
  const stem = join(folder, String(files++))
  await writeFile(`${stem}.in`, body ?? '')
  const all = {
    ...headers,
    ...(role !== undefined && { authorization: `Bearer ${await tokenOf(scene, role)}` }),
  }
  const { stdout } = await run('curl', [
    '--silent',
    '--show-error',
    '--max-time',
    '20',
    '--cacert',
    join(scene.directory, 'pki/tls/ca.pem'),
    '--output',
    `${stem}.out`,
    '--write-out',
    '%{http_code} %{content_type}',
    ...Object.entries(all).flatMap(([name, value]) => ['--header', `${name}: ${value}`]),
    ...(body === undefined ? [] : ['--data-binary', `@${stem}.in`]),
    ...(method === undefined ? [] : ['--request', method]),
    ...(client === undefined ? [] : ['--cert', client.certificate, '--key', client.privateKey]),
    `${scene.central.url}${path}`,
  ])
  const [status = '', ...contentType] = stdout.split(' ')
  const answered = await readFile(`${stem}.out`).catch(() => Buffer.alloc(0))
  return {
    status: Number(status),
    body: answered,
    text: answered.toString('latin1'),
    contentType: contentType.join(' '),
  }
}

export async function openssl(args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await run('openssl', args)
  return `${stderr}${stdout}`
}

export interface RequestedKey extends KeyPair {
  /** Base64 of the PKCS#10 request. */
  readonly request: string
}

/** A fresh key and a request for it. */
export async function newRequest(
  commonName: string,
  over: Partial<CertificateSubject> & { readonly algorithm?: SignatureAlgorithm } = {},
): Promise<RequestedKey> {
  const { algorithm = 'ecdsa-p256-sha256', ...subject } = over
  const keys = await generateSigningKeyPair(algorithm)
  const der = await writeCertificateRequest({
    subject: { commonName, organizationName: 'Station Maker', ...subject },
    publicKey: keys.publicKey,
    signer: softwareSigner(keys.privateKey),
  })
  return { ...keys, request: base64FromBytes(der) }
}

export interface Station extends KeyPair {
  readonly certificate: Certificate
  /** Files for curl. */
  readonly client: { readonly certificate: string; readonly privateKey: string }
}

/** A station that has enrolled with the CA of the CPO. */
export async function enrolStation(scene: CentralScene, commonName: string): Promise<Station> {
  const { request, ...keys } = await newRequest(commonName)
  const answer = await curl(scene, '/.well-known/cpo/simpleenroll', { role: 'CPO', body: request })
  const [certificate] = readCertificatesOnly(answer.text)
  if (answer.status !== 200 || certificate === undefined) throw new Error(`enrolment: ${answer.text}`)
  return { ...keys, certificate, client: await writeClient(scene, certificate, keys) }
}

export async function writeClient(
  scene: CentralScene,
  certificate: Certificate,
  { privateKey }: Pick<KeyPair, 'privateKey'>,
): Promise<Station['client']> {
  const stem = join(scene.directory, `client-${certificate.serialNumberHex}`)
  await writeFile(`${stem}.pem`, certificate.toPem())
  await writeFile(`${stem}.key.pem`, privateKeyPem(privateKey), { mode: 0o600 })
  return { certificate: `${stem}.pem`, privateKey: `${stem}.key.pem` }
}
