import { type Latency, type LoadProgress } from '#charger-emulator'

import { type CommandIo } from '../io.ts'
import { type LoadOutcome, type LoadPlan } from './charger-load.ts'

const TERMINAL_INTERVAL_MS = 250
/** In a log file a line now and then is enough. */
const LOG_INTERVAL_MS = 5_000

type Progress = Pick<LoadPlan, 'onProgress' | 'onProvisioned'>

/** Writes how far a load is to standard error: one line that is redrawn for a person, single lines otherwise. */
export function progressWriter(io: CommandIo): Progress & { readonly end: () => void } {
  const show = (text: string): void => io.writeError(io.errorIsTerminal ? `\r\u001b[K${text}` : `${text}\n`)
  const intervalMs = io.errorIsTerminal ? TERMINAL_INTERVAL_MS : LOG_INTERVAL_MS
  let shownAtMs = 0
  return {
    onProvisioned: (done, all) => {
      if (io.errorIsTerminal || done === all) show(`${done}/${all} vehicles provisioned`)
    },
    onProgress: (progress, all) => {
      if (progress.elapsedMs - shownAtMs < intervalMs) return
      shownAtMs = progress.elapsedMs
      show(progressText(progress, all))
    },
    end: () => {
      if (io.errorIsTerminal) io.writeError('\r\u001b[K')
    },
  }
}

function progressText({ done, failed, perSecond, answer }: LoadProgress, all: number): string {
  return `${done}/${all} installations, ${failed} failed, ${perSecond.toFixed(0)}/s, answer ${latencyText(answer)}`
}

/** What a load found out, for people. */
export function loadReportText({ report, memory, chargePoints }: LoadOutcome): string {
  const { done, succeeded, elapsedMs, perSecond, installation, answer, errors, seed } = report
  const seconds = (elapsedMs / 1_000).toFixed(1)
  const lines = [
    `installations  ${succeeded} of ${done} succeeded in ${seconds} s, ${perSecond.toFixed(1)}/s`,
    `               ${chargePoints} charge points, seed ${seed}`,
    `whole          ${latencyText(installation)}  (sign, ask, verify, decrypt, prove)`,
    `answer         ${latencyText(answer)}  (gateway and pools)`,
    `memory         resident ${megabytes(memory.residentStart)} → ${megabytes(memory.residentEnd)}, ` +
      `heap in use ${megabytes(memory.heapFirstHalf)} in the first half, ${megabytes(memory.heapSecondHalf)} in the second (this process)`,
    ...Object.entries(errors).map(([code, count]) => `error          ${count} × ${code}`),
  ]
  return `${lines.join('\n')}\n`
}

function latencyText({ p50Ms, p99Ms, maxMs }: Latency): string {
  return `p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms, max ${maxMs.toFixed(1)} ms`
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(0)} MiB`
}
