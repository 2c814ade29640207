import { writeSync } from 'node:fs'

const SIGNALS = ['SIGINT', 'SIGTERM'] as const
type EndSignal = (typeof SIGNALS)[number]

/** Long enough to finish what is in flight (an installation takes at most 4.5 s), shorter than what supervisors grant. */
const STOP_MS_MAX = 8_000

/** A launcher repeats what the terminal sent to the whole group; a person takes longer to lose patience. */
const REPEAT_MS_MAX = 1_000

const STANDARD_ERROR = 2

/**
 * Holds a started program until SIGINT or SIGTERM, then disposes it. A signal more than `repeatMsMax` after the first
 * ends the process at once, as if nobody handled it.
 *
 * A process that still runs `stopMsMax` after the signal, for whatever reason, says on standard error what is open
 * (ERR_SERVICE_STOP_TIMEOUT) and is killed by SIGKILL, which shells show as 137 and supervisors take for a failure: an
 * exit in order waits for threads, and a thread may be what hangs.
 */
export async function runUntilSignal(
  program: AsyncDisposable,
  {
    stopMsMax = STOP_MS_MAX,
    repeatMsMax = REPEAT_MS_MAX,
  }: { readonly stopMsMax?: number; readonly repeatMsMax?: number } = {},
): Promise<void> {
  const signalled = Promise.withResolvers<void>()
  // Signal listeners alone do not keep a process alive, and a program may have nothing else that does.
  const alive = setInterval(() => {}, 2 ** 30)
  let state: 'running' | 'closing' | 'closed, but not at its end' = 'running'
  let firstMs = 0
  const onSignal = (signal: EndSignal): void => {
    if (state === 'running') {
      state = 'closing'
      firstMs = performance.now()
      setTimeout(
        () => killProcess(`${stopMsMax} ms after ${signal} the program is ${state}`),
        stopMsMax,
      ).unref()
      signalled.resolve()
    } else if (performance.now() - firstMs > repeatMsMax) raise(signal)
  }
  const raise = (signal: EndSignal): void => {
    for (const each of SIGNALS) process.off(each, onSignal)
    process.kill(process.pid, signal)
  }
  for (const signal of SIGNALS) process.on(signal, onSignal)
  await signalled.promise
  clearInterval(alive)
  await program[Symbol.asyncDispose]()
  state = 'closed, but not at its end'
}

function killProcess(what: string): void {
  const counts = Map.groupBy(process.getActiveResourcesInfo(), (kind) => kind)
  const open = [...counts].map(([kind, { length }]) => `${length} ${kind}`).join(', ') || 'nothing'
  try {
    // Written when this returns: there is no later.
    writeSync(STANDARD_ERROR, `ERR_SERVICE_STOP_TIMEOUT: ${what}; open: ${open}\n`)
  } finally {
    process.kill(process.pid, 'SIGKILL')
  }
}
