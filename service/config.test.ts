import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { Type } from 'typebox'
import { expect, test } from 'vitest'

import { configJsonSchema } from './config-json-schema.ts'
import { checkConfig, loadConfig } from './config.ts'
import { FilePath, FileUrl } from './file-path.ts'
import { SecretSource } from './secret.ts'

const closed = { additionalProperties: false } as const
const Example = Type.Object(
  {
    listen: Type.Object(
      { host: Type.String({ default: '127.0.0.1' }), port: Type.Integer({ minimum: 0, maximum: 65535 }) },
      closed,
    ),
    mode: Type.Union([Type.Literal('basic'), Type.Literal('certificate')], { default: 'basic' }),
    limits: Type.Object({ frameBytesMax: Type.Integer({ default: 65536 }) }, { ...closed, default: {} }),
    centrals: Type.Array(
      Type.Object({ url: Type.String({ pattern: '^https:' }), secret: SecretSource }, closed),
    ),
    caFile: Type.Optional(FilePath()),
  },
  closed,
)

async function configFile(text: string): Promise<{ file: string; folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'evouch-config-'))
  const file = join(folder, 'example.yaml')
  await writeFile(file, text)
  return { file, folder }
}

test('fills in defaults and counts relative paths from the folder of the config file', async () => {
  const { file, folder } = await configFile(`
listen: { port: 7400 }
centrals:
  - url: https://central.example
    secret: { file: secrets/one.txt }
  - url: https://central.example
    secret: { env: CENTRAL_SECRET }
caFile: /etc/ca.pem
`)
  expect(await loadConfig(file, Example)).toEqual({
    listen: { host: '127.0.0.1', port: 7400 },
    mode: 'basic',
    limits: { frameBytesMax: 65536 },
    centrals: [
      { url: 'https://central.example', secret: { file: join(folder, 'secrets/one.txt') } },
      { url: 'https://central.example', secret: { env: 'CENTRAL_SECRET' } },
    ],
    caFile: '/etc/ca.pem',
  })
})

test('names every wrong, missing and unknown key with its path in one error, without its value', async () => {
  const { file } = await configFile(`
listen: { port: 70000, hots: example }
mode: none
limits: { frameBytesMax: hunter2 }
centrals:
  - { url: "http://central.example", secret: hunter2, colour: hunter2 }
  - {}
extra: hunter2
`)
  const error: unknown = await loadConfig(file, Example).catch((reason: unknown) => reason)
  expect(error).toMatchObject({ code: 'ERR_CONFIG_INVALID' })
  const text = String(error)
  for (const complaint of [
    'listen.port: must be <= 65535',
    'listen.hots: unknown key',
    'mode: must be "basic" or "certificate"',
    'limits.frameBytesMax: must be integer',
    'centrals[0].url: must match pattern',
    'centrals[0].secret: must be { file } or { env }',
    'centrals[0].colour: unknown key',
    'centrals[1].url: missing',
    'centrals[1].secret: missing',
    'extra: unknown key',
  ])
    expect(text).toContain(complaint)
  expect(text).not.toContain('hunter2')
  expect(text).not.toContain('\n')
})

test('an empty file is an empty config, whose missing keys are named', async () => {
  const { file } = await configFile('# nothing yet\n')
  await expect(loadConfig(file, Example)).rejects.toThrow(/listen: missing; centrals: missing/)
})

test.each([
  ['a key given twice', 'listen: {}\nlisten: {}\n', 'ERR_CONFIG_SYNTAX'],
  ['broken YAML', 'listen: [\n', 'ERR_CONFIG_SYNTAX'],
  ['a file over the limit', `#${'x'.repeat(1024 * 1024)}`, 'ERR_CONFIG_TOO_LARGE'],
  ['something that is not a map', '- 1\n- 2\n', 'ERR_CONFIG_INVALID'],
])('refuses %s', async (_what, text, code) => {
  const { file } = await configFile(text)
  await expect(loadConfig(file, Example)).rejects.toMatchObject({ code })
})

test('refuses an alias bomb in bounded time', async () => {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]']
  for (let i = 1; i < 12; i++)
    lines.push(`a${i}: &a${i} [${Array.from({ length: 10 }, () => `*a${i - 1}`).join(', ')}]`)
  const { file } = await configFile(lines.join('\n'))
  await expect(loadConfig(file, Example)).rejects.toMatchObject({ code: 'ERR_CONFIG_SYNTAX' })
})

test('names a file that is not there', async () => {
  await expect(loadConfig('/nowhere/evouch.yaml', Example)).rejects.toMatchObject({
    code: 'ERR_CONFIG_FILE',
    message: expect.stringContaining('/nowhere/evouch.yaml'),
  })
})

test('the JSON Schema for editors does not require a key that has a default', () => {
  const schema = configJsonSchema(Example, { title: 'example' })
  expect(schema).toMatchObject({
    title: 'example',
    required: ['listen', 'centrals'],
    properties: { listen: { required: ['port'] }, mode: { default: 'basic' } },
  })
})

test.each([
  ['sqlite:data/x.sqlite', 'sqlite:/etc/evouch/data/x.sqlite'],
  ['sqlite:/var/x.sqlite', 'sqlite:/var/x.sqlite'],
  ['sqlite::memory:', 'sqlite::memory:'],
  ['postgres://host/x', 'postgres://host/x'],
])('a URL %s that may name a file becomes %s', (url, resolved) => {
  const schema = Type.Object({ url: FileUrl('sqlite:') }, closed)
  expect(checkConfig({ url }, schema, { source: 'example', folder: '/etc/evouch' })).toEqual({
    url: resolved,
  })
})
