import type { Clock, RandomBytes } from '#base'

import { auditEntry, type AuditObject } from '../audit/audit-record.ts'
import type { Actor } from '../http/caller.ts'
import type { UnitOfWork } from '../storage-port.ts'

/** Records who changed an entry of the registry, in the transaction of the change and as the last of it. */
export async function recordChange(
  { audit }: UnitOfWork,
  {
    action,
    by,
    object,
    before,
    after,
  }: {
    readonly action: string
    readonly by: Actor
    readonly object: AuditObject
    readonly before?: object
    readonly after: object
  },
  ports: { readonly clock: Clock; readonly random: RandomBytes },
): Promise<void> {
  const states = { before: before && JSON.stringify(before), after: JSON.stringify(after) }
  await audit.append(auditEntry({ action, by, object, ...states }, ports))
}
