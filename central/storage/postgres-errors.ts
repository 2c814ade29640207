import { DatabaseError } from 'pg'

import { messageOf } from '#base'

import { StorageError } from './storage-error.ts'

/** SQLSTATE, https://www.postgresql.org/docs/current/errcodes-appendix.html: serialization_failure, deadlock_detected */
const TRANSIENT: ReadonlySet<string | undefined> = new Set(['40001', '40P01'])

/** lock_not_available, query_canceled (by the time limits of the connection), idle_in_transaction_session_timeout */
const BUSY: ReadonlySet<string | undefined> = new Set(['55P03', '57014', '25P03'])

/** read_only_sql_transaction: a server that has become a standby. */
const READ_ONLY = '25006'

/**
 * Connection exceptions, refused logins, no such database, too few resources, operator intervention (shutdown), system
 * errors: nothing that the statement could help.
 */
const UNAVAILABLE_CLASSES: ReadonlySet<string> = new Set(['08', '28', '3D', '53', '57', '58'])

/** Whether the server took the transaction back because of another one. */
export function isTransient(error: unknown): boolean {
  return error instanceof DatabaseError && TRANSIENT.has(error.code)
}

/** What the caller of a statement is to know of its failure; complaints about the statement itself stay as they are. */
export function storageErrorOf(error: unknown): unknown {
  if (error instanceof DatabaseError) {
    const { code = '', message } = error
    if (BUSY.has(code)) return new StorageError('ERR_STORAGE_BUSY', message, { cause: error })
    const isUnavailable = code === READ_ONLY || UNAVAILABLE_CLASSES.has(code.slice(0, 2))
    return isUnavailable ? new StorageError('ERR_STORAGE_UNAVAILABLE', message, { cause: error }) : error
  }
  if (error instanceof TypeError || !(error instanceof Error)) return error
  // Whatever else the client reports is about its connection: refused, reset, ended, timed out.
  return new StorageError('ERR_STORAGE_UNAVAILABLE', messageOf(error), { cause: error })
}
