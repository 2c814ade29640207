/** The secrets of an endpoint: one that signs, and, while it is being replaced, the one that comes after it. */
import type { RandomBytes } from '#base'

/** 256 bits; printable, so that it survives being pasted. */
const SECRET_BYTES = 32

/** For a receiver to learn the new secret on all of its machines. */
export const OVERLAP_DEFAULT_MS = 24 * 3_600_000

/** Sealed or open, depending on `S`. */
export interface EndpointSecrets<S> {
  /** What the owner of the endpoint is shown. */
  readonly current: S
  /** What signs all that is published until then. */
  readonly previous: { readonly secret: S; readonly untilMs: number } | undefined
}

/** Both secrets, sealed or opened. */
export function mapSecrets<A, B>(
  { current, previous }: EndpointSecrets<A>,
  change: (secret: A) => B,
): EndpointSecrets<B> {
  return {
    current: change(current),
    previous: previous && { secret: change(previous.secret), untilMs: previous.untilMs },
  }
}

export function newSecret(random: RandomBytes): string {
  return `whsec_${Buffer.from(random(SECRET_BYTES)).toString('base64url')}`
}

/**
 * The secrets after `next` was given out. The old one goes on signing for `overlapMs`, so that nothing is refused by a
 * receiver that does not know the new one yet; 0 ends it at once, for what is under way too. A rotation during another
 * one replaces the secret that was to come.
 */
export function rotated<S>(
  secrets: EndpointSecrets<S>,
  { next, overlapMs, nowMs }: { readonly next: S; readonly overlapMs: number; readonly nowMs: number },
): EndpointSecrets<S> {
  if (overlapMs === 0) return { current: next, previous: undefined }
  const { previous } = secrets
  const signing = previous !== undefined && previous.untilMs > nowMs ? previous.secret : secrets.current
  return { current: next, previous: { secret: signing, untilMs: nowMs + overlapMs } }
}

/** Which secrets sign an event: decided by when it was put into the queue, so that a retry is signed as the first attempt. */
export function secretsAt<S>(
  { current, previous }: EndpointSecrets<S>,
  queuedAtMs: number,
): { readonly secret: S; readonly nextSecret: S | undefined } {
  return previous !== undefined && queuedAtMs < previous.untilMs
    ? { secret: previous.secret, nextSecret: current }
    : { secret: current, nextSecret: undefined }
}
