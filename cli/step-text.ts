import { type Step } from '#charger-emulator'

/** One step for people: who did it, what, and how long it took. */
export function stepLine({ name, text, durationMs }: Step): string {
  const actor = name === 'connected' || name === 'booted' || name === 'answered' ? 'charge point' : 'vehicle'
  return line(actor, text, durationMs)
}

/** A line of a narration: who, what, milliseconds. */
export function line(actor: string, text: string, durationMs: number): string {
  return `${actor.padEnd(13)} ${durationMs.toFixed(1).padStart(7)} ms  ${text}\n`
}
