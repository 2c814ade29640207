import { CodedError } from '#base'

export type ArchiveErrorCode =
  /** Not an archive of a pool, cut short, or changed since it was written. */
  | 'ERR_ARCHIVE_DAMAGED'
  /** Written from another version of the schema. */
  | 'ERR_ARCHIVE_SCHEMA'
  /** The database holds rows already. */
  | 'ERR_ARCHIVE_NOT_EMPTY'
  /** The database to be exported has not the schema of this program; it is not changed for that. */
  | 'ERR_ARCHIVE_MIGRATE_FIRST'
  /** The engine of the database has other means for a backup. */
  | 'ERR_ARCHIVE_BACKUP_ENGINE'

/** A pool cannot be written to, or read from, a file; nothing of it is there. */
export class ArchiveError extends CodedError<ArchiveErrorCode> {
  override name = 'ArchiveError'
}
