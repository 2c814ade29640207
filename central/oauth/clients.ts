import { createHash, timingSafeEqual } from 'node:crypto'

import type { Role, Scope } from '#opcp'

import { CentralError } from '../start-error.ts'

/** A registered client of the pools, without its secret. */
export interface Client {
  readonly clientId: string
  readonly name: string
  readonly roles: readonly Role[]
  readonly permissions: readonly Scope[]
  readonly wmis: readonly string[]
  readonly providerIds: readonly string[]
  readonly operatorIds: readonly string[]
}

/** Who may ask for tokens. Secrets are kept as hashes and compared in constant time. */
export class ClientRegistry {
  #clients: ReadonlyMap<string, { readonly client: Client; readonly secretHash: Buffer }>

  /** @throws {CentralError} ERR_CENTRAL_CLIENT when two have one id */
  constructor(clients: readonly { readonly client: Client; readonly secret: string }[]) {
    const byId = new Map<string, { client: Client; secretHash: Buffer }>()
    for (const { client, secret } of clients) {
      if (byId.has(client.clientId))
        throw new CentralError('ERR_CENTRAL_CLIENT', `two clients have the id ${client.clientId}`)
      byId.set(client.clientId, { client, secretHash: hashOf(secret) })
    }
    this.#clients = byId
  }

  /** Takes the clients of another registry. Who is no longer among them gets no token; those given out live on. */
  replace(other: ClientRegistry): void {
    this.#clients = other.#clients
  }

  /** The client, when id and secret belong together. An unknown id takes as long as a wrong secret. */
  authenticate({
    clientId,
    secret,
  }: {
    readonly clientId: string
    readonly secret: string
  }): Client | undefined {
    const known = this.#clients.get(clientId)
    const matches = timingSafeEqual(hashOf(secret), known?.secretHash ?? UNKNOWN)
    return matches ? known?.client : undefined
  }
}

/** The hash of no secret that anybody can send. */
const UNKNOWN = Buffer.alloc(32)

function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret, 'utf8').digest()
}
