import type { Root } from '../rcp/root-pool.ts'
import type { EventContract } from '../webhooks/events.ts'
import type { HeldContract } from './contract-store.ts'

/** A contract as its parties are told of it; `roots` are those of the RCP, which know the names. */
export function eventContractOf(
  contract: Pick<HeldContract, 'emaid' | 'pcid' | 'namespace' | 'rootFingerprint' | 'contractCertificate'> & {
    readonly wasDefault?: boolean
  },
  roots: readonly Root[],
): EventContract {
  const { emaid, pcid, namespace, rootFingerprint: fingerprint, contractCertificate } = contract
  const root = roots.find(({ certificate }) => certificate.fingerprintSha256Hex === fingerprint)
  return {
    emaid,
    pcid,
    namespace,
    contractCertificate,
    // One that has left the RCP has no name any more.
    cpsSignerRoot: { fingerprint, commonName: root?.certificate.commonName ?? '' },
    signatureAlgorithm: 'secp256r1',
    ...(contract.wasDefault === true && { defaultContract: true }),
  }
}
