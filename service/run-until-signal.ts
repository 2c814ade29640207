import { once } from 'node:events'

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** Long enough to finish what is in flight (an installation takes at most 4.5 s), shorter than what supervisors grant. */
const STOP_MS_MAX = 8_000

function ignore(): void {}

/**
 * Holds a started program until SIGINT or SIGTERM, then disposes it. Further signals change nothing, because a
 * launcher often repeats what the terminal already sent to the whole group; when disposal takes longer than
 * `stopMsMax` the signal is raised again with its default effect and ends the process.
 */
export async function runUntilSignal(
  program: AsyncDisposable,
  { stopMsMax = STOP_MS_MAX }: { readonly stopMsMax?: number } = {},
): Promise<void> {
  for (const signal of SIGNALS) process.on(signal, ignore)
  const done = new AbortController()
  // Signal listeners alone do not keep a process alive, and a program may have nothing else that does.
  const alive = setInterval(() => {}, 2 ** 30)
  try {
    const signal = await Promise.race(
      SIGNALS.map(async (each) => {
        await once(process, each, { signal: done.signal })
        return each
      }),
    )
    clearInterval(alive)
    const tooLong = setTimeout(() => {
      for (const each of SIGNALS) process.removeListener(each, ignore)
      process.kill(process.pid, signal)
    }, stopMsMax)
    tooLong.unref()
    await program[Symbol.asyncDispose]()
    clearTimeout(tooLong)
  } finally {
    clearInterval(alive)
    done.abort()
    for (const signal of SIGNALS) process.removeListener(signal, ignore)
  }
}
