import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

import { expect, test } from 'vitest'

const door = new URL('./index.ts', import.meta.url).href

/** Runs a program that says `ready`, sends it `signals` and gives how it ended. */
async function endOf(dispose: string, signals: readonly NodeJS.Signals[]): Promise<unknown> {
  const source = `
    import { runUntilSignal } from '${door}'
    const running = runUntilSignal({ async [Symbol.asyncDispose]() { ${dispose} } }, { stopMsMax: 300 })
    console.log('ready')
    await running
    console.log('stopped')
  `
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', source], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  await once(child.stdout, 'data')
  for (const signal of signals) child.kill(signal)
  const [code, signal] = await once(child, 'close')
  return { code, signal, output }
}

test('disposes the program on a signal, and a repeated signal changes nothing', async () => {
  const wait = 'await new Promise((done) => setTimeout(done, 50))'
  expect(await endOf(wait, ['SIGTERM', 'SIGTERM', 'SIGINT'])).toEqual({
    code: 0,
    signal: null,
    output: 'ready\nstopped\n',
  })
})

test('ends a program whose disposal does not come to an end', async () => {
  const never = 'await new Promise((done) => setTimeout(done, 60_000))'
  expect(await endOf(never, ['SIGTERM'])).toEqual({ code: null, signal: 'SIGTERM', output: 'ready\n' })
})
