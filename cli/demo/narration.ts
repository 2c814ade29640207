import { type OnStep } from '#charger-emulator'

import { type CommandIo } from '../io.ts'
import { line, stepLine } from '../step-text.ts'

/** Tells people what happens, one line for each step, with who did it and how long it took. */
export interface Narration {
  readonly step: <T>(actor: string, act: () => Promise<T>, textOf: (value: T) => string) => Promise<T>
  readonly tell: (actor: string, text: string, durationMs: number) => void
  /** For the steps of vehicle and charge point, which come with their own words. */
  readonly onStep: OnStep
}

export function narrationTo(io: CommandIo): Narration {
  const tell: Narration['tell'] = (actor, text, durationMs) => io.writeOutput(line(actor, text, durationMs))
  return {
    tell,
    step: async (actor, act, textOf) => {
      const startMs = performance.now()
      const value = await act()
      tell(actor, textOf(value), performance.now() - startMs)
      return value
    },
    onStep: (step) => io.writeOutput(stepLine(step)),
  }
}
