import { mkdtemp, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { beforeAll, describe, expect, test } from 'vitest'

import { bytesFromHex } from '#base'
import { encodeV2gMessage, signCertificateInstallationReq } from '#iso15118'
import { readVehicle, softwareSigner } from '#pki'

import { runCommand } from './command.ts'

interface Run {
  readonly exitCode: number
  readonly output: string
  readonly errors: string
}

async function evouch(args: readonly string[], standardInput: string | Uint8Array = ''): Promise<Run> {
  const output: Uint8Array[] = []
  let errors = ''
  const exitCode = await runCommand(args, {
    standardInput: (async function* () {
      yield Buffer.from(standardInput)
    })(),
    writeOutput: (data) => void output.push(Buffer.from(data)),
    writeError: (text) => {
      errors += text
    },
    errorIsTerminal: false,
  })
  return { exitCode, errors, output: Buffer.concat(output).toString('latin1') }
}

const REQUEST = '80980218d9c5899'
let folder: string
let pki: string
let request: Uint8Array

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evouch-command-'))
  pki = join(folder, 'pki')
  await evouch(['pki', 'create', '--out', pki, '--pcid', 'EVOTEST0000000002'])
  const vehicle = await readVehicle(join(pki, 'vehicles', 'EVOTEST0000000002'))
  request = encodeV2gMessage(
    await signCertificateInstallationReq({
      sessionId: bytesFromHex('0102030405060708'),
      request: {
        OEMProvisioningCert: vehicle.certificate.der,
        ListOfRootCertificateIDs: { RootCertificateID: [{ X509IssuerName: 'CN=a', X509SerialNumber: 1n }] },
      },
      signer: softwareSigner(vehicle.privateKey),
    }),
  )
})

describe('usage', () => {
  test.each([
    [['--help']],
    [['--version']],
    ...['demo', 'gateway', 'central', 'inspect', 'config-schema'].map((name) => [[name, '--help']]),
    ...['install', 'load', 'faults'].map((name) => [['charger', name, '--help']]),
    ...['decode', 'encode'].map((name) => [['exi', name, '--help']]),
    ...['create', 'explain'].map((name) => [['pki', name, '--help']]),
  ])('%j helps and succeeds', async (args) => {
    const { exitCode, output, errors } = await evouch(args)
    expect({ exitCode, errors }).toEqual({ exitCode: 0, errors: '' })
    expect(output).not.toBe('')
  })

  test.each([
    [['frob']],
    [['exi', 'decode', '--frob']],
    [['exi', 'decode', '--schema', 'iso3']],
    [['inspect', '--at', 'noon']],
    [['inspect', '--at', '12']],
    [['pki', 'create']],
    [['charger', 'install', '--fault', 'laziness']],
    [['charger', 'load', '--vehicles', '0']],
    [['demo', '--port-base', '70000']],
  ])('%j is refused in one line', async (args) => {
    expect(await evouch(args)).toEqual({
      exitCode: 2,
      output: '',
      errors: expect.stringMatching(/^ERR_CLI_USAGE: [^\n]+\n$/),
    })
  })

  test('a group without its command shows its help, and fails', async () => {
    expect(await evouch(['exi'])).toMatchObject({ exitCode: 2, errors: expect.stringContaining('decode') })
  })

  test.each([
    [['gateway', '--config', '/nowhere.yaml'], 'ERR_CONFIG_FILE', 2],
    [['central', '--config', '/nowhere.yaml'], 'ERR_CONFIG_FILE', 2],
    [['charger', 'load', '--endpoints', '/nowhere.json'], 'ERR_CLI_ENDPOINTS', 2],
    [['charger', 'install', '--config', '/nowhere.yaml'], 'ERR_CONFIG_FILE', 2],
    [['exi', 'decode', '/nowhere.exi'], 'ERR_CLI_INPUT_FILE', 2],
    [['inspect', '--roots', '/nowhere', '80'], 'ERR_CLI_INPUT_FILE', 2],
    [['pki', 'create', '--out', 'x', '--pcid', 'short'], 'ERR_CLI_USAGE', 2],
  ] as const)('%j ends in %s', async (args, code, exitCode) => {
    expect(await evouch(args)).toEqual({
      exitCode,
      output: '',
      errors: expect.stringMatching(new RegExp(`^${code}: [^\\n]+\\n$`)),
    })
  })
})

