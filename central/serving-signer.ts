import type { Signer } from '#base'

import { PoolError } from './pool-error.ts'

/**
 * A signer for those who serve clients: whatever goes wrong with the key or its HSM is a PoolError of that code, to be
 * tried again later.
 */
export function servingSigner(signer: Signer, code: 'ERR_CPS_KEY_FAILED' | 'ERR_EST_KEY_FAILED'): Signer {
  return {
    algorithm: signer.algorithm,
    sign: async (data) => {
      try {
        return await signer.sign(data)
      } catch (cause) {
        const whose = code === 'ERR_CPS_KEY_FAILED' ? 'CPS' : 'CA'
        const message = `The key of the ${whose} cannot be used now, try again later.`
        throw new PoolError(code, message, { cause })
      }
    },
  }
}
