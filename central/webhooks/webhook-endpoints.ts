import { codeOf, type Clock, type RandomBytes } from '#base'
import type { EndpointRequest } from '#opcp'

import { auditEntry } from '../audit/audit-record.ts'
import type { Actor, Caller } from '../http/caller.ts'
import { uuidOf } from '../http/uuid.ts'
import { PoolError } from '../pool-error.ts'
import type { Storage, UnitOfWork } from '../storage-port.ts'
import {
  requireDescription,
  requireEvents,
  requireMetadata,
  requireStatus,
  requireWmiFilter,
  type EndpointUrlRule,
} from './endpoint-rules.ts'
import { mapSecrets, newSecret, OVERLAP_DEFAULT_MS, rotated } from './endpoint-secrets.ts'
import type { StoredEndpoint } from './endpoint-store.ts'
import type { Endpoint, EndpointOwner } from './endpoint.ts'
import type { DeadLetter } from './outbox-store.ts'
import type { SecretSealer } from './secret-sealer.ts'

/** Each costs a row per event. */
const ENDPOINTS_MAX = 50
/** Those of years of trouble; the rest comes with the next call. */
const DEAD_LETTERS_MAX = 1_000
/** Of two who change an endpoint at the same time one begins again. */
const CHANGE_ATTEMPTS_MAX = 5

/** As ids are written. */
const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/

export type OpenEndpoint = Endpoint<string>

interface Parts {
  readonly storage: Storage
  readonly sealer: SecretSealer
  readonly urls: EndpointUrlRule
  readonly clock: Clock
  readonly random: RandomBytes
}

/** The endpoints of participants. Somebody else's is unknown. */
export class WebhookEndpoints {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** @throws {PoolError} ERR_POOL_BODY, ERR_POOL_FIELD, ERR_POOL_NOT_OWNER, ERR_WEBHOOK_TOO_MANY */
  async create(request: EndpointRequest, caller: Caller, by: Actor): Promise<OpenEndpoint> {
    const { storage, sealer, urls, clock, random } = this.#parts
    const events = request.enabledEvents ?? request.events
    if (events === undefined) throw new PoolError('ERR_POOL_BODY', 'enabledEvents : must not be null')
    const members = readMembers({ metadata: {}, ...request, enabledEvents: events }, caller)
    const url = await urls.require(request.url)
    const id = uuidOf(random)
    const secret = newSecret(random)
    const endpoint = await storage.transaction(async (unit) => {
      if ((await unit.endpoints.list(caller.participantId)).length >= ENDPOINTS_MAX)
        throw new PoolError('ERR_WEBHOOK_TOO_MANY', `A participant has at most ${ENDPOINTS_MAX} endpoints.`)
      const added: StoredEndpoint = {
        enabledEvents: events,
        description: undefined,
        metadata: {},
        wmiFilter: [],
        status: 'ENABLED',
        ...members,
        id,
        url,
        owner: await ownerOf(unit, caller),
        secrets: { current: sealer.seal(secret, id), previous: undefined },
        createdAtMs: clock(),
        version: 1,
      }
      await unit.endpoints.add(added)
      await this.#record(unit, { action: 'endpoint.create', by, id, after: added })
      return added
    })
    return this.#opened(endpoint)
  }

  /** With its secrets. @throws {PoolError} ERR_WEBHOOK_NOT_FOUND */
  async get(id: string, caller: Caller): Promise<OpenEndpoint> {
    return this.#opened(await find(this.#parts.storage.stores, id, caller))
  }

  async list({ participantId }: Caller): Promise<readonly Endpoint<unknown>[]> {
    return await this.#parts.storage.stores.endpoints.list(participantId)
  }

