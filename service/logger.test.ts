import { mkdtemp, readFile, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { createLogger, logFile } from './logger.ts'

test('writes JSON lines with time, level and name, and replaces members named like a secret', () => {
  const lines: string[] = []
  const logger = createLogger({
    name: 'gateway',
    level: 'info',
    destination: { write: (line) => void lines.push(line) },
  })
  logger.debug('not written')
  logger.info(
    { password: 'hunter2', client: { client_secret: 'hunter2', deep: { token: 'hunter2' } } },
    'hello',
  )
  expect(lines).toHaveLength(1)
  expect(lines[0]).not.toContain('hunter2')
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    level: 'info',
    name: 'gateway',
    msg: 'hello',
    password: '[secret]',
    time: expect.stringMatching(/^\d{4}-.*Z$/),
  })
})

test('a log file is readable by its owner only', async () => {
  const file = join(await mkdtemp(join(tmpdir(), 'evouch-log-')), 'logs', 'gateway.log')
  createLogger({ name: 'gateway', level: 'info', destination: logFile(file) }).info('hello')
  expect(await readFile(file, 'utf8')).toContain('"msg":"hello"')
  expect((await stat(file)).mode & 0o777).toBe(0o600)
})
