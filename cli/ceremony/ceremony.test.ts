import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { openFileSigner, readCertificate, validatePath } from '#pki'
import { loadConfig, Secret } from '#service'

import { runCommand } from '../command.ts'
import { CeremonyScript, readCeremonyScript } from './ceremony-script.ts'

const AT = '2026-01-31T12:00:00Z'
const LATER = '2026-02-01T12:00:00Z'
const PASSPHRASE = 'known to this test alone'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evouch-ceremony-'))
  await writeFile(join(folder, 'passphrase'), PASSPHRASE)
  await writeFile(join(folder, 'other-passphrase'), 'of somebody else')
  await writeFile(join(folder, 'short-passphrase'), '14 characters!')
})
afterAll(() => rm(folder, { recursive: true }))

function entry(profile: string, over: object = {}): object {
  return {
    name: profile,
    profile,
    subject: { commonName: `CA ${profile}`, organizationName: 'Example', countryName: 'DE' },
    validFrom: '2026-01-01T00:00:00Z',
    validUntil: '2036-01-01T00:00:00Z',
    key: { algorithm: 'ecdsa-p256-sha256', passphrase: { file: 'passphrase' } },
    ...over,
  }
}
const ROOT = entry('v2g-root')
const SUB1 = entry('cps-sub1', { issuer: 'v2g-root' })
const SUB2 = entry('cps-sub2', { issuer: 'cps-sub1' })

interface Run {
  readonly exitCode: number
  readonly output: string
  readonly errors: string
}

let scripts = 0
/** Runs the ceremony of these certificates; JSON is YAML. */
async function ceremony(
  certificates: readonly object[],
  { out, at = AT, more = [] }: { out: string; at?: string; more?: readonly string[] },
): Promise<Run & { readonly script: string }> {
  scripts += 1
  const script = join(folder, `script-${scripts}.yaml`)
  await writeFile(script, JSON.stringify({ title: 'A test', certificates }))
  let output = ''
  let errors = ''
  const who = ['--operator', 'A. Example', 'Bé Example', '--at', at]
  const exitCode = await runCommand(['pki', 'ceremony', script, '--out', out, ...who, ...more], {
    standardInput: (async function* () {})(),
    writeOutput: (data) => {
      output += String(data)
    },
    writeError: (text) => {
      errors += text
    },
    errorIsTerminal: false,
  })
  return { exitCode, output, errors, script }
}

const newDirectory = (name: string): string => join(folder, name)

async function contentsOf(directory: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const files = entries.filter((each) => each.isFile()).map((each) => join(each.parentPath, each.name))
  return new Map(await Promise.all(files.map(async (file) => [file, await readFile(file, 'utf8')] as const)))
}

