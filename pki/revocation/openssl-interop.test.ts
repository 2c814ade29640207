/** The openssl command as counterpart: it reads what we sign, answers what we ask, and asks what we answer. */
import { execFile, spawn, spawnSync } from 'node:child_process'
import { KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { beforeAll, describe, expect, test } from 'vitest'

import { extension, type Forged } from '../testing/forge.ts'
import { parseCrl } from './certificate-revocation-list.ts'
import { CrlEvidence } from './crl-evidence.ts'
import { signCrl } from './crl-writer.ts'
import { guardedHttp } from './guarded-http.ts'
import { readOcspRequest } from './ocsp-request.ts'
import { signOcspResponse } from './ocsp-responder.ts'
import { RevocationFetcher } from './revocation-fetcher.ts'
import {
  bodyOf,
  forgeCa,
  forgeLeaf,
  HOUR_MS,
  LOOPBACK,
  portOf,
  serve,
  type TestCa,
} from './revocation.fixture.ts'

const hasOpenssl = spawnSync('openssl', ['version']).status === 0
/** The command knows no other clock. */
const NOW_MS = Math.floor(Date.now() / 1000) * 1000
const VALIDITY = { validFromMs: NOW_MS - HOUR_MS, validToMs: NOW_MS + 24 * HOUR_MS }
const SKI = extension('2.5.29.14', false, '04080102030405060708')

interface Site extends AsyncDisposable {
  readonly directory: string
  file(name: string): string
}

let ca: TestCa
let good: Forged
let revoked: Forged

beforeAll(async () => {
  ca = await forgeCa({ ...VALIDITY, extensions: [SKI] })
  good = await forgeLeaf(ca, { ...VALIDITY, subject: 'Good', serialNumber: '0a01' })
  revoked = await forgeLeaf(ca, { ...VALIDITY, subject: 'Revoked', serialNumber: '0a02' })
})

/** A folder with the CA, its key, and both leaves, as the command wants them. */
async function openSite(): Promise<Site> {
  const directory = await mkdtemp(join(tmpdir(), 'evouch-openssl-'))
  const file = (name: string): string => join(directory, name)
  const key = KeyObject.from(ca.keys.privateKey).export({ type: 'pkcs8', format: 'pem' })
  await writeFile(file('ca.pem'), ca.certificate.toPem())
  await writeFile(file('ca.key.pem'), key, { mode: 0o600 })
  await writeFile(file('good.pem'), good.certificate.toPem())
  await writeFile(file('revoked.pem'), revoked.certificate.toPem())
  return { directory, file, [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) }
}

/** Runs the command in the folder; rejects with its standard error when it fails. */
function openssl(site: Site, args: string): Promise<{ stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    execFile('openssl', args.split(' '), { cwd: site.directory }, (error, stdout, stderr) => {
      if (error === null) resolve({ stdout, stderr })
      else reject(new Error(stderr, { cause: error }))
    })
  })
}

const ourCrl = (): Promise<Uint8Array> =>
  signCrl(
    {
      issuer: ca.certificate,
      number: 4711n,
      thisUpdateMs: NOW_MS - 1000,
      nextUpdateMs: NOW_MS + HOUR_MS,
      revoked: [{ serialNumberHex: '0a02', revokedAtMs: NOW_MS - 5000, reason: 'cessationOfOperation' }],
    },
    ca.signer,
  )

