import { equalBytes, type Clock, type RandomBytes } from '#base'
import { encodeV2gMessage, signedDataToXml, type Emaid, type V2gMessage } from '#iso15118'
import type { ContractEventType } from '#opcp'
import { parseCertificate, type RevocationReason } from '#pki'

import { auditEntry } from '../audit/audit-record.ts'
import type { Actor } from '../http/caller.ts'
import { publicKeySha256, type Vehicle } from '../pcp/provisioning-pool.ts'
import { PoolError } from '../pool-error.ts'
import type { Root, RootPool } from '../rcp/root-pool.ts'
import type { Storage, UnitOfWork } from '../storage-port.ts'
import { contractEvent, type WebhookEvent } from '../webhooks/events.ts'
import { eventContractOf } from './contract-events.ts'
import { removeContracts, tombstoneOf } from './contract-removal.ts'
import type { ContractRevocation } from './contract-revocation.ts'
import type {
  ContractSelection,
  ContractStore,
  DeliverableContract,
  HeldContract,
  StoredContract,
  VehicleContracts,
} from './contract-store.ts'
import { signedDataRefused, type ContractVerification } from './contract-verification.ts'

/** What a CPS signed, on its way into the pool. */
export interface SignedContractData {
  /** A CertificateInstallationRes with ResponseCode OK, signed by a CPS; its session id is not looked at. */
  readonly message: V2gMessage
  /** Whom the contract key in it is encrypted for. */
  readonly vehicle: Vehicle
  readonly metaData: string | undefined
  /** What the sender says of it; absent: nothing is expected. */
  readonly expected?: { readonly emaid?: Emaid; readonly rootFingerprint?: string | undefined }
}

/** Which contract is to be deleted, or which bundles of it. */
export interface ContractDeletion {
  readonly emaid: Pick<Emaid, 'key'>
  readonly selection: Pick<ContractSelection, 'namespace' | 'rootFingerprint'>
  /** Whether the operator's own CA shall revoke the certificate. */
  readonly revoke: boolean
}

interface Parts {
  readonly storage: Storage
  readonly roots: RootPool
  readonly verification: ContractVerification
  readonly revocation: ContractRevocation
  readonly clock: Clock
  readonly random: RandomBytes
}

