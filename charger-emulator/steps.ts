/** The steps of an installation, in their order. */
export type StepName =
  | 'connected'
  | 'booted'
  | 'request-signed'
  | 'answered'
  | 'answer-read'
  | 'signature-verified'
  | 'cps-chain-verified'
  | 'contract-matched'
  | 'key-decrypted'
  | 'key-proven'

/** A step that succeeded, in words a person understands. */
export interface Step {
  readonly name: StepName
  /** A sentence without a full stop, in the past tense, its subject left out: `signed the request as …`. */
  readonly text: string
  readonly durationMs: number
}

export type OnStep = (step: Step) => void

/** Runs an action and reports it as a step; a failed action is not a step, its error says everything. */
export type RunStep = <T>(
  name: StepName,
  act: () => T | Promise<T>,
  textOf: (value: T) => string,
) => Promise<T>

export function stepRunner({
  stopwatch,
  onStep,
}: {
  readonly stopwatch: () => number
  readonly onStep?: OnStep | undefined
}): RunStep {
  return async (name, act, textOf) => {
    const startMs = stopwatch()
    const value = await act()
    onStep?.({ name, text: textOf(value), durationMs: stopwatch() - startMs })
    return value
  }
}
