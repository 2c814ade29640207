import { equalBytes, type Clock, type RandomBytes } from '#base'
import { parseCertificate } from '#pki'

import { auditEntry, SYSTEM } from '../audit/audit-record.ts'
import { eventContractOf } from '../ccp/contract-events.ts'
import { removeContracts } from '../ccp/contract-removal.ts'
import type { Root, RootPool } from '../rcp/root-pool.ts'
import type { Storage, UnitOfWork } from '../storage-port.ts'
import { contractEvent } from '../webhooks/events.ts'

/** Read at once; each contract is removed in a transaction of its own. */
const BATCH_MAX = 500

interface Parts {
  readonly storage: Storage
  readonly roots: Pick<RootPool, 'list'>
  readonly clock: Clock
  readonly random: RandomBytes
}

/** Removes the contracts whose certificate has expired, and has the makers of the vehicles told. */
export async function sweepExpiredContracts(parts: Parts, signal: AbortSignal): Promise<void> {
  const { storage, clock } = parts
  const roots = await parts.roots.list()
  let afterEmaidKey = ''
  while (!signal.aborted) {
    const page = { beforeMs: clock(), afterEmaidKey, limit: BATCH_MAX }
    const emaidKeys = await storage.stores.contracts.listEnded(page)
    for (const emaidKey of emaidKeys) {
      if (signal.aborted) return
      // A bundle ends with the first of its certificates; with the CPS's alone the contract goes on.
      const hasEnded = (certificate: Uint8Array): boolean => parseCertificate(certificate).validToMs < clock()
      await removeEnded(emaidKey, { ...parts, roots, hasEnded, action: 'contract.expire' })
    }
    const last = emaidKeys.at(-1)
    if (last === undefined) return
    afterEmaidKey = last
  }
}

/** Removes the contracts whose certificate a CA here has revoked, and has the makers of the vehicles told. */
export async function sweepRevokedContracts(parts: Parts, signal: AbortSignal): Promise<void> {
  const roots = await parts.roots.list()
  let afterEmaidKey = ''
  while (!signal.aborted) {
    const page = { afterEmaidKey, limit: BATCH_MAX }
    const revoked = await parts.storage.stores.contracts.listRevoked(page)
    for (const { emaidKey, contractCertificate } of revoked) {
      if (signal.aborted) return
      const hasEnded = (certificate: Uint8Array): boolean => equalBytes(certificate, contractCertificate)
      await removeEnded(emaidKey, { ...parts, roots, hasEnded, action: 'contract.revoke' })
    }
    const last = revoked.at(-1)
    if (last === undefined) return
    afterEmaidKey = last.emaidKey
  }
}

async function removeEnded(
  emaidKey: string,
  {
    storage,
    roots,
    clock,
    random,
    hasEnded,
    action,
  }: Omit<Parts, 'roots'> & {
    readonly roots: readonly Root[]
    readonly hasEnded: (contractCertificate: Uint8Array) => boolean
    readonly action: string
  },
): Promise<void> {
  const pcidKey = await storage.stores.contracts.vehicleOf(emaidKey)
  if (pcidKey === undefined) return
  await storage.transaction(async (unit: UnitOfWork) => {
    await unit.vehicles.lock(pcidKey)
    const nowMs = clock()
    const held = await unit.contracts.find({ emaidKey, pcidKey })
    const ended = held.filter(({ contractCertificate }) => hasEnded(contractCertificate))
    for (const { namespace, rootFingerprint } of ended) {
      const which = { emaidKey, pcidKey, namespace, rootFingerprint }
      for (const gone of await removeContracts(unit.contracts, which, nowMs)) {
        const event = eventContractOf(gone, roots)
        await unit.outbox.publish(contractEvent('oem.contract.deleted', event, { clock, random }))
        const object = { type: 'contract', id: emaidKey } as const
        const what = { action, by: SYSTEM, object, before: gone.contractCertificate }
        await unit.audit.append(auditEntry(what, { clock, random }))
      }
    }
  })
}
