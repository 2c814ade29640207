import { CodedError } from '#base'

/** A file or key that is there already is not what the script says; it stays as it is. */
export class CeremonyError extends CodedError<'ERR_CEREMONY_CONFLICT'> {
  override name = 'CeremonyError'
}
