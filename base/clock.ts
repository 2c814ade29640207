/** Milliseconds since 1970-01-01T00:00:00Z. An argument wherever time matters, so that tests can turn it. */
export type Clock = () => number

/** The machine's own clock. Only programs choose it; libraries take a {@link Clock}. */
export const systemClock: Clock = () => Date.now()
