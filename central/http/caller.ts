import type { Operation, Reach } from '#opcp'

import { PoolError } from '../pool-error.ts'

/** Who calls, as its token says. Identifiers are in upper case. */
export interface Caller {
  readonly clientId: string
  /** The company the client belongs to. */
  readonly participantId: string
  readonly roles: ReadonlySet<string>
  readonly permissions: ReadonlySet<string>
  /** World manufacturer identifiers (3 characters): the vehicles of an OEM. */
  readonly wmis: ReadonlySet<string>
  /** Country and provider (5 characters): the contracts of an MO. */
  readonly providerIds: ReadonlySet<string>
  /** Country and operator (5 characters): the charge points of a CPO. */
  readonly operatorIds: ReadonlySet<string>
}

/** Who does something, for what is recorded about it. */
export interface Actor {
  readonly clientId: string
  readonly participantId: string
  readonly roles: readonly string[]
  readonly sourceIp: string
  readonly traceId: string
}

/** What an operation asks of its caller. */
export type Access = Pick<Operation, 'scope' | 'otherScopes' | 'roles'>

/**
 * How far the caller reaches in an operation: the widest of its roles counts.
 *
 * @throws {PoolError} ERR_POOL_SCOPE, then ERR_POOL_ROLE
 */
export function reachOf(caller: Caller, operation: Access): Reach {
  const { scope, otherScopes = [] } = operation
  if (![scope, ...otherScopes].some((permission) => caller.permissions.has(permission)))
    throw new PoolError('ERR_POOL_SCOPE', `The token has no permission ${scope}.`)
  const reaches = Object.entries(operation.roles).filter(([role]) => caller.roles.has(role))
  if (reaches.length === 0)
    throw new PoolError('ERR_POOL_ROLE', `Requires a role of: ${rolesOf(operation).join(', ')}.`)
  return reaches.some(([, reach]) => reach === 'any') ? 'any' : 'own'
}

/** Decided from the identifier alone, before anything is looked up. @throws {PoolError} ERR_POOL_NOT_OWNER */
export function requireOwnWmi(caller: Caller, pcid: { readonly wmi: string }): void {
  if (!caller.wmis.has(pcid.wmi))
    throw new PoolError('ERR_POOL_NOT_OWNER', `The WMI ${pcid.wmi} does not belong to this client.`)
}

/** Decided from the identifier alone, before anything is looked up. @throws {PoolError} ERR_POOL_NOT_OWNER */
export function requireOwnProvider(caller: Caller, emaid: { readonly providerId: string }): void {
  if (!caller.providerIds.has(emaid.providerId))
    throw new PoolError(
      'ERR_POOL_NOT_OWNER',
      `The provider id ${emaid.providerId} does not belong to this client.`,
    )
}

/** Decided from the identifier alone, before anything is looked up. @throws {PoolError} ERR_POOL_NOT_OWNER */
export function requireOwnOperator(caller: Caller, { operatorId }: { readonly operatorId: string }): void {
  if (!caller.operatorIds.has(operatorId))
    throw new PoolError('ERR_POOL_NOT_OWNER', `The operator id ${operatorId} does not belong to this client.`)
}

function rolesOf(operation: Access): readonly string[] {
  return Object.keys(operation.roles)
}
