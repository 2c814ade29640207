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

/** What the provisioning certificate pool needs from storage; durability as for every store of the pools. */
export interface ProvisioningStore {
  /** Until the transaction ends, nobody else writes about the vehicle or its contracts. The first of all locks. */
  lock(pcidKey: string): Promise<void>
  /**
   * Keeps the entry in place of any other of its PCID, namespace and algorithm. With another key than before
   * (`rekeyed`) the vehicle's contracts go with it: it could not open them any more. Inside a transaction only.
   */
  put(entry: ProvisioningEntry): Promise<'created' | 'renewed' | 'rekeyed'>
  find(vehicle: {
    readonly pcidKey: string
    readonly namespace: MessageNamespace
  }): Promise<ProvisioningEntry | undefined>
}
