import { SYSTEM } from '../audit/audit-record.ts'
import type { ProvisioningPool } from '../pcp/provisioning-pool.ts'
import type { Storage } from '../storage-port.ts'

/** Read at once; each vehicle is looked at and removed by itself. */
const BATCH_MAX = 500

/** Removes the provisioning certificates that have expired or are revoked, with their contracts, and has MO and OEM told. */
export async function sweepEndedVehicles(
  {
    storage,
    vehicles,
  }: { readonly storage: Pick<Storage, 'stores'>; readonly vehicles: Pick<ProvisioningPool, 'removeEnded'> },
  signal: AbortSignal,
): Promise<void> {
  let afterPcidKey = ''
  while (!signal.aborted) {
    const pcidKeys = await storage.stores.vehicles.listKeys({ afterPcidKey, limit: BATCH_MAX })
    for (const pcidKey of pcidKeys) {
      if (signal.aborted) return
      await vehicles.removeEnded(pcidKey, SYSTEM)
    }
    const last = pcidKeys.at(-1)
    if (last === undefined) return
    afterPcidKey = last
  }
}
