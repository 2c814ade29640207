import { CodedError } from '#base'

export type ArchiveErrorCode =
  /** Not an archive of a pool, cut short, or changed since it was written. */
  | 'ERR_ARCHIVE_DAMAGED'
  /** Written from another version of the schema. */
  | 'ERR_ARCHIVE_SCHEMA'
  /** The database holds rows already. */
  | 'ERR_ARCHIVE_NOT_EMPTY'

/** An archive cannot be read into the database; nothing of it is there. */
export class ArchiveError extends CodedError<ArchiveErrorCode> {
  override name = 'ArchiveError'
}
