import type { Pcid } from '#iso15118'
import type { MessageNamespace } from '#opcp'

import type { ProvisioningPool, TrustedVehicle } from '../pcp/provisioning-pool.ts'
import { PoolError } from '../pool-error.ts'
import { vehicleUnknown } from './contract-pool.ts'

/**
 * The vehicle that a contract is for, when its chain still holds.
 *
 * @throws {PoolError} ERR_CPS_VEHICLE_UNKNOWN whatever is the matter with it, ERR_POOL_STATUS_UNKNOWN
 */
export async function trustedVehicle(
  vehicles: ProvisioningPool,
  pcid: Pick<Pcid, 'key'>,
  namespace: MessageNamespace,
): Promise<TrustedVehicle> {
  try {
    return await vehicles.get(pcid, namespace)
  } catch (error) {
    if (!(error instanceof PoolError) || error.code === 'ERR_POOL_STATUS_UNKNOWN') throw error
    throw vehicleUnknown(error)
  }
}
