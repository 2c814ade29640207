import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { systemClock, systemRandom } from '#base'
import { CentralConfig, startCentral, type Central } from '#central'
import { createThrowawayPki, writePkiDirectory } from '#pki'
import { checkConfig, createLogger } from '#service'

import { runCommand } from './command.ts'

let folder: string
let central: Central
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evouch-administration-'))
  const pki = await createThrowawayPki({ clock: systemClock, random: systemRandom })
  await writePkiDirectory(join(folder, 'pki'), pki)
  for (const name of ['admin', 'oem', 'wrong'])
    await writeFile(join(folder, name), `secret of ${name}`, { mode: 0o600 })
  const value = {
    listen: { port: 0 },
    tls: { certificateFile: 'pki/tls/central.pem', privateKeyFile: 'pki/tls/central.key.pem' },
    database: { url: 'sqlite::memory:' },
    token: { keyFile: 'token.key.pem' },
    clients: [
      {
        clientId: 'admin',
        secret: { file: 'admin' },
        roles: ['ADMIN'],
        permissions: ['rcpservice', 'administration'],
      },
      { clientId: 'oem', secret: { file: 'oem' }, roles: ['OEM'], wmis: ['EVO'] },
    ],
  }
  const config = checkConfig(value, CentralConfig, { source: 'test', folder })
  const logger = createLogger({ name: 'central', level: 'info', destination: { write: () => {} } })
  central = await startCentral(config, { logger, clock: systemClock, random: systemRandom })
})
afterAll(async () => {
  await central[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

interface Ran {
  readonly exitCode: number
  readonly output: string
  readonly errors: string
}

async function run(...args: readonly string[]): Promise<Ran> {
  let [output, errors] = ['', '']
  const exitCode = await runCommand(['central', ...args], {
    standardInput: Readable.from([]),
    errorIsTerminal: false,
    writeOutput: (text) => void (output += text),
    writeError: (text) => void (errors += text),
  })
  return { exitCode, output, errors }
}

interface As {
  readonly url?: string
  readonly client?: string
  readonly secret?: string
}

/** As the administrator, unless told otherwise. */
function ask(command: string, { url = central.url, client = 'admin', secret }: As = {}): Promise<Ran> {
  const options = {
    '--central': url,
    '--client-id': client,
    '--client-secret-file': join(folder, secret ?? client),
    '--ca': join(folder, 'pki/tls/ca.pem'),
  }
  return run(...command.split(' '), ...Object.entries(options).flat())
}

async function jsonOf(command: string): Promise<unknown> {
  const { exitCode, output, errors } = await ask(`${command} --json`)
  expect({ exitCode, errors: errors.replace('The secret is told once: keep it now.\n', '') }).toEqual({
    exitCode: 0,
    errors: '',
  })
  return JSON.parse(output)
}

const text = (thing: unknown, member: string): string => String(Object(thing)[member])

test('a participant is added, listed, changed and suspended', async () => {
  const added = await jsonOf('participants add acme --name Acme --roles OEM,CPO --wmis ACM')
  expect(added).toMatchObject({
    participantId: 'acme',
    roles: ['OEM', 'CPO'],
    wmis: ['ACM'],
    state: 'ACTIVE',
  })
  const { output } = await ask('participants list')
  expect(output).toMatch(/^ID +NAME +ROLES +STATE +WMIS +PROVIDERS +OPERATORS +SOURCE\n/)
  expect(output).toMatch(/\nacme +Acme +OEM,CPO +ACTIVE +ACM +- +- +admin\n/)
  expect(await jsonOf('participants change acme --operator-ids DEACM --wmis ACM,ACN')).toMatchObject({
    name: 'Acme',
    wmis: ['ACM', 'ACN'],
    operatorIds: ['DEACM'],
  })
  expect((await ask('participants suspend acme')).output).toMatch(/^state +SUSPENDED$/m)
  await ask('participants activate acme')
  expect(await jsonOf('participants show acme')).toMatchObject({ state: 'ACTIVE' })
})

test('a client is told its secret when it is made and when it is rotated, and no more', async () => {
  await jsonOf('participants add maker --name Maker --roles OEM --wmis MAK')
  const { exitCode, output, errors } = await ask('clients add maker-1 --participant maker --roles OEM')
  expect({ exitCode, errors }).toEqual({ exitCode: 0, errors: 'The secret is told once: keep it now.\n' })
  const secret = /^clientSecret +(\S+)$/m.exec(output)?.[1] ?? ''
  await writeFile(join(folder, 'maker'), secret, { mode: 0o600 })
  expect((await ask('roots list', { client: 'maker-1', secret: 'maker' })).exitCode).toBe(0)
  expect((await ask('clients show maker-1 --json')).output).not.toContain(secret)

  const rotated = await jsonOf('clients rotate maker-1 --overlap-seconds 0')
  expect((await ask('roots list', { client: 'maker-1', secret: 'maker' })).exitCode).toBe(1)
  await writeFile(join(folder, 'maker'), text(rotated, 'clientSecret'), { mode: 0o600 })
  expect((await ask('roots list', { client: 'maker-1', secret: 'maker' })).exitCode).toBe(0)

  expect(await jsonOf('clients revoke maker-1')).toMatchObject({ state: 'REVOKED' })
  expect((await ask('clients list --participant maker')).output).toMatch(/\nmaker-1 +maker +OEM +REVOKED /)
})

test('the identifiers of a client are narrowed, and all of its participant again', async () => {
  await jsonOf('participants add two --name Two --roles OEM --wmis TW1,TW2')
  await jsonOf('clients add two-1 --participant two --roles OEM --wmis TW1')
  expect(await jsonOf('clients show two-1')).toMatchObject({ wmis: ['TW1'] })
  expect(await jsonOf('clients change two-1 --wmis *')).not.toHaveProperty('wmis')
})

test('a root is added from a PEM file, listed by its type, and removed', async () => {
  const added = await jsonOf(`roots add ${join(folder, 'pki/v2g/root.pem')} --type V2G`)
  expect(added).toMatchObject({ rootType: 'V2G', fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/) })
  expect((await ask('roots list --type V2G')).output).toContain(text(added, 'fingerprint'))
  expect(await ask('roots list --type OEM')).toMatchObject({ exitCode: 0, output: 'none\n' })
  const id = text(added, 'rootCertificateId')
  expect(await ask(`roots remove ${id}`)).toMatchObject({ exitCode: 0, output: `${id} is removed\n` })
  expect(await jsonOf('roots list')).toEqual([])
})

test('what central refuses is said in its own words, with exit code 1', async () => {
  const { exitCode, errors } = await ask('participants show nobody')
  expect(exitCode).toBe(1)
  expect(errors).toBe(
    'ERR_OPCP_REFUSED: GET /admin/v1/participants/nobody refused with status 404: There is no participant nobody.\n',
  )
})

test.each([
  [
    'a client that may not administer',
    { client: 'oem' },
    'ERR_OPCP_REFUSED',
    'the permission administration',
  ],
  [
    'a wrong secret',
    { secret: 'wrong' },
    'ERR_OPCP_TOKEN_REFUSED',
    'check --client-id and --client-secret-file',
  ],
  [
    'nobody there',
    { url: 'https://localhost:1' },
    'ERR_OPCP_UNREACHABLE',
    'is central running at https://localhost:1',
  ],
])('%s: exit code 1 and what to do', async (_, over, code, advice) => {
  const { exitCode, errors } = await ask('clients list', over)
  expect([exitCode, errors.split(':')[0]]).toEqual([1, code])
  expect(errors).toContain(advice)
})

test.each([
  ['no URL', { url: 'localhost' }, 'clients list', 'ERR_CLI_USAGE'],
  ['no secret file', { secret: 'none' }, 'clients list', 'ERR_CONFIG_SECRET'],
  ['a root that is no certificate', {}, `roots add ${import.meta.filename} --type V2G`, 'ERR_PKI_'],
  ['a type that is none', {}, 'roots list --type ROOT', 'ERR_CLI_USAGE'],
  ['an overlap that is no number', {}, 'clients rotate x --overlap-seconds long', 'ERR_CLI_USAGE'],
])('%s: exit code 2', async (_, over, command, code) => {
  const { exitCode, errors } = await ask(command, over)
  expect({ exitCode, errors }).toEqual({ exitCode: 2, errors: expect.stringMatching(`^${code}`) })
})

test.each(['participants', 'clients', 'roots'])('the help of %s has an example', async (group) => {
  const { exitCode, output } = await run(group, '--help')
  expect(exitCode).toBe(0)
  expect(output).toContain(`Example:\n  evouch central ${group} add`)
})
