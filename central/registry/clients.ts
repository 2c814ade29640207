import type { Clock, RandomBytes } from '#base'
import type { Role } from '#opcp'

import { SYSTEM } from '../audit/audit-record.ts'
import type { Actor } from '../http/caller.ts'
import { uuidOf } from '../http/uuid.ts'
import { PoolError } from '../pool-error.ts'
import type { Storage, UnitOfWork } from '../storage-port.ts'
import { newSecret, secretHash } from './client-secret.ts'
import { ADMINISTRATION, clientFamilyOf, type Permission, type RegisteredClient } from './client.ts'
import {
  canonicalIdentifiers,
  difference,
  identifierList,
  identifierText,
  type Identifiers,
} from './identifiers.ts'
import { identifiersOfFamily } from './participant.ts'
import { changedMeanwhile, participantIn, requireNoAdministrator } from './participants.ts'
import { recordChange } from './record-change.ts'
import type { RegistryStore } from './registry-store.ts'

/** What administrators decide about a client. */
export interface ClientTerms {
  readonly name: string
  readonly person: string | undefined
  readonly roles: readonly Role[]
  readonly permissions: readonly Permission[]
  readonly limitedTo: Partial<Identifiers>
  readonly notBeforeMs: number | undefined
  readonly notAfterMs: number | undefined
}

/** A client whose secret was just made: it is given out here and nowhere else. */
export interface NewSecret {
  readonly client: RegisteredClient
  readonly secret: string
}

export interface ClientsOptions {
  readonly storage: Storage
  readonly clock: Clock
  readonly random: RandomBytes
}

/** The clients of the participants, as the administrators decide. */
export class Clients {
  readonly #storage: Storage
  readonly #clock: Clock
  readonly #random: RandomBytes

  constructor({ storage, clock, random }: ClientsOptions) {
    this.#storage = storage
    this.#clock = clock
    this.#random = random
  }

  list(participantId?: string): Promise<readonly RegisteredClient[]> {
    return this.#storage.stores.registry.listClients(participantId)
  }

