import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'

import { expect, test } from 'vitest'

import { readSecret, Secret } from './secret.ts'

async function secretFile(text: string): Promise<string> {
  const file = join(await mkdtemp(join(tmpdir(), 'evouch-secret-')), 'secret.txt')
  await writeFile(file, text)
  return file
}

test('reads a secret from a file without its last line break, or from the environment', async () => {
  expect((await readSecret({ file: await secretFile('hunter2\n') })).reveal()).toBe('hunter2')
  expect((await readSecret({ env: 'PASSWORD' }, { PASSWORD: 'hunter2' })).reveal()).toBe('hunter2')
})

test('never prints its value', () => {
  const secret = new Secret('hunter2')
  for (const text of [String(secret), JSON.stringify({ secret }), inspect({ secret }, { showHidden: true })])
    expect(text).not.toContain('hunter2')
})

test('refuses a secret that is missing, empty or too large', async () => {
  for (const source of [
    { env: 'NOT_SET' },
    { env: 'EMPTY' },
    { file: '/nowhere/secret' },
    { file: await secretFile('\n') },
    { file: await secretFile('x'.repeat(64 * 1024 + 1)) },
  ])
    await expect(readSecret(source, { EMPTY: '' })).rejects.toMatchObject({ code: 'ERR_CONFIG_SECRET' })
})
