import { CodedError } from '#base'

/** A chain of audit records that somebody has changed, removed from or put into another order. */
export class AuditError extends CodedError<'ERR_AUDIT_BROKEN'> {
  override name = 'AuditError'
}
