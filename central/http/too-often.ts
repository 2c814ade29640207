import { PoolError } from '../pool-error.ts'

/** Refused because it was asked too often; becomes 429 with Retry-After. */
export class TooOften extends PoolError {
  override name = 'TooOften'
  /** Whole seconds until it may be asked again. */
  readonly retryAfterSeconds: number

  constructor(retryAfterSeconds: number) {
    super('ERR_POOL_RATE', 'Too many requests.')
    this.retryAfterSeconds = retryAfterSeconds
  }
}
