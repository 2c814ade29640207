import { type Clock, type RandomBytes, systemClock, systemRandom } from '#base'

/** What the emulator takes from its surroundings. */
export interface EmulatorPorts {
  /** The time certificates must be valid at. */
  readonly clock: Clock
  /** Milliseconds, with fractions, of a clock that is never set: for durations only. */
  readonly stopwatch: () => number
  /** Session ids and challenges. */
  readonly random: RandomBytes
}

/** The machine's own. */
export const systemPorts: EmulatorPorts = {
  clock: systemClock,
  stopwatch: () => performance.now(),
  random: systemRandom,
}