  /** @throws {PoolError} ERR_REGISTRY_NOT_FOUND */
  get(clientId: string): Promise<RegisteredClient> {
    return clientIn(this.#storage.stores.registry, clientId)
  }

  /** Without an id it gets a UUID. @throws {PoolError} ERR_REGISTRY_NOT_FOUND, ERR_REGISTRY_TAKEN, ERR_REGISTRY_REFUSED */
  create(
    terms: ClientTerms & { readonly participantId: string; readonly clientId: string | undefined },
    by: Actor = SYSTEM,
  ): Promise<NewSecret> {
    const clientId = terms.clientId ?? uuidOf(this.#random)
    const secret = newSecret(this.#random)
    const createdAtMs = this.#clock()
    return this.#storage.transaction(async (unit) => {
      const { registry } = unit
      await participantIn(registry, terms.participantId)
      const client: RegisteredClient = {
        ...terms,
        limitedTo: canonicalLimits(terms.limitedTo),
        clientId,
        state: 'ACTIVE',
        secret: { current: secretHash(secret), previous: undefined },
        generation: 0,
        lastUsedAtMs: undefined,
        source: 'admin',
        version: 1,
        createdAtMs,
      }
      await requireRights(client, registry)
      if ((await registry.addClient(client)) === 'taken')
        throw new PoolError('ERR_REGISTRY_TAKEN', `The client id ${clientId} has been given out.`)
      await this.#record(unit, { action: 'client.create', by, after: client })
      return { client, secret }
    })
  }

  /** @throws {PoolError} ERR_REGISTRY_NOT_FOUND, ERR_REGISTRY_REFUSED, ERR_REGISTRY_STATE, ERR_REGISTRY_CHANGED */
  change(clientId: string, changes: Partial<ClientTerms>, by: Actor = SYSTEM): Promise<RegisteredClient> {
    return this.#storage.transaction(async (unit) => {
      const { registry } = unit
      const before = await usableClientIn(registry, clientId)
      const after = { ...before, ...changes, version: before.version + 1 }
      const client = { ...after, limitedTo: canonicalLimits(after.limitedTo) }
      await requireRights(client, registry)
      await changeIn(registry, client)
      await this.#record(unit, { action: 'client.change', by, before, after: client })
      return client
    })
  }

  /**
   * Makes another secret. That of before counts for `overlapMs` longer; without an overlap it ends now, and the tokens it
   * has brought with it.
   *
   * @throws {PoolError} ERR_REGISTRY_NOT_FOUND, ERR_REGISTRY_STATE, ERR_REGISTRY_CHANGED
   */
  rotate(clientId: string, overlapMs: number, by: Actor = SYSTEM): Promise<NewSecret> {
    const secret = newSecret(this.#random)
    const untilMs = this.#clock() + overlapMs
    return this.#storage.transaction(async (unit) => {
      const { registry } = unit
      const before = await usableClientIn(registry, clientId)
      if (before.secret === undefined) throw new TypeError('a client of the registry has a secret')
      const previous = overlapMs > 0 ? { hash: before.secret.current, untilMs } : undefined
      const client = await changeIn(registry, {
        ...before,
        secret: { current: secretHash(secret), previous },
        generation: overlapMs > 0 ? before.generation : before.generation + 1,
        version: before.version + 1,
      })
      await this.#record(unit, { action: 'client.rotate', by, before, after: client })
      return { client, secret }
    })
  }

  /**
   * Ends a client for ever, also one of the config file. Revoking it again changes nothing.
   *
   * @throws {PoolError} ERR_REGISTRY_NOT_FOUND, ERR_REGISTRY_CHANGED
   */
  revoke(clientId: string, by: Actor = SYSTEM): Promise<RegisteredClient> {
    return this.#storage.transaction(async (unit) => {
      const { registry } = unit
      const before = await clientIn(registry, clientId)
      if (before.state === 'REVOKED') return before
      const after = await changeIn(registry, { ...before, state: 'REVOKED', version: before.version + 1 })
      await this.#record(unit, { action: 'client.revoke', by, before, after })
      return after
    })
  }

  #record(
    unit: UnitOfWork,
    change: {
      readonly action: string
      readonly by: Actor
      readonly before?: RegisteredClient
      readonly after: RegisteredClient
    },
  ): Promise<void> {
    const object = { type: 'client', id: change.after.clientId } as const
    return recordChange(unit, { ...change, object }, { clock: this.#clock, random: this.#random })
  }
}

async function clientIn(registry: RegistryStore, clientId: string): Promise<RegisteredClient> {
  const client = await registry.findClient(clientId)
  if (client !== undefined) return client
  throw new PoolError('ERR_REGISTRY_NOT_FOUND', `There is no client ${clientId}.`)
}

async function usableClientIn(registry: RegistryStore, clientId: string): Promise<RegisteredClient> {
  const client = await clientIn(registry, clientId)
  if (client.state === 'REVOKED')
    throw new PoolError('ERR_REGISTRY_STATE', `The client ${clientId} is revoked.`)
  if (client.source === 'config')
    throw new PoolError('ERR_REGISTRY_STATE', `The client ${clientId} is kept in the config file.`)
  return client
}

async function changeIn(registry: RegistryStore, client: RegisteredClient): Promise<RegisteredClient> {
  if ((await registry.changeClient(client)) === 'moved') throw changedMeanwhile(client.clientId)
  return client
}

/** Never more than the participant's. */
async function requireRights(client: RegisteredClient, registry: RegistryStore): Promise<void> {
  requireNoAdministrator(client.roles)
  if (client.permissions.includes(ADMINISTRATION)) requireNoAdministrator(['ADMIN'])
  const family = await clientFamilyOf(client, registry)
  const { participantId, state, roles } = family.participant
  if (state === 'CLOSED')
    throw new PoolError('ERR_REGISTRY_STATE', `The participant ${participantId} is CLOSED.`)
  const role = client.roles.find((each) => !roles.includes(each))
  if (role !== undefined)
    throw new PoolError('ERR_REGISTRY_REFUSED', `The participant ${participantId} has no role ${role}.`)
  const [foreign] = identifierList(
    difference(canonicalIdentifiers(client.limitedTo), identifiersOfFamily(family)),
  )
  if (foreign !== undefined)
    throw new PoolError(
      'ERR_REGISTRY_REFUSED',
      `The ${identifierText(foreign)} does not belong to the participant ${participantId}.`,
    )
  const { notBeforeMs = -Infinity, notAfterMs = Infinity } = client
  if (notBeforeMs >= notAfterMs)
    throw new PoolError('ERR_REGISTRY_REFUSED', 'The client ends before it begins.')
}

/** In upper case; kinds that are left out stay so. */
function canonicalLimits(limitedTo: Partial<Identifiers>): Partial<Identifiers> {
  const all = canonicalIdentifiers(limitedTo)
  return {
    ...(limitedTo.wmis !== undefined && { wmis: all.wmis }),
    ...(limitedTo.providerIds !== undefined && { providerIds: all.providerIds }),
    ...(limitedTo.operatorIds !== undefined && { operatorIds: all.operatorIds }),
  }
}
