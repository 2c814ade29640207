import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

import { expect, test } from 'vitest'

const door = new URL('./index.ts', import.meta.url).href

/** Runs a program that says `ready`, sends it `signals`, as many milliseconds apart, and gives how it ended. */
async function endOf(
  dispose: string,
  signals: readonly NodeJS.Signals[],
  { apartMs = 0, limits = { stopMsMax: 300 } } = {},
): Promise<{ code: number | null; signal: string | null; output: string; errors: string }> {
  const source = `
    import { runUntilSignal } from '${door}'
    const program = { async [Symbol.asyncDispose]() { console.log('closing'); ${dispose} } }
    const running = runUntilSignal(program, ${JSON.stringify(limits)})
    console.log('ready')
    await running
    console.log('stopped')
  `
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', source], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString()
  })
  const closed = once(child, 'close')
  await once(child.stdout, 'data')
  for (const signal of signals) {
    child.kill(signal)
    await sleep(apartMs)
  }
  const [code, signal] = await closed
  return { code, signal, output, errors }
}

test('disposes the program on a signal, and one that a launcher repeats changes nothing', async () => {
  const wait = 'await new Promise((done) => setTimeout(done, 50))'
  expect(await endOf(wait, ['SIGTERM', 'SIGTERM', 'SIGINT'], { limits: { stopMsMax: 10_000 } })).toEqual({
    code: 0,
    signal: null,
    output: 'ready\nclosing\nstopped\n',
    errors: '',
  })
})

test('ends at once on a signal that comes later than a launcher would repeat it', async () => {
  const never = 'await new Promise((done) => setTimeout(done, 60_000))'
  const limits = { stopMsMax: 60_000, repeatMsMax: 100 }
  expect(await endOf(never, ['SIGTERM', 'SIGINT'], { apartMs: 500, limits })).toEqual({
    code: null,
    signal: 'SIGINT',
    output: 'ready\nclosing\n',
    errors: '',
  })
})

test('kills a program that does not come to an end of closing, and says what is open', async () => {
  const never = `await new Promise((done) => setTimeout(done, 60_000))`
  expect(await endOf(never, ['SIGTERM'])).toEqual({
    code: null,
    signal: 'SIGKILL',
    output: 'ready\nclosing\n',
    errors: expect.stringMatching(
      /^ERR_SERVICE_STOP_TIMEOUT: 300 ms after SIGTERM the program is closing; open: .*\b1 Timeout\b.*\n$/,
    ),
  })
})

test('kills a program that has closed and leaves something open', async () => {
  const leave = `(await import('node:net')).createServer().listen(0)`
  expect(await endOf(leave, ['SIGINT'])).toEqual({
    code: null,
    signal: 'SIGKILL',
    output: 'ready\nclosing\nstopped\n',
    errors: expect.stringMatching(
      /^ERR_SERVICE_STOP_TIMEOUT: 300 ms after SIGINT the program is closed, but not at its end; open: .*\b1 TCPServerWrap\b.*\n$/,
    ),
  })
})

test('kills a program one of whose threads hangs, for which an exit in order would wait', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'evouch-pipe-'))
  try {
    const pipe = join(folder, 'pipe')
    // Nobody ever writes to this pipe: opening it blocks a thread of libuv.
    const hang = `
      const { execFileSync } = await import('node:child_process')
      const { open } = await import('node:fs/promises')
      execFileSync('mkfifo', ['${pipe}'])
      await open('${pipe}', 'r')`
    const end = await endOf(hang, ['SIGTERM'])
    expect(end).toMatchObject({ code: null, signal: 'SIGKILL' })
    expect(end.errors).toMatch(/^ERR_SERVICE_STOP_TIMEOUT: .* closing; open: .*\b1 FSReqPromise\b.*\n$/)
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('passes on what closing throws', async () => {
  const { code, errors } = await endOf(`throw new Error('not closable')`, ['SIGTERM'])
  expect(code).toBe(1)
  expect(errors).toContain('not closable')
})
