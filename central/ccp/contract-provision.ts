import type { Emaid, Pcid } from '#iso15118'
import type { MessageNamespace } from '#opcp'

import type { ProvisioningPool, Vehicle } from '../pcp/provisioning-pool.ts'
import { PoolError, statusUnknown } from '../pool-error.ts'
import { contractUnknown, type ContractPool } from './contract-pool.ts'
import type { DeliverableContract } from './contract-store.ts'
import { DeliveryError, type DeliveryChoice, type DeliveryErrorCode } from './delivery-choice.ts'
import { withSession } from './installation.ts'

export interface ProvisionOrder {
  readonly emaid: Pick<Emaid, 'key'>
  readonly pcid: Pick<Pcid, 'key'>
  readonly namespace: MessageNamespace
  /** Of the V2G root of the CPS; absent: as for a vehicle that lists none. */
  readonly rootFingerprint: string | undefined
  readonly sessionId: Uint8Array
}

export interface Provision {
  readonly contract: DeliverableContract
  readonly vehicle: Vehicle
  /** EXI, for the session of the order. */
  readonly response: Uint8Array
}

interface Parts {
  readonly vehicles: ProvisioningPool
  readonly contracts: Pick<ContractPool, 'findFor'>
  readonly choice: DeliveryChoice
}

/** Gives the contracts of its vehicles to their maker, who installs them without a charge point. */
export class ContractProvision {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /**
   * Any contract of the vehicle, default or not, also one that begins later: its maker can wait.
   *
   * @throws {PoolError} ERR_CCP_CONTRACT_NOT_FOUND, also when both exist and do not belong together;
   * ERR_CCP_CONTRACT_NOT_VALID, ERR_POOL_STATUS_UNKNOWN
   */
  async provide({ emaid, pcid, namespace, rootFingerprint, sessionId }: ProvisionOrder): Promise<Provision> {
    const { vehicles, contracts, choice } = this.#parts
    const vehicle = await vehicles.find(pcid, namespace)
    if (vehicle === undefined) throw contractUnknown()
    const read = async (): Promise<readonly DeliverableContract[]> =>
      (await contracts.findFor(vehicle, emaid)).filter(
        (bundle) => rootFingerprint === undefined || bundle.rootFingerprint === rootFingerprint,
      )
    const wish = { vehicle, list: [], unknownRoots: 'deliver', early: true } as const
    try {
      const contract = await choice.choose(read, wish)
      return { contract, vehicle, response: withSession(contract.response, sessionId) }
    } catch (error) {
      throw error instanceof DeliveryError ? refusalOf(error) : error
    }
  }
}

const NOT_VALID: Partial<Record<DeliveryErrorCode, string>> = {
  ERR_CCP_CONTRACT_EXPIRED: 'expired',
  ERR_CCP_CONTRACT_REVOKED: 'revoked',
  ERR_CCP_CONTRACT_UNTRUSTED: 'not trusted',
}

function refusalOf(error: DeliveryError): PoolError {
  if (error.code === 'ERR_CCP_CONTRACT_STATUS_UNKNOWN') return statusUnknown(error)
  const what = NOT_VALID[error.code]
  if (what === undefined) return contractUnknown()
  return new PoolError('ERR_CCP_CONTRACT_NOT_VALID', `The contract for the given EMAID is ${what}.`, {
    cause: error,
  })
}
