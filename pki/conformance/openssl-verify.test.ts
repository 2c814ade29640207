/** The openssl command as another judge of paths: of those that we make, and of those that it makes. */
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { readCertificate } from '../certificate/certificate-files.ts'
import type { Certificate } from '../certificate/certificate.ts'
import { type PathValidation, validatePath } from '../path/path-validation.ts'
import { type EvilCase, evilSet } from './evil-set.ts'

const hasOpenssl = spawnSync('openssl', ['version']).status === 0

/** What the command says of the case of each rule, told to look at it where it does not by itself. */
const REFUSALS: Readonly<Record<string, { readonly says: string; readonly told?: readonly string[] }>> = {
  'not-before': { says: 'certificate is not yet valid' },
  'not-after': { says: 'certificate has expired' },
  'critical-extensions': { says: 'unhandled critical extension' },
  'signs-only-as-ca': { says: 'invalid CA certificate', told: ['-x509_strict'] },
  'alternative-name': { says: 'Subject name empty', told: ['-x509_strict'] },
  'public-key': { says: 'at 0 depth lookup' },
  purpose: { says: 'certificate purpose', told: ['-purpose', 'sslserver'] },
  'name-chaining': { says: 'unable to get local issuer certificate' },
  signature: { says: 'certificate signature failure' },
  'basic-constraints': { says: 'invalid CA certificate' },
  'ca-name': { says: 'Issuer name empty', told: ['-x509_strict'] },
  'key-cert-sign': { says: 'invalid CA certificate' },
  'path-length': { says: 'path length constraint exceeded' },
  'path-size': { says: 'certificate chain too long', told: ['-verify_depth', '0'] },
  'name-constraints': { says: 'permitted subtree violation' },
  policies: { says: 'no explicit policy', told: ['-policy_check', '-explicit_policy'] },
  revocation: { says: 'unable to get certificate CRL', told: ['-crl_check'] },
}
/** Rules of ISO 15118, and that only CAs have name constraints (RFC 5280 section 4.2.1.10): it does not know them. */
const OURS = [
  'algorithms',
  'constraints-of-cas',
  'domain-component',
  'end-entity',
  'identity',
  'role-key-usage',
  'role-purpose',
]

let evil: readonly EvilCase[]
let directory: string
beforeAll(async () => {
  evil = await evilSet()
  directory = await mkdtemp(join(tmpdir(), 'evouch-verify-'))
})
afterAll(() => rm(directory, { recursive: true }))

const file = (name: string): string => join(directory, name)
const pem = (certificates: readonly Certificate[]): string =>
  certificates.map((certificate) => certificate.toPem()).join('')

/** `OK`, or what the command has against the path. */
async function opensslOn(
  { leaf, intermediates, roots, atMs }: PathValidation,
  told: readonly string[] = [],
): Promise<string> {
  await writeFile(file('leaf.pem'), leaf.toPem())
  await writeFile(file('subs.pem'), pem(intermediates))
  await writeFile(file('roots.pem'), pem(roots))
  const time = ['-attime', String(Math.floor(atMs / 1000))]
  const trust = ['-CAfile', file('roots.pem'), '-untrusted', file('subs.pem')]
  const { status, stderr } = openssl('verify', ...time, ...told, ...trust, file('leaf.pem'))
  return status === 0 ? 'OK' : stderr
}

const openssl = (...args: string[]): { readonly status: number | null; readonly stderr: string } =>
  spawnSync('openssl', args, { encoding: 'utf8' })

/** The path of the case of `rule`. */
function brokenBy(rule: string): PathValidation {
  const found = evil.find((known) => known.rule === rule)
  if (found === undefined) throw new Error(`no case of ${rule}`)
  return found.validation()
}

describe.skipIf(!hasOpenssl)('openssl verify (not run without the command)', () => {
  test('is asked about each rule, but for those it does not know', () => {
    const asked = [...Object.keys(REFUSALS), ...OURS].toSorted()
    expect(asked).toEqual(evil.map(({ rule }) => rule).toSorted())
  })

  test.each(Object.entries(REFUSALS))('refuses what we refuse by %s', async (rule, { says, told }) => {
    const path = brokenBy(rule)
    expect(validatePath(path).valid).toBe(false)
    expect(await opensslOn(path, told)).toContain(says)
  })

  test.each(OURS)('accepts what we refuse by %s alone', async (rule) => {
    const path = brokenBy(rule)
    expect(validatePath(path).valid).toBe(false)
    expect(await opensslOn(path)).toBe('OK')
  })

  test('and we say the same of paths that the command made', async () => {
    await make('root', { extensions: 'basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign' })
    const ca = 'basicConstraints=critical,CA:true,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign'
    await make('sub', { issuer: 'root', extensions: ca })
    await make('deep', { issuer: 'sub', extensions: ca })
    const end = 'basicConstraints=critical,CA:false\nkeyUsage=critical,digitalSignature'
    await make('good', { issuer: 'sub', extensions: end })
    await make('bad', { issuer: 'deep', extensions: end })
    const [root, sub, deep, good, bad] = await Promise.all(
      ['root', 'sub', 'deep', 'good', 'bad'].map((name) => readCertificate(file(`${name}.pem`))),
    )
    if (!(root && sub && deep && good && bad)) throw new Error('not all were made')
    const shared = { intermediates: [sub, deep], roots: [root], atMs: Date.now(), use: 'any' } as const
    expect(validatePath({ ...shared, leaf: good })).toMatchObject({ valid: true })
    expect(await opensslOn({ ...shared, leaf: good })).toBe('OK')
    expect(validatePath({ ...shared, leaf: bad })).toMatchObject({ valid: false, rule: 'path-length' })
    expect(await opensslOn({ ...shared, leaf: bad })).toContain('path length constraint exceeded')
  })
})

/** A key and certificate of the command's; self-signed without an issuer. */
async function make(
  name: string,
  { issuer, extensions }: { readonly issuer?: string; readonly extensions: string },
): Promise<void> {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  const request = ['-keyout', file(`${name}.key`), '-out', file(`${name}.csr`), '-subj', `/CN=${name}`]
  expect(openssl('req', '-new', ...key, ...request)).toMatchObject({ status: 0 })
  await writeFile(file(`${name}.ext`), `${extensions}\nsubjectKeyIdentifier=hash\n`)
  const signer =
    issuer === undefined
      ? ['-signkey', file(`${name}.key`)]
      : ['-CA', file(`${issuer}.pem`), '-CAkey', file(`${issuer}.key`), '-CAcreateserial']
  const output = ['-sha256', '-days', '1', '-extfile', file(`${name}.ext`), '-out', file(`${name}.pem`)]
  const made = openssl('x509', '-req', '-in', file(`${name}.csr`), ...signer, ...output)
  expect(made).toMatchObject({ status: 0 })
}
