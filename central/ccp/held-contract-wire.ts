import { base64FromBytes } from '#base'
import { parseCertificate } from '#pki'

import type { Root } from '../rcp/root-pool.ts'
import { timestamp } from '../wire-text.ts'
import type { HeldContract } from './contract-store.ts'

/**
 * Contracts as lookups list them, with the members that older clients read beside those of the schema (opcp-digest A36).
 * `roots` are those of the RCP; of one that has left it, name and id are not known any more.
 */
export function listedContracts(
  contracts: readonly HeldContract[],
  roots: readonly Root[],
): readonly object[] {
  const sorted = contracts.toSorted((a, b) => Number(b.isDefault) - Number(a.isDefault))
  const emaids = [...new Set(sorted.filter(({ isDefault }) => !isDefault).map(({ emaid }) => emaid.key))]
  return sorted.map((contract) => ({
    ...listedContract(contract, roots),
    // 1 is the default, and nothing else is.
    priority: contract.isDefault ? 1 : 2 + emaids.indexOf(contract.emaid.key),
  }))
}

function listedContract(
  { pcid, emaid, namespace, contractCertificate, isDefault, rootFingerprint }: HeldContract,
  roots: readonly Root[],
): object {
  const certificate = parseCertificate(contractCertificate)
  const root = roots.find((each) => each.certificate.fingerprintSha256Hex === rootFingerprint)
  const rootName = root?.certificate.distinguishedName ?? ''
  return {
    pcid,
    emaid: emaid.asIssued,
    xsdMsgDefNamespace: namespace,
    contractCertificate: base64FromBytes(contractCertificate),
    defaultContract: isDefault,
    certValidFrom: timestamp(certificate.validFromMs),
    certValidTo: timestamp(certificate.validToMs),
    cpsRootCertificateDN: rootName,
    cpsRootDistinguishedName: rootName,
    cpsV2GRootCertificateFingerprint: rootFingerprint,
    ...(root !== undefined && { cpsRootCertificateId: root.id }),
  }
}