describe('a ceremony', () => {
  test('makes certificates, encrypted keys and a record, and run again changes nothing', async () => {
    const out = newDirectory('whole')
    const first = await ceremony([ROOT, SUB1, SUB2], { out })
    expect(first).toMatchObject({ exitCode: 0, errors: '' })
    const [root, sub1, sub2] = await Promise.all(
      ['v2g-root', 'cps-sub1', 'cps-sub2'].map((name) => readCertificate(join(out, `${name}.pem`))),
    )
    if (root === undefined || sub1 === undefined || sub2 === undefined) throw new TypeError('three files')
    const path = {
      leaf: sub2,
      intermediates: [sub1],
      roots: [root],
      atMs: Date.parse(AT),
      use: 'any',
    } as const
    expect(validatePath(path)).toMatchObject({ valid: true })

    const keyFile = join(out, 'cps-sub2.key.pem')
    expect((await stat(keyFile)).mode & 0o777).toBe(0o600)
    expect(await readFile(keyFile, 'utf8')).toMatch(/^-----BEGIN ENCRYPTED PRIVATE KEY-----/)
    await using key = await openFileSigner({ file: keyFile, passphrase: new Secret(PASSPHRASE) })
    expect(key.publicKey.equals(sub2.publicKey)).toBe(true)

    const record: unknown = JSON.parse(
      await readFile(join(out, 'records', '2026-01-31T12-00-00Z.json'), 'utf8'),
    )
    const publicKeySha256 = createHash('sha256').update(sub2.publicKeyDer).digest('hex')
    expect(record).toMatchObject({
      title: 'A test',
      heldAt: AT,
      operators: ['A. Example', 'Bé Example'],
      tool: expect.stringMatching(/^evouch \d/),
      script: {
        sha256: createHash('sha256')
          .update(await readFile(first.script))
          .digest('hex'),
      },
    })
    expect(record).toHaveProperty('certificates[2]', {
      name: 'cps-sub2',
      profile: 'cps-sub2',
      subject: sub2.distinguishedName,
      issuer: sub1.distinguishedName,
      serialNumber: sub2.serialNumberHex,
      validFrom: '2026-01-01T00:00:00Z',
      validUntil: '2036-01-01T00:00:00Z',
      sha256: sub2.fingerprintSha256Hex,
      outcome: 'made',
      key: {
        algorithm: 'ecdsa-p256-sha256',
        place: 'cps-sub2.key.pem, encrypted',
        publicKeySha256,
        outcome: 'made',
      },
    })
    const text = await readFile(join(out, 'records', '2026-01-31T12-00-00Z.md'), 'utf8')
    for (const part of [root.fingerprintSha256Hex, publicKeySha256, 'Bé Example: ____'])
      expect(text).toContain(part)

    const before = await contentsOf(out)
    for (const at of [AT, LATER]) {
      const again = await ceremony([ROOT, SUB1, SUB2], { out, at })
      expect(again).toMatchObject({ exitCode: 0, output: expect.stringContaining('recorded already') })
      expect(await contentsOf(out)).toEqual(before)
    }
    expect([...before.values(), first.output].join('\n')).not.toContain(PASSPHRASE)
  })

  test('that was interrupted, or whose script was extended, is finished by the next', async () => {
    const out = newDirectory('parts')
    await ceremony([ROOT, SUB1], { out })
    const keyBefore = await readFile(join(out, 'cps-sub1.key.pem'), 'utf8')
    await rm(join(out, 'cps-sub1.pem'))
    await writeFile(join(out, 'cps-sub1.pem.new'), 'half a certif')
    expect(await ceremony([ROOT, SUB1, SUB2], { out })).toMatchObject({
      exitCode: 1,
      errors: expect.stringContaining('ERR_CEREMONY_CONFLICT: there is a record of'),
    })
    const { output } = await ceremony([ROOT, SUB1, SUB2], { out, at: LATER })
    expect(output).toMatch(/v2g-root: found.*\ncps-sub1: made.*\ncps-sub2: made/)
    expect(await readFile(join(out, 'cps-sub1.key.pem'), 'utf8')).toBe(keyBefore)
    const record = await readFile(join(out, 'records', '2026-02-01T12-00-00Z.json'), 'utf8')
    expect(record).toMatch(/"name": "cps-sub1"[^]*"outcome": "made",[^]*"outcome": "found"/)
    expect((await readdir(out)).filter((name) => name.endsWith('.new'))).toEqual([])
  })

  test('whose record was not written before it ended gets it from the next run', async () => {
    const out = newDirectory('unrecorded')
    await ceremony([ROOT], { out })
    await rm(join(out, 'records', '2026-01-31T12-00-00Z.json'))
    expect(await ceremony([ROOT], { out })).toMatchObject({ output: expect.stringContaining('record: ') })
    expect(await readdir(join(out, 'records'))).toHaveLength(2)
  })

  test('of ISO 15118-20 has P-521 or Ed448 keys, and each CA says where its revocations are', async () => {
    const out = newDirectory('dash20')
    const passphrase = { file: 'passphrase' }
    const revocation = { ocspUrl: 'http://ocsp.example/root', crlUrl: 'http://crl.example/root.crl' }
    const run = await ceremony(
      [
        { ...ROOT, key: { algorithm: 'ed448', passphrase }, revocation },
        entry('oem-root', { key: { algorithm: 'ecdsa-p521-sha512', passphrase } }),
        { ...SUB1, key: { algorithm: 'ed448', passphrase } },
      ],
      { out },
    )
    expect(run).toMatchObject({ exitCode: 0, errors: '' })
    expect((await readCertificate(join(out, 'oem-root.pem'))).publicKeyAlgorithm).toBe('ecdsa-p521-sha512')
    const sub1 = await readCertificate(join(out, 'cps-sub1.pem'))
    expect(Buffer.from(sub1.der).toString('latin1')).toContain('http://ocsp.example/root')
  })

  test('that is only checked writes nothing, and says what is there', async () => {
    const out = newDirectory('checked')
    await ceremony([ROOT], { out })
    const before = await contentsOf(out)
    const { exitCode, output } = await ceremony([ROOT, SUB1], { out, more: ['--check'] })
    expect(exitCode).toBe(0)
    expect(output).toBe(
      'v2g-root: certificate found; key found (v2g-root.key.pem, encrypted)\n' +
        'cps-sub1: certificate to be made; key to be made (cps-sub1.key.pem, encrypted)\n' +
        '  advised against: it does not say where its revocation can be asked for (ISO 15118-2 Annex F)\n',
    )
    expect(await contentsOf(out)).toEqual(before)
    await ceremony([ROOT], { out: newDirectory('never-made'), more: ['--check'] })
    expect(await readdir(folder)).not.toContain('never-made')
    const long = { ...ROOT, validUntil: '2096-01-01T00:00:00Z' }
    const remarks = await ceremony([long], { out: newDirectory('long'), more: ['--check'] })
    expect(remarks).toMatchObject({ exitCode: 0, output: expect.stringContaining('\n  advised against: ') })
  })
})

