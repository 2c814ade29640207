import type { Clock, RandomBytes } from '#base'
import type { ContractEventType, MessageNamespace } from '#opcp'
import { parseCertificate } from '#pki'

import type { Root } from '../rcp/root-pool.ts'
import type { UnitOfWork } from '../storage-port.ts'
import { contractEvent } from '../webhooks/events.ts'
import { eventContractOf } from './contract-events.ts'
import { removeContracts, type RemovedContract } from './contract-removal.ts'
import type { ContractRevocation } from './contract-revocation.ts'

/** What happens to a vehicle that none of its contracts outlives. */
export type VehicleChange = 'certificate-removed' | 'certificate-rekeyed' | 'factory-reset'

/** What the MO of each contract is told; its OEM hears of a deleted contract. */
const MO_EVENT = {
  'certificate-removed': 'mo.prov.cert.deleted',
  'certificate-rekeyed': 'mo.prov.cert.updated',
  'factory-reset': 'mo.prov.cert.factory.reset',
} as const satisfies Record<VehicleChange, ContractEventType>

/** Those of a vehicle; of one edition, or for one provisioning key, when it is given. */
export interface EndingContracts {
  readonly pcidKey: string
  readonly namespace?: MessageNamespace
  readonly publicKeySha256?: string
}

/** Ends the contracts of a vehicle with what they were made for. */
export class ContractEnding {
  readonly #parts: {
    readonly revocation: ContractRevocation
    readonly clock: Clock
    readonly random: RandomBytes
  }

  constructor(parts: {
    readonly revocation: ContractRevocation
    readonly clock: Clock
    readonly random: RandomBytes
  }) {
    this.#parts = parts
  }

  /**
   * Deletes the contracts meant, has certificates of the operator's own CAs revoked, and tells MO and
   * OEM of each contract once, however many bundles it had. Gives the number of contracts. Inside a transaction only, with
   * the vehicle locked, and before its certificate is changed or removed. `roots` are those of the RCP.
   */
  async end(
    unit: UnitOfWork,
    { pcidKey, namespace, publicKeySha256 }: EndingContracts,
    { change, roots }: { readonly change: VehicleChange; readonly roots: readonly Root[] },
  ): Promise<number> {
    const selection = { pcidKey, namespace, publicKeySha256 }
    const removed = await removeContracts(unit.contracts, selection, this.#parts.clock())
    const reason = change === 'certificate-rekeyed' ? 'superseded' : 'cessationOfOperation'
    for (const { isReleased, contractCertificate } of removed)
      if (isReleased)
        await this.#parts.revocation.revoke(parseCertificate(contractCertificate), {
          issued: unit.issued,
          reason,
        })
    const contracts = oncePerContract(removed)
    for (const contract of contracts) {
      const told = eventContractOf(contract, roots)
      for (const type of [MO_EVENT[change], 'oem.contract.deleted'] as const)
        await unit.outbox.publish(contractEvent(type, told, this.#parts))
    }
    return contracts.length
  }
}

/** The first bundle of each contract. */
function oncePerContract(removed: readonly RemovedContract[]): readonly RemovedContract[] {
  const contracts = new Map<string, RemovedContract>()
  for (const contract of removed) {
    const key = `${contract.namespace} ${contract.emaid.key}`
    if (!contracts.has(key)) contracts.set(key, contract)
  }
  return [...contracts.values()]
}
