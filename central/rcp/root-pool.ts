import type { Clock, RandomBytes } from '#base'
import type { RootType } from '#opcp'
import { parseCertificate, validatePath, VerifiedSignatures } from '#pki'
import type { Certificate, CertificateUse, PathRefusal, PathRevocation, PathVerdict } from '#pki'

import { auditEntry } from '../audit/audit-record.ts'
import type { Actor } from '../http/caller.ts'
import { uuidOf } from '../http/uuid.ts'
import { PoolError } from '../pool-error.ts'
import type { Storage, UnitOfWork } from '../storage-port.ts'
import { rootEvent } from '../webhooks/events.ts'
import { ProfileCheck, type OnProfileRemark } from './profile-check.ts'
import type { StoredRoot } from './root-store.ts'

/** How long a root that another process added or removed may go unnoticed here. */
const SNAPSHOT_AGE_MAX_MS = 5_000

/** Fired from the start: only what is known already counts. One for all, as each carries an error with its stack. */
const WITHOUT_WAITING = AbortSignal.abort()

/** A root of the pool, parsed. */
export interface Root {
  readonly id: string
  readonly rootType: RootType
  readonly certificate: Certificate
}

export interface Chain {
  readonly leaf: Certificate
  readonly intermediates: readonly Certificate[]
  /** Which roots may vouch for this use. */
  readonly rootTypes: readonly RootType[]
  readonly use: CertificateUse
  /** Default: now. A contract that begins later is judged at its beginning. */
  readonly atMs?: number
  /** Whether the issuers may be asked about revocations, or what they said before has to do. Default: they may. */
  readonly revocation?: 'ask' | 'known'
  /** Whether the leaf must have its profile, as it had when it came. Default: yes. */
  readonly profile?: 'required' | 'ignored'
}

/** What is recorded here about the certificates of a path, whatever others say. */
export interface PathRecords {
  /** Why the path (leaf first) cannot be used; `undefined` when nothing speaks against it. */
  refuse(path: readonly Certificate[]): Promise<PathRefusal | undefined>
}

/** The root certificate pool: what everybody else's trust ends in. */
export class RootPool {
  readonly #storage: Pick<Storage, 'stores' | 'transaction'>
  readonly #clock: Clock
  readonly #random: RandomBytes
  readonly #revocation: PathRevocation | undefined
  readonly #verifiedSignatures = new VerifiedSignatures()
  readonly #profiles: ProfileCheck
  readonly #records: PathRecords | undefined
  #snapshot: { readonly roots: readonly Root[]; readonly takenAtMs: number } | undefined
  #additions = 0

  /** Without `revocation` nothing is ever revoked. */
  constructor({
    storage,
    clock,
    random,
    revocation,
    onProfileRemark = () => {},
    records,
  }: {
    storage: Pick<Storage, 'stores' | 'transaction'>
    clock: Clock
    random: RandomBytes
    revocation?: PathRevocation
    onProfileRemark?: OnProfileRemark
    records?: PathRecords
  }) {
    this.#storage = storage
    this.#clock = clock
    this.#random = random
    this.#revocation = revocation
    this.#profiles = new ProfileCheck(onProfileRemark)
    this.#records = records
  }

  /**
   * Adds a root. Adding the same one of the same type again changes nothing and gives the root that is there. `take` comes
   * first in the transaction: when it throws, nothing is added.
   *
   * @throws {PoolError} ERR_RCP_ROOT_REFUSED
   */
  async add(
    certificate: Certificate,
    rootType: RootType,
    by: Actor,
    {
      id = uuidOf(this.#random),
      take = async () => {},
    }: { readonly id?: string; readonly take?: (unit: UnitOfWork) => Promise<void> } = {},
  ): Promise<Root> {
    const nowMs = this.#clock()
    this.requireAcceptable(certificate, rootType)
    const root = {
      id,
      rootType,
      fingerprint: certificate.fingerprintSha256Hex,
      certificate: certificate.der,
      addedAtMs: nowMs,
    }
    const ports = { clock: this.#clock, random: this.#random }
    const event = rootEvent('root.cert.added', rootOf(root), ports)
    const held = await this.#storage.transaction(async (unit) => {
      await take(unit)
      const put = await unit.roots.put(root)
      if (put.id !== root.id) return put
      // Roots of private environments are nobody else's matter.
      if (rootType !== 'PE') await unit.outbox.publish(event)
      const object = { type: 'root', id: root.id } as const
      await unit.audit.append(auditEntry({ action: 'root.put', by, object, after: root.certificate }, ports))
      return put
    })
    this.#forget()
    return rootOf(held)
  }