describe('exi', () => {
  test('decodes raw, base64 and hex alike, from standard input, file or argument', async () => {
    const { output: xml, exitCode } = await evouch(['exi', 'decode'], request)
    expect(exitCode).toBe(0)
    expect(xml).toMatch(/^<[^]*CertificateInstallationReq[^]*<\/[^]*>\n$/)
    const file = join(folder, 'request.exi')
    await writeFile(file, request)
    const buffer = Buffer.from(request)
    for (const args of [[file], [buffer.toString('hex')], [buffer.toString('base64')], ['-']])
      expect((await evouch(['exi', 'decode', ...args], request)).output).toBe(xml)
    expect((await evouch(['exi', 'decode', '--hex'], `${buffer.toString('hex')}\n`)).output).toBe(xml)
  })

  test('encodes what it decoded to the same bytes, raw or as text', async () => {
    const { output: xml } = await evouch(['exi', 'decode'], request)
    const buffer = Buffer.from(request)
    expect((await evouch(['exi', 'encode'], xml)).output).toBe(buffer.toString('latin1'))
    expect((await evouch(['exi', 'encode', '--base64'], xml)).output).toBe(`${buffer.toString('base64')}\n`)
    expect((await evouch(['exi', 'encode', '--hex'], xml)).output).toBe(`${buffer.toString('hex')}\n`)
  })

  test('knows fragments of both schemas', async () => {
    const xml = '<CertificateInstallationReq/>'
    const refused = await evouch(['exi', 'encode', '--fragment'], xml)
    expect(refused).toMatchObject({ exitCode: 2, errors: expect.stringMatching(/^ERR_EXI_VALUE: /) })
    const method = '<CanonicalizationMethod xmlns="http://www.w3.org/2000/09/xmldsig#" Algorithm="a"/>'
    const options = ['--schema', 'xmldsig', '--fragment']
    const { output: hex } = await evouch(['exi', 'encode', '--hex', ...options], method)
    expect(await evouch(['exi', 'decode', ...options], hex)).toMatchObject({
      exitCode: 0,
      output: expect.stringContaining('CanonicalizationMethod'),
    })
  })

  test.each([
    ['hostile EXI', ['decode'], REQUEST.padEnd(40, 'f'), /^ERR_EXI_/],
    ['what is no EXI', ['decode'], 'hello', /^ERR_CLI_INPUT_FORM/],
    ['XML where EXI belongs', ['decode'], '<a/>', /^ERR_CLI_INPUT_FORM/],
    ['broken XML', ['encode'], '<a', /^ERR_XML_/],
    ['XML that is not UTF-8', ['encode'], Uint8Array.of(0x3c, 0xff), /^ERR_CLI_INPUT_FORM/],
    ['a document type', ['encode'], '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', /^ERR_XML_/],
  ] as const)('refuses %s', async (_what, args, input, reason) => {
    expect(await evouch(['exi', ...args], input)).toEqual({
      exitCode: 2,
      output: '',
      errors: expect.stringMatching(reason),
    })
  })
})

describe('inspect', () => {
  test('exits 0 when all holds, 1 when something does not, 2 when there is nothing to look at', async () => {
    expect(await evouch(['inspect'], request)).toMatchObject({
      exitCode: 0,
      output: expect.stringContaining('valid: true'),
    })
    const changed = Uint8Array.from(request)
    changed[changed.length - 3] = (changed.at(-3) ?? 0) ^ 0x10
    expect(await evouch(['inspect', '--json'], changed)).toMatchObject({
      exitCode: 1,
      errors: '',
      output: expect.stringContaining('"valid": false'),
    })
    expect(await evouch(['inspect'], request.subarray(0, 20))).toMatchObject({ exitCode: 2, output: '' })
  })

  test('judges the chain by the roots of a directory, with the sub CAs beside them', async () => {
    const trusted = await evouch(['inspect', '--json', '--roots', join(pki, 'oem')], request)
    expect(JSON.parse(trusted.output)).toMatchObject({
      valid: true,
      pcid: 'EVOTEST0000000002',
      chains: [{ role: 'oem-provisioning', valid: true }],
    })
    // The sub CAs are not in the message, and not among the roots alone.
    const rootsOnly = await evouch(['inspect', '--json', '--roots', join(pki, 'trust')], request)
    expect(rootsOnly.exitCode).toBe(1)
    expect(JSON.parse(rootsOnly.output)).toMatchObject({ code: 'ERR_PATH_NO_ISSUER' })
    const past = await evouch(
      ['inspect', '--json', '--roots', join(pki, 'oem'), '--at', '2001-01-01T00:00:00Z'],
      request,
    )
    expect(JSON.parse(past.output)).toMatchObject({ code: 'ERR_PATH_NOT_YET_VALID' })
  })

  test('explains every member it prints', async () => {
    const { output } = await evouch(['inspect', '--json', '--roots', join(pki, 'oem')], request)
    const documentation = await readFile(new URL('../docs/inspect.md', import.meta.url), 'utf8')
    const report: unknown = JSON.parse(output, (key, value: unknown) =>
      key === 'fields' ? undefined : value,
    )
    for (const key of keysOf(report)) expect(documentation).toContain(key)
  })
})

describe('pki create', () => {
  test('makes keys that only the owner reads, and never overwrites', async () => {
    expect((await stat(join(pki, 'v2g', 'root.key.pem'))).mode & 0o777).toBe(0o600)
    expect(await readdir(join(pki, 'trust'))).toEqual(['mo.pem', 'oem.pem', 'v2g.pem'])
    expect(await evouch(['pki', 'create', '--out', pki])).toEqual({
      exitCode: 1,
      output: '',
      errors: expect.stringMatching(/^ERR_PKI_DIRECTORY: /),
    })
  })
})

function keysOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(keysOf)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, member]: [string, unknown]) => [key, ...keysOf(member)])
}
