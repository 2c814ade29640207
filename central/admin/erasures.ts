import type { Clock, RandomBytes } from '#base'

import { auditEntry, type AuditObject } from '../audit/audit-record.ts'
import type { Actor } from '../http/caller.ts'
import type { Storage, UnitOfWork } from '../storage-port.ts'
import type { Subject } from './erasure-store.ts'

/** Kinds of certificates that have a PCID or an EMAID as their name, by which they may be registered. */
const KINDS = ['mo', 'oem', 'veh'] as const

interface Parts {
  readonly storage: Storage
  readonly clock: Clock
  readonly random: RandomBytes
}

/**
 * Erases all that names a contract or a vehicle, with the contracts of the vehicle, in one transaction. The audit chain
 * stays whole, and nobody can tell any more which of its records are about them. Nobody is told, as an event names what it
 * is about: where MO and OEM are to hear of it, it has to be deleted as OPCP has it before. What is not there is no error.
 */
export async function eraseSubject(subject: Subject, by: Actor, parts: Parts): Promise<void> {
  const { emaidKey, pcidKey } = { emaidKey: undefined, pcidKey: undefined, ...subject }
  const vehicle = pcidKey ?? (await parts.storage.stores.contracts.vehicleOf(emaidKey ?? ''))
  await parts.storage.transaction(async (unit) => {
    const subjects = [subject]
    if (vehicle !== undefined) {
      await unit.vehicles.lock(vehicle)
      const removed = await unit.contracts.remove({ pcidKey: vehicle, emaidKey })
      const ended = new Set(removed.map(({ emaid }) => emaid.key))
      for (const key of ended) if (key !== emaidKey) subjects.push({ emaidKey: key })
    }
    if (pcidKey !== undefined)
      for (const entry of await unit.vehicles.list(pcidKey)) await unit.vehicles.remove(entry)
    const nowMs = parts.clock()
    for (const each of subjects) {
      await unit.erasure.erase(each, nowMs)
      await unit.outbox.erase(each, nowMs)
    }
    // The last that is locked.
    for (const each of subjects) await recordErasure(unit, each, by, parts)
  })
}

async function recordErasure(unit: UnitOfWork, subject: Subject, by: Actor, ports: Parts): Promise<void> {
  const object: AuditObject =
    'emaidKey' in subject
      ? { type: 'contract', id: subject.emaidKey }
      : { type: 'vehicle', id: subject.pcidKey }
  await unit.audit.append(auditEntry({ action: `${object.type}.erase`, by, object }, ports))
  await unit.audit.forget(object)
  for (const kind of KINDS) await unit.audit.forget({ type: 'end-entity', id: `${kind}:${object.id}` })
}
