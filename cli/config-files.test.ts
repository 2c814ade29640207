import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

import { describe, expect, test } from 'vitest'

import { CentralConfig } from '#central'
import { ChargerEmulatorConfig } from '#charger-emulator'
import { GatewayConfig } from '#gateway'
import { loadConfig } from '#service'

const PROGRAMS = {
  gateway: GatewayConfig,
  central: CentralConfig,
  'charger-emulator': ChargerEmulatorConfig,
} as const

describe.each(Object.entries(PROGRAMS))('config/%s.yaml', (program, schema) => {
  const file = fileURLToPath(new URL(`../config/${program}.yaml`, import.meta.url))

  test('is accepted as it stands', async () => {
    await expect(loadConfig(file, schema)).resolves.toBeDefined()
  })

  test('shows every key there is', async () => {
    const text = await readFile(file, 'utf8')
    for (const key of keysOf(schema)) expect(text).toMatch(new RegExp(`\\b${key}\\b`))
  })
})

/** The names of all properties of a schema. */
function keysOf(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap(keysOf)
  if (typeof node !== 'object' || node === null) return []
  return Object.entries(node).flatMap(([key, member]: [string, unknown]) => {
    if (key === 'properties' && typeof member === 'object' && member !== null)
      return Object.entries(member).flatMap(([name, schema]) => [name, ...keysOf(schema)])
    return key === 'default' ? [] : keysOf(member)
  })
}
