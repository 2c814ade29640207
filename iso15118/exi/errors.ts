import { CodedError } from '#base'

export type ExiErrorCode =
  /** The first byte is not that of a bit-packed EXI 1.0 stream without options. */
  | 'ERR_EXI_HEADER'
  /** The stream ends inside an event or a value. */
  | 'ERR_EXI_TRUNCATED'
  /** A length, a number or the stream itself is over its limit. */
  | 'ERR_EXI_TOO_LARGE'
  /** An event code or value that the schema does not provide for at this place. */
  | 'ERR_EXI_DEVIATION'
  /** A value to be encoded does not fit the schema: wrong type, out of range, a member missing or too many. */
  | 'ERR_EXI_VALUE'

/** The bytes are not the EXI this library accepts, or the value has no EXI form. The message says where. */
export class ExiError extends CodedError<ExiErrorCode> {
  override name = 'ExiError'
}
