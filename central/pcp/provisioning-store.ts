import type { MessageNamespace } from '#opcp'

/** A vehicle's provisioning certificate with its sub CAs, all DER. */
export interface ProvisioningEntry {
  /** As issued; {@link pcidKey} is its upper-case form, by which entries are found. */
  readonly pcid: string
  readonly pcidKey: string
  readonly namespace: MessageNamespace
  readonly signatureAlgorithm: string
  readonly vehicleCertificate: Uint8Array
  readonly subCa1Certificate: Uint8Array
  readonly subCa2Certificate: Uint8Array | undefined
  /** SHA-256 of the vehicle's SubjectPublicKeyInfo, lower-case hex. */
  readonly publicKeySha256: string
  /** Key ids of the V2G roots the vehicle trusts, lower-case hex. */
  readonly v2gRootKeyIds: readonly string[]
  readonly previousPcid: string | undefined
  readonly storedAtMs: number
}

/** Names one entry. */
export type ProvisioningKey = Pick<ProvisioningEntry, 'pcidKey' | 'namespace' | 'signatureAlgorithm'>

/** What remains of a provisioning certificate on record. */
export interface ProvisioningTombstone {
  /** Of the certificate, and of the PCID in upper case: SHA-256, lower-case hex. */
  readonly certificateSha256: string
  readonly pcidSha256: string
  readonly removedAtMs: number
  /** DER: vehicle, sub CA 1, sub CA 2; `undefined` once erased. */
  readonly chain: readonly Uint8Array[] | undefined
}

/** What the provisioning certificate pool needs from storage; durability as for every store of the pools. */
export interface ProvisioningStore {
  /** Until the transaction ends, nobody else writes about the vehicle or its contracts. The first of all locks. */
  lock(pcidKey: string): Promise<void>
  /**
   * Keeps the entry in place of any other of its PCID, namespace and algorithm. When its key is another one, the contracts
   * for the old key have to be removed before. Inside a transaction only.
   */
  put(entry: ProvisioningEntry): Promise<void>
  find(vehicle: {
    readonly pcidKey: string
    readonly namespace: MessageNamespace
  }): Promise<ProvisioningEntry | undefined>
  /** All of a vehicle, one per namespace and algorithm. */
  list(pcidKey: string): Promise<readonly ProvisioningEntry[]>
  /** The PCIDs of the pool in their order, as they are looked up. */
  listKeys(page: { readonly afterPcidKey: string; readonly limit: number }): Promise<readonly string[]>
  /** The contracts of the vehicle have to be removed before. Inside a transaction only. */
  remove(entry: ProvisioningKey): Promise<void>
  /** Keeps the record of a removed certificate; of one that was removed before, that of now. */
  bury(tombstone: ProvisioningTombstone): Promise<void>
  /** The newest first. */
  findTombstones(pcidSha256: string): Promise<readonly ProvisioningTombstone[]>
}
