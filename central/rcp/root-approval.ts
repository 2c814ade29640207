import type { Clock, RandomBytes } from '#base'
import type { RootType } from '#opcp'
import { parseCertificate, type Certificate } from '#pki'

import { auditEntry } from '../audit/audit-record.ts'
import type { Actor } from '../http/caller.ts'
import { uuidOf } from '../http/uuid.ts'
import { PoolError } from '../pool-error.ts'
import type { Storage, UnitOfWork } from '../storage-port.ts'
import type { PendingRoot } from './pending-root-store.ts'
import type { Root, RootPool } from './root-pool.ts'

/** Four eyes: what one administrator proposes is a root once another person approves it. Until then no list has it. */
export class RootApproval {
  readonly #storage: Storage
  readonly #roots: RootPool
  readonly #clock: Clock
  readonly #random: RandomBytes

  constructor({
    storage,
    roots,
    clock,
    random,
  }: {
    readonly storage: Storage
    readonly roots: RootPool
    readonly clock: Clock
    readonly random: RandomBytes
  }) {
    this.#storage = storage
    this.#roots = roots
    this.#clock = clock
    this.#random = random
  }

  /**
   * Proposes a root. One that is in the pool, or proposed already, stays as it is.
   *
   * @throws {PoolError} ERR_RCP_ROOT_REFUSED
   */
  async propose(certificate: Certificate, rootType: RootType, by: Actor): Promise<Root> {
    this.#roots.requireAcceptable(certificate, rootType)
    const active = (await this.#roots.list()).find(
      (root) => root.rootType === rootType && root.certificate.equals(certificate),
    )
    if (active !== undefined) return active
    const proposed = {
      id: uuidOf(this.#random),
      rootType,
      fingerprint: certificate.fingerprintSha256Hex,
      certificate: certificate.der,
      proposedByClient: by.clientId,
      proposedByPerson: await this.#personOf(by),
      proposedAtMs: this.#clock(),
    }
    const { id } = await this.#storage.transaction(async (unit) => {
      const held = await unit.pendingRoots.put(proposed)
      if (held.id === proposed.id)
        await this.#record(unit, { action: 'root.propose', by, after: proposed.certificate }, held)
      return held
    })
    return { id, rootType, certificate }
  }

  /** In the order they were proposed. */
  list(): Promise<readonly PendingRoot[]> {
    return this.#storage.stores.pendingRoots.list()
  }

  /**
   * Makes a proposed root one of the pool, for the person who approves it by its fingerprint.
   *
   * @param fingerprint - SHA-256 of the DER, lower-case hex
   * @throws {PoolError} ERR_RCP_NOT_FOUND, ERR_RCP_SAME_PERSON, ERR_RCP_FINGERPRINT, ERR_RCP_ROOT_REFUSED
   */
  async approve(id: string, fingerprint: string, by: Actor): Promise<Root> {
    const pending = await this.#storage.stores.pendingRoots.find(id)
    if (pending === undefined) throw notPending()
    if (by.clientId === pending.proposedByClient || (await this.#personOf(by)) === pending.proposedByPerson)
      throw new PoolError(
        'ERR_RCP_SAME_PERSON',
        'Another person than the one who proposed the root must approve it.',
      )
    if (fingerprint !== pending.fingerprint)
      throw new PoolError('ERR_RCP_FINGERPRINT', 'fingerprint : is not that of the proposed root')
    const certificate = parseCertificate(pending.certificate)
    return await this.#roots.add(certificate, pending.rootType, by, {
      id,
      take: async (unit) => {
        if ((await unit.pendingRoots.remove(id)) === undefined) throw notPending()
      },
    })
  }

  /** Takes a proposal back, whoever made it. @throws {PoolError} ERR_RCP_NOT_FOUND */
  async withdraw(id: string, by: Actor): Promise<void> {
    await this.#storage.transaction(async (unit) => {
      const pending = await unit.pendingRoots.remove(id)
      if (pending === undefined) throw notPending()
      await this.#record(unit, { action: 'root.withdraw', by, before: pending.certificate }, pending)
    })
  }

  async #personOf({ clientId }: Actor): Promise<string> {
    return (await this.#storage.stores.registry.findClient(clientId))?.person ?? clientId
  }

  async #record(
    { audit }: UnitOfWork,
    what: Omit<Parameters<typeof auditEntry>[0], 'object'>,
    { id }: PendingRoot,
  ): Promise<void> {
    const ports = { clock: this.#clock, random: this.#random }
    await audit.append(auditEntry({ ...what, object: { type: 'root', id } }, ports))
  }
}

function notPending(): PoolError {
  return new PoolError('ERR_RCP_NOT_FOUND', 'No root with the given ID waits for an approval.')
}
