import type { Dialect } from 'kysely'

import type { Leadership } from '../storage-port.ts'
import type { Ddl } from './ddl.ts'

/** What differs between the engines. */
export interface Engine {
  readonly ddl: Ddl
  readonly dialect: Dialect
  /** For migrations and archives, which may take longer than any request; absent where {@link dialect} has no time limits. */
  readonly patientDialect?: Dialect
  /** Whether a transaction that failed with `error` left nothing behind and may succeed when it is run again. */
  readonly isTransient: (error: unknown) => boolean
  readonly tryLead: () => Promise<Leadership | undefined>
}
