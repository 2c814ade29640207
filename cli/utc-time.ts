import { InvalidArgumentError } from 'commander'

/** Milliseconds of a time like 2026-01-31T12:00:00Z; `undefined` for any other text and for a day no calendar has. */
export function readUtcTime(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text)) return undefined
  const timeMs = Date.parse(text)
  // JavaScript takes the 30th of February for the 1st or 2nd of March.
  const isExact = !Number.isNaN(timeMs) && new Date(timeMs).toISOString() === text.replace('Z', '.000Z')
  return isExact ? timeMs : undefined
}

/** The value of an option that is a time. @throws InvalidArgumentError, which the command line shows with the option */
export function utcTimeOption(text: string): number {
  const timeMs = readUtcTime(text)
  if (timeMs === undefined) throw new InvalidArgumentError('must be a time such as 2026-01-31T12:00:00Z.')
  return timeMs
}
