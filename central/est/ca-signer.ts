import type { Signer } from '#base'

import { PoolError } from '../pool-error.ts'

/**
 * The signer of a CA for whom it serves: whatever goes wrong with the key or its HSM is PoolError ERR_EST_KEY_FAILED, to
 * be tried again later.
 */
export function caSigner(signer: Signer): Signer {
  return {
    algorithm: signer.algorithm,
    sign: async (data) => {
      try {
        return await signer.sign(data)
      } catch (cause) {
        throw new PoolError('ERR_EST_KEY_FAILED', 'The key of the CA cannot be used now, try again later.', {
          cause,
        })
      }
    },
  }
}
