import { generateKeyPairSync } from 'node:crypto'
import { mkdir, mkdtemp, readFile, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { beforeAll, describe, expect, test } from 'vitest'

import { systemRandom } from '#base'
import {
  CertificateAuthority,
  issueRoot,
  readCertificate,
  readPrivateKey,
  signCrl,
  softwareSigner,
} from '#pki'

import { runCommand } from './command.ts'

interface Run {
  readonly exitCode: number
  readonly output: string
  readonly errors: string
}

let pki: string
let crls: string
const AT_MS = Date.now()

async function explain(...args: readonly string[]): Promise<Run> {
  let output = ''
  let errors = ''
  const exitCode = await runCommand(['pki', 'explain', ...args], {
    standardInput: (async function* () {})(),
    writeOutput: (data) => {
      output += Buffer.from(data).toString()
    },
    writeError: (text) => {
      errors += text
    },
    errorIsTerminal: false,
  })
  return { exitCode, output, errors }
}

const subs = (branch = 'cps'): string[] => ['sub1', 'sub2'].map((name) => join(pki, branch, `${name}.pem`))
const leaf = (): string => join(pki, 'cps', 'leaf.pem')
/** A contract of the MO's CA, issued for the occasion. */
async function contract(): Promise<string> {
  const certificate = await readCertificate(join(pki, 'mo', 'sub2.pem'))
  const signer = softwareSigner(await readPrivateKey(join(pki, 'mo', 'sub2.key.pem')))
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const notBeforeMs = Math.floor(AT_MS / 1000) * 1000
  const dates = { notBeforeMs, notAfterMs: notBeforeMs + 3_600_000 }
  const subject = { commonName: 'DEEVOC1234567X', organizationName: 'Example' }
  const ca = new CertificateAuthority({ certificate, signer, random: systemRandom })
  const issued = await ca.issue({ profile: 'contract', subject, publicKey, ...dates })
  const file = join(pki, 'contract.pem')
  await writeFile(file, issued.toPem())
  return file
}

const roots = (): string[] => ['--roots', join(pki, 'trust')]

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'evouch-explain-'))
  pki = join(folder, 'pki')
  crls = join(folder, 'crls')
  await mkdir(crls)
  const io = {
    standardInput: (async function* () {})(),
    writeOutput: () => {},
    writeError: () => {},
    errorIsTerminal: false,
  }
  await runCommand(['pki', 'create', '--out', pki], io)
  const revoked = await readCertificate(leaf())
  for (const [name, entries] of [
    ['v2g/root', []],
    ['cps/sub1', []],
    ['cps/sub2', [{ serialNumberHex: revoked.serialNumberHex, revokedAtMs: AT_MS - 1000 }]],
  ] as const) {
    const issuer = await readCertificate(join(pki, `${name}.pem`))
    const signer = softwareSigner(await readPrivateKey(join(pki, `${name}.key.pem`)))
    const times = { thisUpdateMs: AT_MS - 60_000, nextUpdateMs: AT_MS + 60_000 }
    const crl = await signCrl({ issuer, number: 1n, ...times, revoked: entries }, signer)
    await writeFile(join(crls, `${name.replace('/', '-')}.crl`), crl)
  }
})