  /** Whether a certificate can be a root of the type at all. @throws {PoolError} ERR_RCP_ROOT_REFUSED */
  requireAcceptable(certificate: Certificate, rootType: RootType): void {
    requireRoot(certificate, this.#clock())
    const refused = this.#profiles.refuseRoot(certificate, rootType)
    if (refused === undefined) return
    throw new PoolError(
      'ERR_RCP_ROOT_REFUSED',
      `The root certificate does not fit its profile: ${refused.message}.`,
    )
  }

  /**
   * Takes a root out of the pool for good. What is stored below it stays, but is not accepted or delivered any more.
   *
   * @throws {PoolError} ERR_RCP_NOT_FOUND
   */
  async remove(id: string, by: Actor): Promise<void> {
    const ports = { clock: this.#clock, random: this.#random }
    const root = await this.get(id)
    const isExpired = root.certificate.validToMs < this.#clock()
    const event = rootEvent(isExpired ? 'root.cert.expired' : 'root.cert.revoked', root, ports)
    await this.#storage.transaction(async (unit) => {
      const end = { state: isExpired ? 'EXPIRED' : 'REVOKED', removedAtMs: this.#clock() } as const
      const removed = await unit.roots.remove(id, end)
      if (removed === undefined) throw rootNotFound()
      if (root.rootType !== 'PE') await unit.outbox.publish(event)
      const object = { type: 'root', id } as const
      const before = removed.certificate
      await unit.audit.append(auditEntry({ action: 'root.delete', by, object, before }, ports))
    })
    this.#forget()
  }

  #forget(): void {
    this.#snapshot = undefined
    this.#additions++
  }

  /** In the order they were added. Roots added here are there at once, by other processes a few seconds later. */
  async list(): Promise<readonly Root[]> {
    const nowMs = this.#clock()
    if (this.#snapshot === undefined || nowMs - this.#snapshot.takenAtMs > SNAPSHOT_AGE_MAX_MS) {
      const additions = this.#additions
      const known = new Map(this.#snapshot?.roots.map((root) => [root.id, root]))
      const stored = await this.#storage.stores.roots.list()
      const roots = stored.map((root) => known.get(root.id) ?? rootOf(root))
      // What was added while the store read may be missing from this, so it is not kept.
      if (additions === this.#additions) this.#snapshot = { roots, takenAtMs: nowMs }
      return roots
    }
    return this.#snapshot.roots
  }

  /** @throws {PoolError} ERR_RCP_NOT_FOUND */
  async get(id: string): Promise<Root> {
    const stored = await this.#storage.stores.roots.find(id)
    if (stored === undefined) throw rootNotFound()
    return rootOf(stored)
  }

  /**
   * Judges a chain of ISO 15118-2 up to the roots of the given types, its leaf by the profile of its use, and whether any
   * of it is revoked now.
   */
  async judge({
    leaf,
    intermediates,
    rootTypes,
    use,
    atMs,
    revocation = 'ask',
    profile = 'required',
  }: Chain): Promise<PathVerdict> {
    const roots = (await this.list()).filter(({ rootType }) => rootTypes.includes(rootType))
    const verdict = validatePath({
      leaf,
      intermediates,
      roots: roots.map(({ certificate }) => certificate),
      atMs: atMs ?? this.#clock(),
      use,
      algorithms: ['ecdsa-p256-sha256'],
      verifiedSignatures: this.#verifiedSignatures,
    })
    if (!verdict.valid) return verdict
    const misfit = profile === 'required' ? this.#profiles.refuseLeaf(leaf, use) : undefined
    const refused = misfit ?? (await this.#records?.refuse(verdict.path))
    if (refused !== undefined) return refused
    if (this.#revocation === undefined) return verdict
    return await this.#revocation.judge(verdict, {
      use,
      ...(revocation === 'known' && { signal: WITHOUT_WAITING }),
    })
  }
}

export function rootNotFound(): PoolError {
  return new PoolError('ERR_RCP_NOT_FOUND', 'Root certificate with the given ID is not found')
}

function rootOf(stored: StoredRoot): Root {
  return { id: stored.id, rootType: stored.rootType, certificate: parseCertificate(stored.certificate) }
}

/** Clients fail on the whole list when one root cannot be read or has no key identifier, so such a root stays out. */
function requireRoot(certificate: Certificate, nowMs: number): void {
  const complaint = complaintAbout(certificate, nowMs)
  if (complaint !== undefined) throw new PoolError('ERR_RCP_ROOT_REFUSED', complaint)
}

function complaintAbout(certificate: Certificate, nowMs: number): string | undefined {
  const { publicKeyAlgorithm } = certificate
  if (publicKeyAlgorithm === undefined || publicKeyAlgorithm === 'rsa-sha256')
    return 'The key of the root certificate must be secp256r1, secp521r1 or ed448.'
  if (!certificate.isSelfIssued || !certificate.isSignedBy(certificate))
    return 'The root certificate is not self-signed.'
  if (certificate.basicConstraints?.ca !== true) return 'The root certificate is not a CA certificate.'
  if (certificate.subjectKeyIdentifier === undefined)
    return 'The root certificate has no subject key identifier.'
  if (certificate.validToMs < nowMs) return 'The validUntil date of the root certificate is in the past.'
  return undefined
}
