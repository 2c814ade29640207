import { createHash } from 'node:crypto'

import { equalBytes } from '#base'
import { parseCertificate } from '#pki'

import type { ContractSelection, ContractStore, ContractTombstone, HeldContract } from './contract-store.ts'

/** A bundle that was removed, and what went with it. */
export interface RemovedContract extends HeldContract {
  /** Whether it was the last bundle of the vehicle's default contract: the vehicle has no default now. */
  readonly wasDefault: boolean
  /** Whether no other bundle holds its certificate. */
  readonly isReleased: boolean
}

/**
 * Erases bundles, encrypted keys and all, and keeps the record of certificates that no other bundle holds. Inside a
 * transaction only, and before the provisioning certificate goes; whose certificates are to be revoked, and who is told,
 * is for the caller to see to.
 */
export async function removeContracts(
  contracts: ContractStore,
  selection: ContractSelection & { readonly pcidKey: string },
  removedAtMs: number,
): Promise<readonly RemovedContract[]> {
  const removed = await contracts.remove(selection)
  const left = await contracts.find({ pcidKey: selection.pcidKey })
  const fates = removed.map((contract) => ({
    ...contract,
    wasDefault: contract.isDefault && !left.some((other) => isSameContract(other, contract)),
    isReleased: !left.some((other) => equalBytes(other.contractCertificate, contract.contractCertificate)),
  }))
  for (const contract of fates)
    if (contract.isReleased) await contracts.bury(tombstoneOf(contract, removedAtMs))
  return fates
}

/** What is kept of a contract whose certificate no bundle holds any more. */
export function tombstoneOf(
  { emaid, contractCertificate }: Pick<HeldContract, 'emaid' | 'contractCertificate'>,
  removedAtMs: number,
): ContractTombstone {
  const certificate = parseCertificate(contractCertificate)
  return {
    emaidSha256: createHash('sha256').update(emaid.key).digest('hex'),
    certificateSha256: certificate.fingerprintSha256Hex,
    serialNumberHex: certificate.serialNumberHex,
    certificate: contractCertificate,
    validToMs: certificate.validToMs,
    removedAtMs,
  }
}

function isSameContract(a: HeldContract, b: HeldContract): boolean {
  return a.emaid.key === b.emaid.key && a.namespace === b.namespace
}
