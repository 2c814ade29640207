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
 * - `unchanged`: the same bundle is held already.
 * - otherwise the bundle is held now, in place of any earlier one of its EMAID, namespace and root.
 */
export type ContractPut = 'created' | 'replaced' | 'unchanged' | 'taken' | 'vehicle-changed'

/** What a delivery reads of a {@link StoredContract}. */
export type DeliverableContract = Omit<StoredContract, 'signedXml' | 'namespace' | 'pcidKey' | 'storedAtMs'>

/** What others may know of a bundle that is held, or was. */
export interface HeldContract extends Pick<
  StoredContract,
  'emaid' | 'pcidKey' | 'namespace' | 'rootFingerprint' | 'contractCertificate'
> {
  /** As the PCP has it. */
  readonly pcid: string
  readonly isDefault: boolean
}

/** What remains of a contract on record. */
export interface ContractTombstone {
  /** Of the EMAID in upper case, and of the certificate: SHA-256, lower-case hex. */
  readonly emaidSha256: string
  readonly certificateSha256: string
  /** Lower-case hex without a leading zero byte. */
  readonly serialNumberHex: string
  readonly certificate: Uint8Array
  readonly validToMs: number
  readonly removedAtMs: number
}

export interface VehicleContracts {
  readonly pcidKey: string
  readonly namespace: MessageNamespace
}

/** Which bundles: those that agree with all that is given, which is at least an EMAID or a vehicle. */
export type ContractSelection = Whose & {
  readonly namespace?: MessageNamespace | undefined
  readonly rootFingerprint?: string | undefined
  /** Of the provisioning key they are encrypted for. */
  readonly publicKeySha256?: string | undefined
}

type Whose =
  | { readonly emaidKey: string; readonly pcidKey?: string | undefined }
  | { readonly emaidKey?: undefined; readonly pcidKey: string }

/** A bundle that went out, named so that it is counted once. Both are SHA-256 in lower-case hex. */
export interface ContractDelivery {
  /** Of the `response` of the bundle. */
  readonly bundleSha256: string
  /** Of what was asked. */
  readonly requestSha256: string
  /** Whether a vehicle asked through a charge point, or its maker. */
  readonly kind: 'request' | 'provide'
  /** The client id. */
  readonly requester: string
  readonly deliveredAtMs: number
}

/** What the contract certificate pool needs from storage; durability as for every store of the pools. */
export interface ContractStore {
  /** The first contract of a vehicle and namespace becomes its default. Inside a transaction only. */
  put(contract: StoredContract): Promise<ContractPut>
  /**
   * Erases bundles with the encrypted keys in them, and what that leaves empty: the pairing of an EMAID, the flag of a
   * default. Nothing becomes the default instead. Gives what was held; inside a transaction only, and before the
   * provisioning certificate goes.
   */
  remove(selection: ContractSelection & { readonly pcidKey: string }): Promise<readonly HeldContract[]>
  /** Keeps the record of a certificate that no bundle needs any more; one that is there stays as it is. */
  bury(tombstone: ContractTombstone): Promise<void>
  /** In the order they were stored. */
  find(selection: ContractSelection): Promise<readonly HeldContract[]>
  /** In place of any other default of the vehicle and namespace; `unknown`: the vehicle has no such contract. */
  setDefault(contract: VehicleContracts & { readonly emaidKey: string }): Promise<'set' | 'unknown'>
  /** The bundles of the vehicle's default contract, one per V2G root, the newest first; none without a default. */
  findDefault(vehicle: VehicleContracts): Promise<readonly DeliverableContract[]>
  /** The bundles of one contract, as {@link findDefault}; without `emaidKey` of the one that is held the longest. */
  findDeliverable(
    contract: VehicleContracts & { readonly emaidKey?: string | undefined },
  ): Promise<readonly DeliverableContract[]>
  /** The vehicle an EMAID belongs to. */
  vehicleOf(emaidKey: string): Promise<string | undefined>
  /** Says whether the bundle goes out for this request for the first time. */
  addDelivery(delivery: ContractDelivery): Promise<'first' | 'repeated'>
  /** The EMAIDs, in their order, with a bundle in which some certificate has ended. */
  listEnded(page: {
    readonly beforeMs: number
    readonly afterEmaidKey: string
    readonly limit: number
  }): Promise<readonly string[]>
  /** The held certificates that a CA here has revoked, in the order of their EMAIDs, each of which usually has one. */
  listRevoked(page: {
    readonly afterEmaidKey: string
    readonly limit: number
  }): Promise<readonly { readonly emaidKey: string; readonly contractCertificate: Uint8Array }[]>
  /** Erases old deliveries, and the records of contracts that ended long ago. */
  prune(which: { readonly deliveriesBeforeMs: number; readonly validToBeforeMs: number }): Promise<void>
}
