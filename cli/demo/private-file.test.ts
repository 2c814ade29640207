import { mkdtemp, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { keptSecret, writePrivateFile } from './private-file.ts'

test('a private file has mode 0600, also when it replaces an open one, and leaves nothing beside it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'evouch-private-'))
  const file = join(folder, 'endpoints.json')
  await writeFile(file, 'old', { mode: 0o644 })
  await writePrivateFile(file, 'new')
  expect(await readFile(file, 'utf8')).toBe('new')
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect(await readdir(folder)).toEqual(['endpoints.json'])
})

test('a secret is made once and kept', async () => {
  const file = join(await mkdtemp(join(tmpdir(), 'evouch-private-')), 'password.txt')
  const secret = await keptSecret(file)
  expect(secret).toMatch(/^[\w-]{32}$/)
  expect(await keptSecret(file)).toBe(secret)
  expect((await stat(file)).mode & 0o777).toBe(0o600)
})
