import { CodedError } from '#base'

export type StorageErrorCode =
  /** The database cannot be used as it is configured; the message says what was tried and what to look at. */
  | 'ERR_STORAGE_UNREACHABLE'
  /** The connection was lost, or none was free in time. Whether a write took effect is not known. */
  | 'ERR_STORAGE_UNAVAILABLE'
  /** A lock was not given, or a statement not done, in time; nothing was written. */
  | 'ERR_STORAGE_BUSY'

/** The database does not answer. Asking again later can help. */
export class StorageError extends CodedError<StorageErrorCode> {
  override name = 'StorageError'
}
