/**
 * A failure the caller is expected to meet and may branch on by {@link code}. Codes are part of the
 * contract: they reach logs, metrics, OCPP status reasons and REST bodies, so one is never renamed or reused.
 *
 * A broken invariant of our own is not a CodedError: use `assert` and let the operation fail loudly.
 */
export class CodedError<Code extends string = string> extends Error {
  override name = 'CodedError'
  readonly code: Code

  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** The code of anything that was thrown: a CodedError's own, a Node system error's (`ECONNREFUSED`), else `undefined`. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

/** The text of anything that was thrown, for a log line or a one-line report; never empty. */
export function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message === '' ? error.name : error.message
  return String(error)
}