/** The contract certificate pool: signed contract data waits here until its vehicle asks. */
export class ContractPool {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /**
   * Verifies what a CPS signed, also our own, and keeps it for the vehicle in place of any earlier contract of the same
   * EMAID below the same V2G root, whose certificate is revoked when it is of our own CA. What is held already changes
   * nothing, and nobody is told of it.
   *
   * @throws {PoolError} ERR_CCP_SIGNED_DATA, ERR_CPS_CONTRACT_EXPIRED, ERR_CCP_TAKEN, ERR_CPS_VEHICLE_UNKNOWN,
   * ERR_POOL_STATUS_UNKNOWN
   */
  async add(data: SignedContractData, by: Actor): Promise<void> {
    const bundle = await this.#judge(data)
    const roots = await this.#parts.roots.list()
    const contract = { ...bundle, pcid: data.vehicle.pcid }
    const created = this.#event('oem.contract.created', contract, roots)
    const updated = this.#event('oem.contract.updated', contract, roots)
    const outcome = await this.#parts.storage.transaction(async (unit) => {
      await unit.vehicles.lock(bundle.pcidKey)
      const { emaid, pcidKey, namespace, rootFingerprint } = bundle
      const earlier = await unit.contracts.find({ emaidKey: emaid.key, pcidKey, namespace, rootFingerprint })
      const put = await unit.contracts.put(bundle)
      if (put === 'created') await unit.outbox.publish(created)
      if (put === 'replaced') {
        for (const replaced of earlier) await this.#retire(unit, replaced)
        await unit.outbox.publish(updated)
      }
      if (put === 'created' || put === 'replaced') {
        const before = earlier[0]?.contractCertificate
        await this.#record(unit, {
          action: 'contract.put',
          by,
          emaid,
          before,
          after: bundle.contractCertificate,
        })
      }
      return put
    })
    if (outcome === 'taken') throw emaidTaken()
    if (outcome === 'vehicle-changed') throw vehicleUnknown()
  }

  /**
   * Deletes a contract and has its certificate revoked, both or neither. The vehicle gets no other default by that.
   *
   * @throws {PoolError} ERR_CCP_CONTRACT_NOT_FOUND; ERR_CCP_REVOCATION_FAILED, and the contract stays as it was
   */
  async remove({ emaid, selection, revoke }: ContractDeletion, by: Actor): Promise<void> {
    const { storage, roots, clock } = this.#parts
    const pcidKey = await storage.stores.contracts.vehicleOf(emaid.key)
    if (pcidKey === undefined) throw contractUnknown()
    const known = await roots.list()
    let isRevoking = false
    const removed = await storage
      .transaction(async (unit) => {
        await unit.vehicles.lock(pcidKey)
        const which = { ...selection, emaidKey: emaid.key, pcidKey }
        const gone = await removeContracts(unit.contracts, which, clock())
        isRevoking = revoke
        if (revoke)
          for (const contract of gone)
            if (contract.isReleased) await this.#revoke(unit, contract, 'cessationOfOperation')
        isRevoking = false
        for (const contract of gone)
          await unit.outbox.publish(this.#event('oem.contract.deleted', contract, known))
        for (const { contractCertificate: before } of gone)
          await this.#record(unit, { action: 'contract.delete', by, emaid, before })
        return gone
      })
      .catch((cause: unknown) => {
        throw isRevoking ? revocationFailed(cause) : cause
      })
    if (removed.length === 0) throw contractUnknown()
  }

  /** Makes a contract the one its vehicle gets, instead of any other. @throws {PoolError} ERR_CCP_CONTRACT_NOT_FOUND */
  async setDefault(contract: VehicleContracts & { readonly emaidKey: string }, by: Actor): Promise<void> {
    const outcome = await this.#parts.storage.transaction(async (unit) => {
      const set = await unit.contracts.setDefault(contract)
      const emaid = { key: contract.emaidKey }
      if (set === 'set') await this.#record(unit, { action: 'contract.default', by, emaid })
      return set
    })
    if (outcome === 'unknown') throw contractUnknown()
  }

  /** @throws {PoolError} ERR_CCP_TAKEN when the EMAID belongs to another vehicle; free or the vehicle's own is fine */
  async requireFreeFor(emaid: { readonly key: string }, vehicle: Pick<Vehicle, 'pcidKey'>): Promise<void> {
    const owner = await this.#stored.vehicleOf(emaid.key)
    if (owner !== undefined && owner !== vehicle.pcidKey) throw emaidTaken()
  }

  /** In the order they were stored. */
  async find(selection: ContractSelection): Promise<readonly HeldContract[]> {
    return await this.#stored.find(selection)
  }

  /** The bundles of the vehicle's default contract, the newest first. */
  async findDefault(vehicle: VehicleContracts): Promise<readonly DeliverableContract[]> {
    return await this.#stored.findDefault(vehicle)
  }

  /** The bundles of the contract the vehicle has had the longest, the newest first. */
  async findOldest({ pcidKey, namespace }: VehicleContracts): Promise<readonly DeliverableContract[]> {
    return await this.#stored.findDeliverable({ pcidKey, namespace })
  }

  /** The bundles of a contract of the vehicle, the newest first. */
  async findFor(
    { pcidKey, namespace }: VehicleContracts,
    emaid: Pick<Emaid, 'key'>,
  ): Promise<readonly DeliverableContract[]> {
    return await this.#stored.findDeliverable({ pcidKey, namespace, emaidKey: emaid.key })
  }

  get #stored(): ContractStore {
    return this.#parts.storage.stores.contracts
  }

  async #judge({ message, vehicle, metaData, expected }: SignedContractData): Promise<StoredContract> {
    const { emaid, contract, cpsRoot, contractRoot, ...validity } =
      await this.#parts.verification.verify(message)
    if (expected?.emaid !== undefined && expected.emaid.key !== emaid.key)
      throw signedDataRefused('it is of another EMAID')
    if (expected?.rootFingerprint !== undefined && expected.rootFingerprint !== cpsRoot.fingerprintSha256Hex)
      throw signedDataRefused('the CPS is below another V2G root than cpsV2GRootCertificateFingerprint')
    const withoutSession = { ...message, Header: { ...message.Header, SessionID: new Uint8Array(0) } }
    return {
      emaid,
      pcidKey: vehicle.pcidKey,
      namespace: vehicle.namespace,
      rootFingerprint: cpsRoot.fingerprintSha256Hex,
      contractRootFingerprint: contractRoot.fingerprintSha256Hex,
      publicKeySha256: publicKeySha256(vehicle.certificate),
      ...validity,
      metaData,
      storedAtMs: this.#parts.clock(),
      contractCertificate: contract.der,
      response: encodeV2gMessage(withoutSession),
      signedXml: signedDataToXml(withoutSession),
    }
  }

  /** Keeps the record of a certificate that was replaced, and revokes it, unless another bundle holds it. */
  async #retire(unit: UnitOfWork, replaced: HeldContract): Promise<void> {
    const left = await unit.contracts.find({ pcidKey: replaced.pcidKey })
    if (left.some((other) => equalBytes(other.contractCertificate, replaced.contractCertificate))) return
    await unit.contracts.bury(tombstoneOf(replaced, this.#parts.clock()))
    await this.#revoke(unit, replaced, 'superseded')
  }

  async #revoke(
    { issued }: UnitOfWork,
    { contractCertificate }: HeldContract,
    reason: RevocationReason,
  ): Promise<void> {
    await this.#parts.revocation.revoke(parseCertificate(contractCertificate), { issued, reason })
  }

  async #record(
    { audit }: UnitOfWork,
    {
      emaid,
      ...what
    }: Omit<Parameters<typeof auditEntry>[0], 'object'> & { readonly emaid: { readonly key: string } },
  ): Promise<void> {
    await audit.append(auditEntry({ ...what, object: { type: 'contract', id: emaid.key } }, this.#parts))
  }

  #event(
    type: ContractEventType,
    contract: Parameters<typeof eventContractOf>[0],
    roots: readonly Root[],
  ): WebhookEvent {
    return contractEvent(type, eventContractOf(contract, roots), this.#parts)
  }
}

function emaidTaken(): PoolError {
  return new PoolError('ERR_CCP_TAKEN', 'Invalid Tupple - EMAID is already used by other PCID.')
}

export function vehicleUnknown(cause?: unknown): PoolError {
  return new PoolError(
    'ERR_CPS_VEHICLE_UNKNOWN',
    'The OEM provisioning certificate with the given PCID is not available.',
    { cause },
  )
}

export function contractUnknown(): PoolError {
  return new PoolError('ERR_CCP_CONTRACT_NOT_FOUND', 'The contract for the given EMAID not found.')
}

function revocationFailed(cause: unknown): PoolError {
  return new PoolError(
    'ERR_CCP_REVOCATION_FAILED',
    'The contract certificate could not be revoked, so the contract was not deleted.',
    { cause },
  )
}
