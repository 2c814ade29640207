import type { Clock } from '#base'

import { isSecret } from './client-secret.ts'
import {
  accessOf,
  clientFamilyOf,
  type ClientAccess,
  type ClientFamily,
  type SecretHashes,
} from './client.ts'
import type { RegistryStore } from './registry-store.ts'

/** How long a client that was revoked or limited may still act here as before. */
const ACCESS_AGE_MAX_MS = 2_000
/** More clients than a pool has that are at work in the same seconds; beyond it all are read again. */
const CLIENTS_MAX = 10_000

interface Known {
  readonly readAtMs: number
  readonly family: Promise<ClientFamily | undefined>
  access?: ClientAccess | undefined
}

/** Who may ask for tokens, and what each client may do now: what the registry says, within two seconds. */
export class ClientDirectory {
  readonly #store: RegistryStore
  readonly #clock: Clock
  readonly #known = new Map<string, Known>()
  #configSecrets: ReadonlyMap<string, SecretHashes>

  /** `configSecrets`: of the clients of the config, which the store does not have. */
  constructor({
    store,
    clock,
    configSecrets,
  }: {
    store: RegistryStore
    clock: Clock
    configSecrets: ReadonlyMap<string, SecretHashes>
  }) {
    this.#store = store
    this.#clock = clock
    this.#configSecrets = configSecrets
  }

  /** Takes the secrets of a config that was read again, and asks the store anew. */
  replace(configSecrets: ReadonlyMap<string, SecretHashes>): void {
    this.#configSecrets = configSecrets
    this.#known.clear()
  }

  /** Has the next question about the clients answered by the store: for what was changed here. */
  forget(): void {
    this.#known.clear()
  }

  /** What the client may do, when id and secret belong together. An unknown id takes as long as a wrong secret. */
  async authenticate({
    clientId,
    secret,
  }: {
    readonly clientId: string
    readonly secret: string
  }): Promise<ClientAccess | undefined> {
    const client = await this.#store.findClient(clientId)
    const hashes = client?.source === 'config' ? this.#configSecrets.get(clientId) : client?.secret
    if (!isSecret(secret, hashes, this.#clock) || client === undefined) return undefined
    const nowMs = this.#clock()
    const access = accessOf(await clientFamilyOf(client, this.#store), nowMs)
    if (access !== undefined) await this.#store.noteUse(clientId, nowMs)
    return access
  }

  /** What the client may do now; the same object for as long as nothing is read anew. */
  async current(clientId: string): Promise<ClientAccess | undefined> {
    const nowMs = this.#clock()
    const known = this.#at(clientId, nowMs)
    const family = await known.family
    if (family === undefined) return undefined
    const access = accessOf(family, nowMs)
    if (access === undefined) return undefined
    known.access ??= access
    return known.access
  }

  #at(clientId: string, nowMs: number): Known {
    const known = this.#known.get(clientId)
    if (known !== undefined && nowMs - known.readAtMs <= ACCESS_AGE_MAX_MS && nowMs >= known.readAtMs)
      return known
    if (this.#known.size >= CLIENTS_MAX) this.#known.clear()
    const read: Known = { readAtMs: nowMs, family: this.#read(clientId) }
    this.#known.set(clientId, read)
    // A failed read is told to who waits for it, and not kept.
    read.family.catch(() => {
      if (this.#known.get(clientId) === read) this.#known.delete(clientId)
    })
    return read
  }

  async #read(clientId: string): Promise<ClientFamily | undefined> {
    const client = await this.#store.findClient(clientId)
    return client && (await clientFamilyOf(client, this.#store))
  }
}