describe('pki explain', () => {
  test('tells each certificate of a valid path and each rule with its section', async () => {
    const { exitCode, output, errors } = await explain(leaf(), ...subs(), ...roots(), '--profile', 'cps')
    expect({ exitCode, errors }).toEqual({ exitCode: 0, errors: '' })
    expect(output.match(/^(?:leaf|intermediate|root)$/gm)).toEqual([
      'leaf',
      'intermediate',
      'intermediate',
      'root',
    ])
    expect(output).toContain('(RFC 5280 section 6.1.3 (a)(1))')
    expect(output).toMatch(/^ {2}domain-component .*V2G2-925/m)
    expect(output).toMatch(/^valid: true {2}4 certificates/m)
  })

  test('tells what the leaf differs in from the profile without being refused for it', async () => {
    const told = async (profile: string): Promise<unknown> => {
      const { output } = await explain(leaf(), ...subs(), ...roots(), '--profile', profile, '--json')
      return JSON.parse(output).remarks
    }
    expect(await told('none')).toEqual([])
    expect(await told('cps')).toEqual([
      expect.objectContaining({ code: 'ERR_LINT_REVOCATION_ADDRESS', severity: 'report' }),
    ])
    const { output } = await explain(leaf(), ...subs(), ...roots(), '--profile', 'cps')
    expect(output).toMatch(/^the leaf beside the profile cps\n {2}ERR_LINT_REVOCATION_ADDRESS /m)
  })

  test('tells the rule that is broken, and exits with 1', async () => {
    const { exitCode, output } = await explain(leaf(), ...roots(), '--at', '2001-01-01T00:00:00Z', '--json')
    expect(exitCode).toBe(1)
    expect(JSON.parse(output)).toMatchObject({
      valid: false,
      at: '2001-01-01T00:00:00Z',
      code: 'ERR_PATH_NOT_YET_VALID',
      rule: 'not-before',
      section: 'RFC 5280 section 6.1.3 (a)(2), 4.1.2.5',
      certificate: { subject: expect.stringContaining('CPS') },
    })
  })

  test.each([
    { profile: 'contract', code: 'ERR_PATH_ROLE' },
    { profile: 'secc', code: 'ERR_PATH_ROLE' },
    { profile: 'none', code: undefined },
  ])('judges for the profile $profile: $code', async ({ profile, code }) => {
    const { output } = await explain(leaf(), ...subs(), ...roots(), '--profile', profile, '--json')
    expect(JSON.parse(output)).toMatchObject({ valid: code === undefined, ...(code && { code }), profile })
  })

  test.each([
    // Contracts of the field have no domain component, nor need a vehicle's have one: the root tells which it is.
    { roles: ['contract', 'oem'], branch: 'mo', file: () => contract() },
    { roles: ['oem'], branch: 'oem', file: () => join(pki, 'vehicles/EVOTEST0000000001/certificate.pem') },
    { roles: ['cps'], branch: 'cps', file: () => leaf() },
    { roles: ['secc'], branch: 'cpo', file: () => join(pki, 'cpo/leaf.pem') },
  ])('a leaf of $branch is valid for $roles and for no other role', async ({ roles, branch, file }) => {
    const asked = [await file(), ...subs(branch), ...roots()]
    const valid: string[] = []
    for (const profile of ['contract', 'oem', 'cps', 'secc', 'none'])
      if ((await explain(...asked, '--profile', profile)).exitCode === 0) valid.push(profile)
    expect(valid).toEqual([...roles, 'none'])
  })

  test('refuses what a CRL revokes, and what has no CRL where that is required', async () => {
    const revoked = await explain(leaf(), ...subs(), ...roots(), '--crls', crls, '--json')
    expect(JSON.parse(revoked.output)).toMatchObject({ code: 'ERR_PATH_REVOKED', rule: 'revocation' })
    const unknown = await explain(leaf(), ...subs(), ...roots(), '--require-revocation', '--json')
    expect(JSON.parse(unknown.output)).toMatchObject({ code: 'ERR_PATH_STATUS_UNKNOWN' })
    const good = await explain(...subs(), ...roots(), '--crls', crls, '--require-revocation', '--json')
    expect(JSON.parse(good.output)).toMatchObject({
      valid: true,
      path: [{ revocation: { status: 'good', source: 'crl' } }, {}],
    })
  })

  test('takes the word of an outdated CRL for what it revokes, and for nothing else', async () => {
    const at = new Date(AT_MS + 3_600_000).toISOString().replace(/\.\d+/, '')
    const asked = [...roots(), '--crls', crls, '--at', at, '--json']
    const revoked = await explain(leaf(), ...subs(), ...asked)
    expect(JSON.parse(revoked.output)).toMatchObject({
      code: 'ERR_PATH_REVOKED',
      reason: expect.stringMatching(/due to be replaced .* a revocation lasts \(RFC 5280 section 3\.3\)/),
    })
    const sub = await explain(...subs(), ...asked)
    expect(JSON.parse(sub.output)).toMatchObject({
      valid: true,
      path: [{ revocation: { status: 'unknown', why: expect.stringContaining('due to be replaced') } }, {}],
    })
    expect((await explain(...subs(), ...asked, '--require-revocation')).exitCode).toBe(1)
  })

  test('reads a CRL of megabytes in PEM', async () => {
    const folder = join(crls, 'large')
    await mkdir(folder)
    const issuer = await readCertificate(join(pki, 'cps', 'sub2.pem'))
    const signer = softwareSigner(await readPrivateKey(join(pki, 'cps', 'sub2.key.pem')))
    const others = Array.from({ length: 20_000 }, (_, n) => (0x10_00_00 + n).toString(16).padEnd(120, '0'))
    const listed = [(await readCertificate(leaf())).serialNumberHex, ...others]
    const revoked = listed.map((serialNumberHex) => ({ serialNumberHex, revokedAtMs: AT_MS - 1000 }))
    const times = { thisUpdateMs: AT_MS - 60_000, nextUpdateMs: AT_MS + 60_000 }
    const der = await signCrl({ issuer, number: 1n, ...times, revoked }, signer)
    const lines =
      Buffer.from(der)
        .toString('base64')
        .match(/.{1,64}/g) ?? []
    const pem = ['-----BEGIN X509 CRL-----', ...lines, '-----END X509 CRL-----', ''].join('\n')
    expect(pem.length).toBeGreaterThan(2 * 1024 * 1024)
    await writeFile(join(folder, 'large.crl'), pem)
    const { output } = await explain(leaf(), ...subs(), ...roots(), '--crls', folder, '--json')
    expect(JSON.parse(output)).toMatchObject({ code: 'ERR_PATH_REVOKED' })
  })

  test('takes DER as well as PEM, for certificates and CRLs', async () => {
    const folder = join(crls, 'der')
    await mkdir(join(folder, 'roots'), { recursive: true })
    const der = async (from: string, to: string): Promise<string> => {
      await writeFile(join(folder, to), (await readCertificate(from)).der)
      return join(folder, to)
    }
    const files = await Promise.all([leaf(), ...subs()].map((file, at) => der(file, `${at}.crt`)))
    await der(join(pki, 'v2g', 'root.pem'), 'roots/root.der')
    const trusted = ['--roots', join(folder, 'roots')]
    expect(await explain(...files, ...trusted)).toMatchObject({ exitCode: 0, errors: '' })
    const revoked = await explain(...files, ...trusted, '--crls', crls, '--json')
    expect(JSON.parse(revoked.output)).toMatchObject({ code: 'ERR_PATH_REVOKED' })
  })

  test('holds the key of a charge point against the edition it belongs to', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'secp521r1' })
    const folder = join(crls, 'iso20')
    await mkdir(folder)
    const subject = { commonName: 'DE*EVO*E1', organizationName: 'Example' }
    const wholeSecondMs = Math.floor(AT_MS / 1000) * 1000
    const dates = { notBeforeMs: wholeSecondMs - 86_400_000, notAfterMs: wholeSecondMs + 86_400_000 }
    const ports = { signer: softwareSigner(privateKey), random: systemRandom }
    const root = await issueRoot(
      { profile: 'v2g-root', subject: { ...subject, commonName: 'Root' }, publicKey, ...dates },
      ports,
    )
    const ca = new CertificateAuthority({ certificate: root, ...ports })
    const issued = await ca.issue({ profile: 'secc-20', subject, publicKey, ...dates })
    await writeFile(join(folder, 'root.der'), root.der)
    await writeFile(join(folder, 'secc.crt'), issued.der)
    const args = [join(folder, 'secc.crt'), '--roots', folder, '--profile', 'secc', '--json']
    const { output } = await explain(...args)
    const { valid, remarks } = JSON.parse(output)
    expect([valid, remarks]).toEqual([
      true,
      [expect.objectContaining({ code: 'ERR_LINT_REVOCATION_ADDRESS', severity: 'report' })],
    ])
  })

  test('takes a chain in one file', async () => {
    const chain = join(crls, 'chain.pem')
    const parts = await Promise.all([leaf(), ...subs()].map((file) => readFile(file, 'utf8')))
    await writeFile(chain, parts.join(''))
    expect((await explain(chain, ...roots())).exitCode).toBe(0)
  })

  test.each([
    { what: 'a missing file', args: () => ['/nowhere.pem', ...roots()], code: 'ERR_PKI_FILE' },
    { what: 'a key', args: () => [join(pki, 'cps/leaf.key.pem'), ...roots()], code: 'ERR_PKI_CERTIFICATE' },
    { what: 'no roots', args: () => [leaf(), '--roots', crls], code: 'ERR_CLI_INPUT_FILE' },
    {
      what: 'no folder of CRLs',
      args: () => [leaf(), ...roots(), '--crls', '/nowhere'],
      code: 'ERR_CLI_INPUT_FILE',
    },
    {
      what: 'a number that is no time',
      args: () => [leaf(), ...roots(), '--at', '12'],
      code: 'ERR_CLI_USAGE',
    },
    {
      what: 'a profile of no role',
      args: () => [leaf(), ...roots(), '--profile', 'x'],
      code: 'ERR_CLI_USAGE',
    },
  ])('$what is unusable: $code', async ({ args, code }) => {
    const { exitCode, output, errors } = await explain(...args())
    expect({ exitCode, output }).toEqual({ exitCode: 2, output: '' })
    expect(errors).toMatch(new RegExp(`^${code}: .*\\n$`))
  })

  test('a folder with more bytes of CRLs than are held at once is unusable: ERR_CLI_INPUT_TOO_LARGE', async () => {
    const folder = join(crls, 'many')
    await mkdir(folder)
    for (let n = 0; n < 11; n++) {
      await writeFile(join(folder, `${n}.crl`), '')
      await truncate(join(folder, `${n}.crl`), 24 * 1024 * 1024)
    }
    const { exitCode, errors } = await explain(leaf(), ...roots(), '--crls', folder)
    expect(exitCode).toBe(2)
    expect(errors).toMatch(/^ERR_CLI_INPUT_TOO_LARGE: .*bytes of CRLs/)
  })

  test('explains every member it prints', async () => {
    const documentation = await readFile(new URL('../docs/pki-explain.md', import.meta.url), 'utf8')
    for (const file of [leaf(), subs()[0] ?? '']) {
      const { output } = await explain(file, ...subs(), ...roots(), '--crls', crls, '--json')
      for (const key of keysOf(JSON.parse(output))) expect(documentation).toContain(`\`${key}`)
    }
  })
})

function keysOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(keysOf)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, member]: [string, unknown]) => [key, ...keysOf(member)])
}
