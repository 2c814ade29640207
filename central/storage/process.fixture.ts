/** Processes that can be killed: builders for tests of what outlives them. */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface TestProcess extends AsyncDisposable {
  /** The first message it sent. */
  readonly said: unknown
  /** `kill -9`. Resolves when the system has cleaned up after it. */
  readonly kill: () => Promise<void>
}

/** Runs the text of a module in a process of its own until it sends its first message by `process.send`. */
export async function startProcess(source: string): Promise<TestProcess> {
  const directory = await mkdtemp(join(tmpdir(), 'evouch-process-'))
  const script = join(directory, 'main.ts')
  await writeFile(script, source)
  const child = fork(script, { stdio: 'inherit' })
  const said = await firstMessage(child)
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  return {
    said,
    kill,
    [Symbol.asyncDispose]: async () => {
      await kill()
      await rm(directory, { recursive: true })
    },
  }
}

async function firstMessage(child: ChildProcess): Promise<unknown> {
  const ended = once(child, 'exit').then(() => {
    throw new Error('the process ended before it said anything')
  })
  const [message]: unknown[] = await Promise.race([once(child, 'message'), ended])
  // From here on its end is nobody's failure.
  ended.catch(() => undefined)
  return message
}
