/** How far the clocks of issuers and ours may be apart. */
const CLOCK_SKEW_MS = 5 * 60 * 1000

/** Whether evidence may be used at a time; `undefined` when it may. */
export function refuseTime(
  what: string,
  { thisUpdateMs, nextUpdateMs }: { readonly thisUpdateMs: number; readonly nextUpdateMs: number },
  atMs: number,
): string | undefined {
  // Written so that a time that is no number is outside of every validity.
  if (!(thisUpdateMs <= atMs + CLOCK_SKEW_MS)) return `${what} is from the future: ${timeOf(thisUpdateMs)}`
  if (!(atMs - CLOCK_SKEW_MS <= nextUpdateMs))
    return `${what} was due to be replaced at ${timeOf(nextUpdateMs)}`
  return undefined
}

const timeOf = (timeMs: number): string => new Date(timeMs).toISOString().replace('.000', '')
