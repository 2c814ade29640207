import { base64FromBytes } from '#base'
import { ISO2_NAMESPACE } from '#opcp'
import type { Certificate } from '#pki'

import type { Root } from '../rcp/root-pool.ts'
import { timestamp } from '../wire-text.ts'
import type { CpsSigner } from './cps-signer.ts'
import type { CpsSigners } from './cps-signers.ts'

/**
 * The signers as `GET /cps/signer` lists them: those in use and those that will be, so that everybody has the next one
 * before anything is signed with it. Each under the names of the schema and under those of its example (A32); `roots`,
 * those of the RCP, have the ids.
 */
export function publishedSigners(signers: CpsSigners, roots: readonly Root[]): readonly object[] {
  return signers
    .status()
    .filter(({ state }) => state !== 'RETIRED')
    .map(({ signer }) => publishedSigner(signer, roots))
}

function publishedSigner(
  { leaf, subCertificates, root, usableFromMs, usableUntilMs }: CpsSigner,
  roots: readonly Root[],
): object {
  const known = roots.find(({ rootType, certificate }) => rootType === 'V2G' && certificate.equals(root))
  // On the wire sub CA 1 is the one next to the root.
  const [subCa1, subCa2] = subCertificates.toReversed()
  return {
    cpsDistinguishedName: leaf.distinguishedName,
    cpsCertificate: base64FromBytes(leaf.der),
    // When it is used, which lies inside the validity of the certificate.
    validFrom: timestamp(usableFromMs),
    validTo: timestamp(usableUntilMs),
    organizationName: leaf.organizationName ?? '',
    cpsV2GRootCertificateFingerprint: root.fingerprintSha256Hex,
    cpsRootDistinguishedName: root.distinguishedName,
    ...(known !== undefined && { cpsRootCertificateId: known.id }),
    ...namesOf('1', subCa1),
    ...namesOf('2', subCa2),
    xsdMsgDefNamespace: ISO2_NAMESPACE,
  }
}

function namesOf(level: '1' | '2', certificate: Certificate | undefined): object {
  if (certificate === undefined) return {}
  const text = base64FromBytes(certificate.der)
  return { [`cpsSubCa${level}Certificate`]: text, [`cpsCa${level}Certificate`]: text }
}
