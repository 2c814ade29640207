import type { Clock, RandomBytes } from '#base'
import type { Reach } from '#opcp'
import type { Certificate, RevocationReason } from '#pki'

import { auditEntry } from '../audit/audit-record.ts'
import type { Actor, Caller } from '../http/caller.ts'
import { PoolError } from '../pool-error.ts'
import type { Storage } from '../storage-port.ts'
import { readEndEntityName } from './end-entity-name.ts'
import type { OperatorCa, OperatorCas } from './operator-ca.ts'

interface Parts {
  readonly cas: OperatorCas
  readonly storage: Storage
  readonly clock: Clock
  readonly random: RandomBytes
}

/** Revokes what the operator CAs have issued. */
export class RevocationService {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /**
   * Revokes a certificate for ever. Doing it again changes neither time nor reason.
   *
   * @throws {PoolError} ERR_EST_CERTIFICATE_UNKNOWN when no CA here has issued it, ERR_POOL_NOT_OWNER
   */
  async revoke(
    certificate: Certificate,
    { reason, caller, reach, by }: { reason: RevocationReason; caller: Caller; reach: Reach; by: Actor },
  ): Promise<void> {
    const { cas, storage, clock, random } = this.#parts
    const ca = cas.all.find((candidate) => candidate.hasIssued(certificate))
    if (ca === undefined) throw unknownCertificate()
    requireOwner(ca, certificate, { caller, reach })
    const name = { issuerKeySha256: ca.keySha256, serialNumberHex: certificate.serialNumberHex }
    // The name of a signing service says nothing about its owner; the records do.
    const { issued } = storage.stores
    if (reach === 'own' && ca.kind === 'cps' && (await issued.find(name))?.requester !== caller.clientId)
      throw new PoolError('ERR_POOL_NOT_OWNER', 'The certificate belongs to another client.')
    const revocation = { revokedAtMs: clock(), reason }
    const revoked = await storage.transaction(async (unit) => {
      const outcome = await unit.issued.revoke(name, revocation)
      const object = { type: 'certificate', id: certificate.fingerprintSha256Hex } as const
      const entry = auditEntry({ action: 'certificate.revoke', by, object, after: reason }, { clock, random })
      if (outcome !== 'unknown') await unit.audit.append(entry)
      return outcome
    })
    if (revoked === 'unknown') throw unknownCertificate()
  }
}

/** What the certificate alone says, before anything is looked up. */
function requireOwner(
  { kind, edition }: OperatorCa,
  { commonName }: Certificate,
  { caller, reach }: { caller: Caller; reach: Reach },
): void {
  if (reach === 'any') return
  const role = ROLE_OF[kind]
  if (!caller.roles.has(role))
    throw new PoolError('ERR_POOL_NOT_OWNER', `The certificate belongs to a client with the role ${role}.`)
  readEndEntityName(kind, commonName, edition).requireOwner(caller)
}

const ROLE_OF = { cpo: 'CPO', mo: 'MO_HUBJECT_PKI', oem: 'OEM', veh: 'OEM', cps: 'CPS' } as const

function unknownCertificate(): PoolError {
  return new PoolError('ERR_EST_CERTIFICATE_UNKNOWN', 'The certificate was not issued here.')
}
