import { CodedError } from '#base'

/** The error codes of a CALLERROR (OCPP-J 2.0.1 part 4, §4.3). */
export type CallErrorCode =
  | 'FormatViolation'
  | 'GenericError'
  | 'InternalError'
  | 'MessageTypeNotSupported'
  | 'NotImplemented'
  | 'NotSupported'
  | 'OccurrenceConstraintViolation'
  | 'PropertyConstraintViolation'
  | 'ProtocolError'
  | 'RpcFrameworkError'
  | 'SecurityError'
  | 'TypeConstraintViolation'

/**
 * Thrown by a handler to answer a CALL with a CALLERROR of this code. The message becomes the error description,
 * so it must not repeat what the peer sent. Anything else a handler throws is answered InternalError without detail.
 */
export class CallError extends CodedError<CallErrorCode> {
  override name = 'CallError'
}