describe('refused without a trace', () => {
  test.each([
    {
      what: 'another subject',
      root: { ...ROOT, subject: { commonName: 'Another' } },
      why: 'not as the script says',
    },
    {
      what: 'another end',
      root: { ...ROOT, validUntil: '2037-01-01T00:00:00Z' },
      why: 'not as the script says',
    },
    {
      what: 'another kind of key',
      root: { ...ROOT, key: { algorithm: 'ed448', passphrase: { file: 'passphrase' } } },
      why: 'its key is of ecdsa-p256-sha256',
    },
    {
      what: 'another passphrase',
      root: { ...ROOT, key: { algorithm: 'ecdsa-p256-sha256', passphrase: { file: 'other-passphrase' } } },
      why: 'ERR_PKI_KEY_PASSPHRASE',
    },
  ])('$what than what is there has', async ({ what, root, why }) => {
    const out = newDirectory(what)
    await ceremony([ROOT], { out })
    const before = await contentsOf(out)
    const run = await ceremony([root], { out, at: LATER })
    expect(run).toMatchObject({ exitCode: 1, errors: expect.stringContaining(why) })
    expect(await contentsOf(out)).toEqual(before)
  })

  test('other addresses for revocation than what is there has', async () => {
    const out = newDirectory('addresses')
    await ceremony([{ ...ROOT, revocation: { ocspUrl: 'http://one.example' } }, SUB1], { out })
    const before = await contentsOf(out)
    const changed = { ...ROOT, revocation: { ocspUrl: 'http://two.example' } }
    const run = await ceremony([changed, SUB1], { out, at: LATER })
    expect(run).toMatchObject({
      exitCode: 1,
      errors: expect.stringContaining('cps-sub1: its certificate is not as the script says'),
    })
    expect(await contentsOf(out)).toEqual(before)
  })

  test('a certificate of another key, issuer, or without its key: ERR_CEREMONY_CONFLICT', async () => {
    const [out, other] = [newDirectory('one'), newDirectory('two')]
    await ceremony([ROOT, SUB1], { out })
    await ceremony([ROOT, SUB1], { out: other })
    const copy = async (name: string): Promise<void> =>
      writeFile(join(out, name), await readFile(join(other, name), 'utf8'))
    const complaint = async (): Promise<string> => (await ceremony([ROOT, SUB1], { out, at: LATER })).errors
    await copy('cps-sub1.pem')
    expect(await complaint()).toContain('cps-sub1: its certificate is of another key')
    await copy('cps-sub1.key.pem')
    expect(await complaint()).toContain('cps-sub1: its certificate has another issuer')
    await rm(join(out, 'cps-sub1.key.pem'))
    expect(await complaint()).toContain('cps-sub1: its certificate is there and its key is not')
  })

  test.each<[string, readonly object[], string]>([
    ['no certificate', [], 'certificates: '],
    ['an unknown profile', [entry('v3g-root')], 'certificates[0].profile: '],
    ['an unknown key', [{ ...ROOT, colour: 'red' }], 'certificates[0].colour: unknown key'],
    ['a name that is a path', [{ ...ROOT, name: '../root' }], 'certificates[0].name: '],
    ['a name twice', [ROOT, ROOT], 'certificates[1].name: used above'],
    ['an issuer below', [SUB1, ROOT], 'certificates[0].issuer: no certificate above has this name'],
    [
      'a root with an issuer',
      [ROOT, entry('mo-root', { issuer: 'v2g-root' })],
      'certificates[1].issuer: a mo-root',
    ],
    ['a sub CA without one', [entry('cps-sub1')], 'certificates[0].issuer: missing'],
    [
      'a day no calendar has',
      [{ ...ROOT, validFrom: '2026-02-30T00:00:00Z' }],
      'certificates[0].validFrom: ',
    ],
    [
      'a life after death',
      [{ ...ROOT, validUntil: '2025-01-01T00:00:00Z' }],
      'certificates[0]: the validity ends',
    ],
    [
      'keys of both editions',
      [ROOT, { ...SUB1, key: { algorithm: 'ed448', passphrase: { file: 'passphrase' } } }],
      'certificates[1]: not a cps-sub1 certificate: ERR_LINT_ALGORITHM',
    ],
    [
      'one that outlives its issuer',
      [ROOT, { ...SUB1, validUntil: '2037-01-01T00:00:00Z' }],
      'certificates[1]: a certificate may not outlive its issuer',
    ],
    [
      'a sub CA below a sub CA 2',
      [ROOT, entry('cps-sub2', { issuer: 'v2g-root' }), entry('cps-sub1', { issuer: 'cps-sub2' })],
      'certificates[2]: ',
    ],
  ])('a script with %s', async (what, certificates, complaint) => {
    const out = newDirectory(`refused ${what}`)
    const run = await ceremony(certificates, { out })
    expect(run).toMatchObject({ exitCode: 2, errors: expect.stringContaining('ERR_CONFIG_INVALID') })
    expect(run.errors).toContain(complaint)
    expect(await readdir(folder)).not.toContain(`refused ${what}`)
  })

  test('a time or an operator that cannot be recorded: ERR_CLI_USAGE', async () => {
    const out = newDirectory('unrecordable')
    expect(await ceremony([ROOT], { out, at: 'today' })).toMatchObject({ exitCode: 2 })
    const more = ['--operator', '# A heading\n']
    expect(await ceremony([ROOT], { out, more })).toMatchObject({
      exitCode: 2,
      errors: expect.stringContaining('ERR_CLI_USAGE'),
    })
  })

  test('a passphrase that is not there: ERR_CONFIG_SECRET', async () => {
    const key = { algorithm: 'ecdsa-p256-sha256', passphrase: { env: 'EVOUCH_TEST_NOT_SET' } }
    const run = await ceremony([{ ...ROOT, key }], { out: newDirectory('secretless') })
    expect(run).toMatchObject({ exitCode: 2, errors: expect.stringContaining('EVOUCH_TEST_NOT_SET') })
  })

  test('a passphrase that protects little, for a key that is to be made: ERR_CONFIG_SECRET', async () => {
    const out = newDirectory('short')
    const key = { algorithm: 'ecdsa-p256-sha256', passphrase: { file: 'short-passphrase' } }
    for (const more of [[], ['--check']])
      expect(await ceremony([{ ...ROOT, key }], { out, more })).toMatchObject({
        exitCode: 2,
        errors: 'ERR_CONFIG_SECRET: the passphrase of v2g-root has less than 15 characters\n',
      })
    expect(await readdir(folder)).not.toContain('short')
  })

  test('a directory that cannot be made', async () => {
    await mkdir(newDirectory('file'), { recursive: true })
    await writeFile(newDirectory('file/out'), '')
    expect(await ceremony([ROOT], { out: newDirectory('file/out') })).toMatchObject({ exitCode: 1 })
  })
})

describe('config/ceremony.yaml', () => {
  const file = fileURLToPath(new URL('../../config/ceremony.yaml', import.meta.url))

  test('is accepted as it stands and shows every key', async () => {
    await expect(readCeremonyScript(file)).resolves.toMatchObject({ file })
    await expect(loadConfig(file, CeremonyScript)).resolves.toBeDefined()
    const text = await readFile(file, 'utf8')
    const keys = JSON.stringify(CeremonyScript).matchAll(/"required":\[([^\]]*)\]/g)
    const names = [...keys].flatMap(([, list = '']) => list.replaceAll('"', '').split(','))
    for (const name of [...names, 'ocspUrl', 'crlUrl', 'revocation', 'issuer', 'countryName'])
      expect(text).toMatch(new RegExp(`\\b${name}\\b`))
  })
})
