import type { CentralConfig } from '../config.ts'
import type { ContractAuthority } from '../cps/provisioning-service.ts'
import { CentralError } from '../start-error.ts'
import type { Issuance } from './issuance.ts'
import { PROVISIONING_REQUESTER } from './issued-store.ts'
import type { OperatorCa, OperatorCas } from './operator-ca.ts'

/**
 * The operator CA that the config names for contracts; `undefined` when it names none.
 *
 * @throws {CentralError} ERR_CENTRAL_CONTRACT_AUTHORITY when there is no such CA, or it cannot issue contracts of ISO 15118-2
 */
export function contractCaOf(
  { mo: { contractAuthority: name } }: Pick<CentralConfig, 'mo'>,
  { all }: OperatorCas,
): OperatorCa | undefined {
  if (name === undefined) return undefined
  const ca = all.find((each) => each.name === name)
  if (ca === undefined) throw refused(name, 'names none of operatorCas')
  if (ca.kind !== 'mo') throw refused(name, `names a CA of kind ${ca.kind}, must be mo`)
  if (ca.retired) throw refused(name, 'names a CA that is retired')
  if (ca.edition !== 'iso2') throw refused(name, 'names a CA for ISO 15118-20, contracts are of ISO 15118-2')
  return ca
}

/** The CA as the CPS uses it: contracts are among its records, and can be revoked and asked for as all that it issues. */
export function contractAuthorityOf(ca: OperatorCa, issuance: Issuance): ContractAuthority {
  return {
    certificate: ca.certificate,
    chain: ca.chain,
    issue: (order) => issuance.record({ ...order, ca, requester: PROVISIONING_REQUESTER }),
  }
}

function refused(name: string, why: string): CentralError {
  return new CentralError('ERR_CENTRAL_CONTRACT_AUTHORITY', `mo.contractAuthority: ${name} ${why}`)
}