describe.skipIf(!hasOpenssl)('openssl (not run without the command)', () => {
  test('verifies and prints a CRL of ours', async () => {
    await using site = await openSite()
    await writeFile(site.file('ca.crl'), await ourCrl())
    const { stdout, stderr } = await openssl(site, 'crl -inform DER -in ca.crl -CAfile ca.pem -text -noout')
    expect(stderr).toContain('verify OK')
    expect(stdout).toMatch(/Cessation Of Operation/)
    expect(stdout).toMatch(/X509v3 CRL Number:\s+4711/)
    expect(stdout).toMatch(/01:02:03:04:05:06:07:08/)
  })

  test('accepts the one and refuses the other certificate by a CRL of ours', async () => {
    await using site = await openSite()
    await writeFile(site.file('ca.crl'), await ourCrl())
    await openssl(site, 'crl -inform DER -in ca.crl -out crl.pem')
    const verify = (leaf: string) =>
      openssl(site, `verify -crl_check_all -CAfile ca.pem -CRLfile crl.pem ${leaf}`)
    await expect(verify('good.pem')).resolves.toMatchObject({ stdout: expect.stringContaining('OK') })
    await expect(verify('revoked.pem')).rejects.toThrow('certificate revoked')
  })

  test('writes a CRL by which we judge', async () => {
    await using site = await openSite()
    await writeIndex(site)
    await writeFile(site.file('number'), '01\n')
    await writeFile(
      site.file('ca.cnf'),
      `[ca]\ndefault_ca=c\n[c]\ndatabase=index.txt\ncrlnumber=number\n` +
        'default_md=sha256\ndefault_crl_days=1\ncrl_extensions=e\n[e]\nauthorityKeyIdentifier=keyid\n',
    )
    await openssl(site, 'ca -gencrl -config ca.cnf -cert ca.pem -keyfile ca.key.pem -out crl.pem')
    const crl = parseCrl(await readFile(site.file('crl.pem')))
    const evidence = new CrlEvidence({ crls: [crl] })
    const statusOf = ({ certificate }: Forged) =>
      evidence.statusOf({ certificate, issuer: ca.certificate, atMs: NOW_MS })
    expect(crl.number).toBe(1n)
    expect(statusOf(good)).toMatchObject({ status: 'good' })
    expect(statusOf(revoked)).toMatchObject({ status: 'revoked', reason: 'keyCompromise' })
  })

  test.each(['sha1', 'sha256'])(
    'asks our responder by %s, with a nonce, and believes it',
    async (hashName) => {
      await using site = await openSite()
      await using responder = await startResponder()
      const { stdout, stderr } = await openssl(
        site,
        `ocsp -url ${responder.url} -CAfile ca.pem -issuer ca.pem -${hashName} -cert good.pem -cert revoked.pem -nonce`,
      )
      expect(stderr).toContain('Response verify OK')
      expect(stderr).not.toContain('WARNING')
      expect(stdout).toMatch(/good\.pem: good/)
      expect(stdout).toMatch(/revoked\.pem: revoked[^]*Reason: keyCompromise/)
    },
  )

  test('answers our client, which tells good from revoked', async () => {
    await using site = await openSite()
    await writeIndex(site)
    await using responder = await startOpensslResponder(site)
    const fetcher = new RevocationFetcher({
      network: guardedHttp({ allowedNetworks: LOOPBACK }),
      random: (length) => new Uint8Array(length).fill(7),
    })
    const fetch = async (serialNumber: string) => {
      const leaf = await forgeLeaf(ca, { ...VALIDITY, serialNumber, ocsp: responder.url })
      return fetcher.fetch({ certificate: leaf.certificate, issuer: ca.certificate, atMs: Date.now() })
    }
    await expect(fetch('0a01')).resolves.toMatchObject({ source: 'ocsp', status: { status: 'good' } })
    await expect(fetch('0a02')).resolves.toMatchObject({
      status: { status: 'revoked', reason: 'keyCompromise' },
    })
    await expect(fetch('0a03')).rejects.toMatchObject({ code: 'ERR_REVOCATION_OCSP' })
  })
})

/** The database of `openssl ca`: one valid and one revoked certificate. */
async function writeIndex(site: Site): Promise<void> {
  const end = date(VALIDITY.validToMs)
  const lines = [
    `V\t${end}\t\t0A01\tunknown\t/CN=Good`,
    `R\t${end}\t${date(NOW_MS - 5000)},keyCompromise\t0A02\tunknown\t/CN=Revoked`,
  ]
  await writeFile(site.file('index.txt'), `${lines.join('\n')}\n`)
}

/** Our responder functions behind a real server. */
function startResponder(): ReturnType<typeof serve> {
  return serve(async (request, response) => {
    const { certificateIds, nonce } = readOcspRequest(await bodyOf(request))
    const answers = certificateIds.map((certificateId) => ({
      certificateId,
      status:
        certificateId.serialNumberHex === '0a01'
          ? ({ status: 'good' } as const)
          : ({ status: 'revoked', revokedAtMs: NOW_MS - 5000, reason: 'keyCompromise' } as const),
      thisUpdateMs: NOW_MS - 1000,
      nextUpdateMs: NOW_MS + HOUR_MS,
    }))
    const order = {
      responder: ca.certificate,
      includeCertificate: false,
      producedAtMs: NOW_MS,
      answers,
      ...(nonce === undefined ? {} : { nonce }),
    }
    response.setHeader('content-type', 'application/ocsp-response')
    response.end(await signOcspResponse(order, ca.signer))
  })
}

async function startOpensslResponder(site: Site): Promise<{ url: string } & AsyncDisposable> {
  const port = await freePort()
  const child = spawn(
    'openssl',
    [
      ...`ocsp -port ${port} -index index.txt -CA ca.pem`.split(' '),
      ...'-rsigner ca.pem -rkey ca.key.pem -nmin 5'.split(' '),
    ],
    { cwd: site.directory, stdio: ['ignore', 'ignore', 'pipe'] },
  )
  // It says "waiting for OCSP client connections" when it does.
  await once(child.stderr, 'data')
  return {
    url: `http://127.0.0.1:${port}/`,
    async [Symbol.asyncDispose]() {
      child.kill()
      await once(child, 'exit')
    },
  }
}

/** The command takes no port 0. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const port = portOf(server)
  server.close()
  await once(server, 'close')
  return port
}

/** UTCTime. */
const date = (timeMs: number): string =>
  `${new Date(timeMs).toISOString().slice(2, 19).replace(/[-:T]/g, '')}Z`
