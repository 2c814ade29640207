import { CodedError } from '#base'

export type OpcpErrorCode =
  | 'ERR_OPCP_ABORTED'
  | 'ERR_OPCP_ANSWER_MALFORMED'
  | 'ERR_OPCP_ANSWER_TOO_LARGE'
  | 'ERR_OPCP_REFUSED'
  | 'ERR_OPCP_TIMEOUT'
  | 'ERR_OPCP_TOKEN_REFUSED'
  | 'ERR_OPCP_UNREACHABLE'

/**
 * A call to a pool that gave no usable answer. By {@link code}:
 * - UNREACHABLE: no connection, or it broke before the answer was complete (the pool may have acted);
 * - TIMEOUT: the deadline passed first; ABORTED: the caller gave up for another reason;
 * - REFUSED / TOKEN_REFUSED: answered with a status that is no success ({@link OpcpRefusal});
 * - ANSWER_MALFORMED / ANSWER_TOO_LARGE: answered, but not as OPCP says.
 */
export class OpcpError extends CodedError<OpcpErrorCode> {
  override name = 'OpcpError'
}

/** The pool, or its token endpoint, answered with a status that is no success. */
export class OpcpRefusal extends OpcpError {
  override name = 'OpcpRefusal'
  readonly status: number
  /** The pool's own words; empty when the body was not an OPCP error (a proxy answered, say). */
  readonly errorMessages: readonly string[]
  readonly traceId: string | undefined

  constructor(
    code: 'ERR_OPCP_REFUSED' | 'ERR_OPCP_TOKEN_REFUSED',
    refusal: {
      operation: string
      status: number
      errorMessages: readonly string[]
      traceId: string | undefined
    },
  ) {
    const reason = refusal.errorMessages.join(' ')
    super(code, `${refusal.operation} refused with status ${refusal.status}${reason && `: ${reason}`}`)
    this.status = refusal.status
    this.errorMessages = refusal.errorMessages
    this.traceId = refusal.traceId
  }
}
