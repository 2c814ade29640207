import type { MessageNamespace } from '#opcp'

/** One contract signed for one vehicle, below one V2G root. */
export interface StoredContract {
  readonly emaid: { readonly asIssued: string; readonly key: string }
  readonly pcidKey: string
  readonly namespace: MessageNamespace
  /** Of the V2G root the CPS is below: SHA-256, lower-case hex. */
  readonly rootFingerprint: string
  /** Of the root the contract certificate is below, in the same form. */
  readonly contractRootFingerprint: string
  /** Of the provisioning key the contract key is encrypted for: SHA-256 of the SubjectPublicKeyInfo, lower-case hex. */
  readonly publicKeySha256: string
  /** When every certificate in the message is valid, those of the CPS and the roots included. */
  readonly validFromMs: number
  readonly validToMs: number
  readonly metaData: string | undefined
  readonly storedAtMs: number
  readonly contractCertificate: Uint8Array
  /** The CertificateInstallationRes as EXI document with an empty SessionID. */
  readonly response: Uint8Array
  /** The same as XML, as the CPS signed it. */
  readonly signedXml: string
}

/**
 * - `taken`: the EMAID belongs to another vehicle; `vehicle-changed`: no provisioning certificate with the key that the
 *   contract key is encrypted for. Neither leaves a trace.
 * - otherwise the bundle is held now, in place of any earlier one of its EMAID, namespace and root.
 */
export type ContractPut = 'created' | 'replaced' | 'taken' | 'vehicle-changed'

/** What a delivery reads of a {@link StoredContract}. */
export type DeliverableContract = Omit<StoredContract, 'signedXml' | 'namespace' | 'pcidKey' | 'storedAtMs'>

/** What the contract certificate pool needs from storage; durability as for every store of the pools. */
export interface ContractStore {
  /** The first contract of a vehicle and namespace becomes its default. Inside a transaction only. */
  put(contract: StoredContract): Promise<ContractPut>
  /** The bundles of the vehicle's default contract, one per V2G root; none without a default. */
  findDefault(vehicle: {
    readonly pcidKey: string
    readonly namespace: MessageNamespace
  }): Promise<readonly DeliverableContract[]>
  /** The vehicle an EMAID belongs to. */
  vehicleOf(emaidKey: string): Promise<string | undefined>
}