  /** What the request does not name stays. @throws {PoolError} ERR_POOL_FIELD, ERR_POOL_NOT_OWNER, ERR_WEBHOOK_NOT_FOUND */
  async change(id: string, request: EndpointRequest, caller: Caller, by: Actor): Promise<OpenEndpoint> {
    const members = readMembers(
      { ...request, enabledEvents: request.enabledEvents ?? request.events },
      caller,
    )
    await find(this.#parts.storage.stores, id, caller)
    const url = await this.#parts.urls.require(request.url)
    return await this.#change(id, { caller, by, action: 'endpoint.change' }, async (endpoint, unit) => ({
      ...endpoint,
      ...members,
      url,
      owner: await ownerOf(unit, caller),
    }))
  }

  /** Gives a new secret; the former one signs for `overlapMs` more. @throws {PoolError} ERR_WEBHOOK_NOT_FOUND */
  async rotateSecret(
    id: string,
    { caller, by }: { readonly caller: Caller; readonly by: Actor },
    overlapMs: number = OVERLAP_DEFAULT_MS,
  ): Promise<OpenEndpoint> {
    const { sealer, clock, random } = this.#parts
    const next = sealer.seal(newSecret(random), id)
    return await this.#change(id, { caller, by, action: 'endpoint.rotate' }, async (endpoint) => ({
      ...endpoint,
      // What no key opens signs nothing any more.
      secrets: rotated(endpoint.secrets, {
        next,
        overlapMs: sealer.opens(endpoint.secrets.current, id) ? overlapMs : 0,
        nowMs: clock(),
      }),
    }))
  }

  /** @throws {PoolError} ERR_WEBHOOK_NOT_FOUND */
  async delete(id: string, caller: Caller, by: Actor): Promise<void> {
    await this.#parts.storage.transaction(async (unit) => {
      const before = await find(unit, id, caller)
      await unit.endpoints.delete(id)
      await this.#record(unit, { action: 'endpoint.delete', by, id, before })
    })
  }

  /** @throws {PoolError} ERR_WEBHOOK_NOT_FOUND */
  async deadLetters(id: string, caller: Caller): Promise<readonly DeadLetter[]> {
    const { stores } = this.#parts.storage
    await find(stores, id, caller)
    return await stores.outbox.deadLetters(id, DEAD_LETTERS_MAX)
  }

  /** Without `eventIds`, all dead letters. Says how many. @throws {PoolError} ERR_WEBHOOK_NOT_FOUND */
  async redeliver(id: string, caller: Caller, eventIds: readonly string[] | undefined): Promise<number> {
    const nowMs = this.#parts.clock()
    return await this.#parts.storage.transaction(async (unit) => {
      await find(unit, id, caller)
      return await unit.outbox.redeliver(id, { eventIds, nowMs, limit: DEAD_LETTERS_MAX })
    })
  }

  /**
   * Seals again what was sealed with a key that is about to be given up; to be called at the start. Says how many
   * endpoints that were, and whose secrets no key opens: their owners have to rotate them.
   */
  async resealAll(): Promise<{ readonly resealed: number; readonly lost: readonly string[] }> {
    const { storage, sealer } = this.#parts
    const lost: string[] = []
    let resealed = 0
    for (const endpoint of await storage.stores.endpoints.list()) {
      const { current, previous } = endpoint.secrets
      if (
        [current, ...(previous === undefined ? [] : [previous.secret])].every((each) =>
          sealer.isCurrent(each),
        )
      )
        continue
      try {
        const seal = (secret: Uint8Array): Uint8Array =>
          sealer.seal(sealer.open(secret, endpoint.id), endpoint.id)
        const secrets = mapSecrets(endpoint.secrets, seal)
        // One that its owner changes at this moment is left to the next start.
        await storage.transaction((unit) =>
          unit.endpoints.change({ ...endpoint, secrets, version: endpoint.version + 1 }),
        )
        resealed++
      } catch (error) {
        if (codeOf(error) !== 'ERR_CENTRAL_SEALED') throw error
        lost.push(endpoint.id)
      }
    }
    return { resealed, lost }
  }

  async #change(
    id: string,
    { caller, by, action }: { readonly caller: Caller; readonly by: Actor; readonly action: string },
    changed: (endpoint: StoredEndpoint, unit: UnitOfWork) => Promise<StoredEndpoint>,
  ): Promise<OpenEndpoint> {
    for (let attempt = 0; attempt < CHANGE_ATTEMPTS_MAX; attempt++) {
      const result = await this.#parts.storage.transaction(async (unit) => {
        const endpoint = await find(unit, id, caller)
        const next = { ...(await changed(endpoint, unit)), version: endpoint.version + 1 }
        if ((await unit.endpoints.change(next)) !== 'changed') return undefined
        await this.#record(unit, { action, by, id, before: endpoint, after: next })
        return next
      })
      if (result !== undefined) return this.#opened(result)
    }
    throw new PoolError('ERR_WEBHOOK_CHANGED', 'The endpoint is being changed by others.')
  }

  /** The secrets are sealed in what is hashed, and the record holds the hashes alone. */
  async #record(
    { audit }: UnitOfWork,
    {
      action,
      by,
      id,
      before,
      after,
    }: {
      readonly action: string
      readonly by: Actor
      readonly id: string
      readonly before?: StoredEndpoint
      readonly after?: StoredEndpoint
    },
  ): Promise<void> {
    const states = { before: before && JSON.stringify(before), after: after && JSON.stringify(after) }
    await audit.append(auditEntry({ action, by, object: { type: 'endpoint', id }, ...states }, this.#parts))
  }

  #opened(endpoint: StoredEndpoint): OpenEndpoint {
    const open = (secret: Uint8Array): string => this.#parts.sealer.open(secret, endpoint.id)
    return { ...endpoint, secrets: mapSecrets(endpoint.secrets, open) }
  }
}

async function find(
  { endpoints }: Pick<UnitOfWork, 'endpoints'>,
  id: string,
  { participantId }: Caller,
): Promise<StoredEndpoint> {
  const endpoint = UUID.test(id) ? await endpoints.find(id) : undefined
  if (endpoint === undefined || endpoint.owner.participantId !== participantId)
    throw new PoolError('ERR_WEBHOOK_NOT_FOUND', 'Webhook endpoint with the given ID is not found')
  return endpoint
}

/** The members that are there, checked. */
function readMembers(
  request: Omit<EndpointRequest, 'enabledEvents'> & { readonly enabledEvents: readonly string[] | undefined },
  caller: Caller,
): Partial<Pick<StoredEndpoint, 'enabledEvents' | 'description' | 'metadata' | 'status' | 'wmiFilter'>> {
  const { enabledEvents, description, metadata, status, wmi } = request
  if (metadata !== undefined) requireMetadata(metadata)
  return {
    ...(enabledEvents !== undefined && { enabledEvents: requireEvents(enabledEvents, caller) }),
    ...(description !== undefined && { description: requireDescription(description) }),
    ...(metadata !== undefined && { metadata }),
    ...(status !== undefined && { status: requireStatus(status) }),
    ...(wmi !== undefined && { wmiFilter: requireWmiFilter(wmi, caller) }),
  }
}

async function ownerOf({ registry }: UnitOfWork, caller: Caller): Promise<EndpointOwner> {
  const { participantId, roles, wmis, providerIds } = caller
  const participant = await registry.findParticipant(participantId)
  return {
    participantId,
    name: participant?.name ?? '',
    roles: [...roles],
    wmis: [...wmis],
    providerIds: [...providerIds],
  }
}
