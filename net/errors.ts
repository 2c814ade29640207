import { CodedError } from '#base'

export type NetErrorCode =
  /** An address that may not be asked: scheme, credentials, or a network that is neither public nor allowed. */
  | 'ERR_NET_ADDRESS'
  /** An answer over the limit of bytes. */
  | 'ERR_NET_ANSWER_TOO_LARGE'
  /** No whole answer in time. */
  | 'ERR_NET_TIMEOUT'
  /** The host does not resolve, no connection, TLS that fails, or an answer cut off. */
  | 'ERR_NET_UNREACHABLE'

/** An exchange with an address that a stranger named, which gave no answer. Never holds what the stranger sent. */
export class NetError extends CodedError<NetErrorCode> {
  override name = 'NetError'
}
