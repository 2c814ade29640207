import { createHash } from 'node:crypto'

import { equalBytes, type Clock, type RandomBytes } from '#base'
import type { Pcid } from '#iso15118'
import type { MessageNamespace } from '#opcp'
import { parseCertificate, type Certificate, type PathErrorCode, type PathRefusal } from '#pki'

import { auditEntry } from '../audit/audit-record.ts'
import type { ContractEnding } from '../ccp/contract-ending.ts'
import type { Actor } from '../http/caller.ts'
import { requireMatch } from '../http/entity-tag.ts'
import { PoolError, statusUnknown } from '../pool-error.ts'
import type { Chain, Root, RootPool } from '../rcp/root-pool.ts'
import type { Storage, UnitOfWork } from '../storage-port.ts'
import type { ProvisioningEntry, ProvisioningTombstone } from './provisioning-store.ts'
import { vehicleTag, type ProvisioningContent } from './vehicle-tag.ts'

/** A vehicle as the pool knows it. */
export interface Vehicle {
  readonly pcid: string
  readonly pcidKey: string
  readonly namespace: MessageNamespace
  readonly certificate: Certificate
  readonly subCa1: Certificate
  readonly subCa2: Certificate | undefined
  /** Key ids of the V2G roots the vehicle trusts, lower-case hex. */
  readonly v2gRootKeyIds: readonly string[]
  readonly previousPcid: string | undefined
}

/** A vehicle whose chain held when it was looked at, and the root it led to. */
export interface TrustedVehicle extends Vehicle {
  readonly root: Certificate
  /** Entity tag of what the OEM has stored, quoted. */
  readonly etag: string
}

/** SHA-256 of the SubjectPublicKeyInfo, lower-case hex: says which key a contract is encrypted for. */
export function publicKeySha256(certificate: Certificate): string {
  return createHash('sha256').update(certificate.publicKeyDer).digest('hex')
}

interface Parts {
  readonly storage: Storage
  readonly roots: RootPool
  readonly ending: ContractEnding
  readonly clock: Clock
  readonly random: RandomBytes
}

/** Which of a vehicle's certificates; all of them when neither is given. */
export interface CertificateChoice {
  readonly namespace?: MessageNamespace | undefined
  readonly signatureAlgorithm?: string | undefined
}

/** A version that has to be there still. */
export interface Precondition {
  /** Entity tags as in the header If-Match. */
  readonly ifMatch?: string | undefined
}

/** The provisioning certificate pool: which vehicles exist, and which key opens what is made for them. */
export class ProvisioningPool {
  readonly #storage: Storage
  readonly #roots: RootPool
  readonly #ending: ContractEnding
  readonly #clock: Clock
  readonly #random: RandomBytes

  constructor({ storage, roots, ending, clock, random }: Parts) {
    this.#storage = storage
    this.#roots = roots
    this.#ending = ending
    this.#clock = clock
    this.#random = random
  }

  /**
   * Adds or renews a vehicle. A new key ends the vehicle's contracts, which were made for the old one.
   *
   * @throws {PoolError} ERR_PCP_EXPIRED, ERR_PCP_REVOKED, ERR_PCP_CHAIN, ERR_POOL_STATUS_UNKNOWN, ERR_POOL_PRECONDITION
   */
  async put(vehicle: Vehicle, by: Actor, { ifMatch }: Precondition = {}): Promise<TrustedVehicle> {
    const judged = await this.#judge(vehicle)
    if (!judged.valid) throw uploadRefused(judged.refusal, vehicle)
    const entry = { ...contentOf(vehicle), storedAtMs: this.#clock() }
    const roots = await this.#roots.list()
    await this.#storage.transaction(async (unit) => {
      await unit.vehicles.lock(entry.pcidKey)
      const held = await unit.vehicles.find(entry)
      requireMatch(held === undefined ? [] : [vehicleTag(held)], ifMatch)
      if (held !== undefined && held.publicKeySha256 !== entry.publicKeySha256)
        await this.#ending.end(unit, held, { change: 'certificate-rekeyed', roots })
      await unit.vehicles.put(entry)
      const [before, after] = [held?.vehicleCertificate, entry.vehicleCertificate]
      await this.#record(unit, { action: 'vehicle.put', by, before, after }, entry)
    })
    return { ...vehicle, root: judged.root, etag: vehicleTag(entry) }
  }

  /**
   * Deletes provisioning certificates of a vehicle with its contracts of their editions: everything or nothing. What remains
   * is a record.
   *
   * @throws {PoolError} ERR_PCP_NOT_FOUND, ERR_POOL_PRECONDITION
   */
  async remove(
    pcid: Pick<Pcid, 'key'>,
    { ifMatch, ...choice }: CertificateChoice & Precondition,
    by: Actor,
  ): Promise<void> {
    const roots = await this.#roots.list()
    await this.#storage.transaction(async (unit) => {
      await unit.vehicles.lock(pcid.key)
      const held = (await unit.vehicles.list(pcid.key)).filter((entry) => isMeant(entry, choice))
      if (held.length === 0) throw vehicleNotFound()
      requireMatch(held.map(vehicleTag), ifMatch)
      for (const entry of held) await this.#removeEntry(unit, entry, { action: 'vehicle.delete', by, roots })
    })
  }

  /**
   * Removes the certificates of a vehicle that have expired themselves, or that their issuer is known to have revoked, with
   * their contracts. What is wrong with a CA above them leaves them in the pool, unusable, as it may be mended there.
   */
  async removeEnded(pcidKey: string, by: Actor): Promise<void> {
    const ended: ProvisioningEntry[] = []
    for (const entry of await this.#storage.stores.vehicles.list(pcidKey))
      if (await this.#hasEnded(entry)) ended.push(entry)
    if (ended.length === 0) return
    const roots = await this.#roots.list()
    await this.#storage.transaction(async (unit) => {
      await unit.vehicles.lock(pcidKey)
      for (const entry of await unit.vehicles.list(pcidKey))
        if (ended.some((each) => equalBytes(each.vehicleCertificate, entry.vehicleCertificate)))
          await this.#removeEntry(unit, entry, { action: 'vehicle.end', by, roots })
    })
  }

  async #hasEnded(entry: ProvisioningEntry): Promise<boolean> {
    const vehicle = vehicleOf(entry)
    if (vehicle.certificate.validToMs < this.#clock()) return true
    const verdict = await this.#roots.judge({
      ...chainOf(vehicle),
      revocation: 'known',
      profile: 'ignored',
    })
    return (
      !verdict.valid && verdict.code === 'ERR_PATH_REVOKED' && verdict.certificate.equals(vehicle.certificate)
    )
  }

  async #removeEntry(
    unit: UnitOfWork,
    entry: ProvisioningEntry,
    { action, by, roots }: { readonly action: string; readonly by: Actor; readonly roots: readonly Root[] },
  ): Promise<void> {
    await this.#ending.end(unit, entry, { change: 'certificate-removed', roots })
    await unit.vehicles.remove(entry)
    await unit.vehicles.bury(tombstoneOf(entry, this.#clock()))
    await this.#record(unit, { action, by, before: entry.vehicleCertificate }, entry)
  }

  /**
   * Deletes every contract of a vehicle, which stays in the pool itself. Gives their number.
   *
   * @throws {PoolError} ERR_PCP_NOT_FOUND
   */
  async factoryReset(pcid: Pick<Pcid, 'key'>, by: Actor): Promise<number> {
    const roots = await this.#roots.list()
    return await this.#storage.transaction(async (unit) => {
      await unit.vehicles.lock(pcid.key)
      if ((await unit.vehicles.list(pcid.key)).length === 0) throw vehicleNotFound()
      const vehicle = { pcidKey: pcid.key }
      const ended = await this.#ending.end(unit, vehicle, { change: 'factory-reset', roots })
      await this.#record(unit, { action: 'vehicle.factory-reset', by }, vehicle)
      return ended
    })
  }

  /** Of all certificates of the vehicle. @throws {PoolError} ERR_PCP_NOT_FOUND */
  async signatureAlgorithms(pcid: Pick<Pcid, 'key'>): Promise<readonly string[]> {
    const held = await this.#storage.stores.vehicles.list(pcid.key)
    if (held.length === 0) throw vehicleNotFound()
    return [...new Set(held.map(({ signatureAlgorithm }) => signatureAlgorithm))]
  }

  /** The vehicle as stored, its chain not looked at. */
  async find(pcid: Pick<Pcid, 'key'>, namespace: MessageNamespace): Promise<Vehicle | undefined> {
    const entry = await this.#storage.stores.vehicles.find({ pcidKey: pcid.key, namespace })
    return entry && vehicleOf(entry)
  }

  /**
   * The vehicle, when its chain still holds.
   *
   * @throws {PoolError} ERR_PCP_NOT_FOUND, ERR_PCP_NOT_VALID, ERR_POOL_STATUS_UNKNOWN
   */
  async get(pcid: Pick<Pcid, 'key'>, namespace: MessageNamespace): Promise<TrustedVehicle> {
    const vehicle = await this.find(pcid, namespace)
    if (vehicle === undefined) throw vehicleNotFound()
    const judged = await this.#judge(vehicle)
    if (judged.valid) return { ...vehicle, root: judged.root, etag: vehicleTag(contentOf(vehicle)) }
    const { code, message } = judged.refusal
    if (code === 'ERR_PATH_STATUS_UNKNOWN') throw statusUnknown(judged.refusal)
    throw new PoolError('ERR_PCP_NOT_VALID', `${VEHICLE} is ${NOT_VALID[code] ?? 'not trusted'}.`, {
      cause: new Error(message),
    })
  }

  async #record(
    { audit }: UnitOfWork,
    what: Omit<Parameters<typeof auditEntry>[0], 'object'>,
    { pcidKey }: { readonly pcidKey: string },
  ): Promise<void> {
    const ports = { clock: this.#clock, random: this.#random }
    await audit.append(auditEntry({ ...what, object: { type: 'vehicle', id: pcidKey } }, ports))
  }

  async #judge(
    vehicle: Vehicle,
  ): Promise<
    | { readonly valid: true; readonly root: Certificate }
    | { readonly valid: false; readonly refusal: PathRefusal }
  > {
    const verdict = await this.#roots.judge(chainOf(vehicle))
    if (!verdict.valid) return { valid: false, refusal: verdict }
    const root = verdict.path.at(-1)
    if (root === undefined) throw new TypeError('a valid path ends in a root')
    return { valid: true, root }
  }
}

const VEHICLE = 'The OEM provisioning certificate with given PCID'

export function vehicleNotFound(): PoolError {
  return new PoolError('ERR_PCP_NOT_FOUND', `${VEHICLE} is not found.`)
}

function vehicleOf(entry: ProvisioningEntry): Vehicle {
  const { subCa2Certificate } = entry
  return {
    pcid: entry.pcid,
    pcidKey: entry.pcidKey,
    namespace: entry.namespace,
    certificate: parseCertificate(entry.vehicleCertificate),
    subCa1: parseCertificate(entry.subCa1Certificate),
    subCa2: subCa2Certificate && parseCertificate(subCa2Certificate),
    v2gRootKeyIds: entry.v2gRootKeyIds,
    previousPcid: entry.previousPcid,
  }
}

function chainOf({ certificate, subCa1, subCa2 }: Vehicle): Chain {
  return {
    leaf: certificate,
    intermediates: subCa2 === undefined ? [subCa1] : [subCa1, subCa2],
    rootTypes: ['OEM', 'V2G'],
    use: 'oem-provisioning',
  }
}

function contentOf(vehicle: Vehicle): ProvisioningContent {
  return {
    pcid: vehicle.pcid,
    pcidKey: vehicle.pcidKey,
    namespace: vehicle.namespace,
    signatureAlgorithm: 'secp256r1',
    vehicleCertificate: vehicle.certificate.der,
    subCa1Certificate: vehicle.subCa1.der,
    subCa2Certificate: vehicle.subCa2?.der,
    publicKeySha256: publicKeySha256(vehicle.certificate),
    v2gRootKeyIds: vehicle.v2gRootKeyIds,
    previousPcid: vehicle.previousPcid,
  }
}

function isMeant(entry: ProvisioningEntry, { namespace, signatureAlgorithm }: CertificateChoice): boolean {
  return (
    (namespace === undefined || entry.namespace === namespace) &&
    (signatureAlgorithm === undefined || entry.signatureAlgorithm === signatureAlgorithm)
  )
}

function tombstoneOf(entry: ProvisioningEntry, removedAtMs: number): ProvisioningTombstone {
  const { vehicleCertificate, subCa1Certificate, subCa2Certificate } = entry
  return {
    certificateSha256: createHash('sha256').update(vehicleCertificate).digest('hex'),
    pcidSha256: createHash('sha256').update(entry.pcidKey).digest('hex'),
    removedAtMs,
    chain: [vehicleCertificate, subCa1Certificate, subCa2Certificate].filter(
      (certificate) => certificate !== undefined,
    ),
  }
}

/** Why a stored certificate is no longer handed out, in the words of OPCP. */
const NOT_VALID: Partial<Record<PathErrorCode, string>> = {
  ERR_PATH_EXPIRED: 'expired',
  ERR_PATH_REVOKED: 'revoked',
}

/** What a chain that leads to none of our roots can be refused with. */
const UNTRUSTED: ReadonlySet<PathErrorCode> = new Set([
  'ERR_PATH_NO_ISSUER',
  'ERR_PATH_SIGNATURE',
  'ERR_PATH_UNTRUSTED_ROOT',
])

function uploadRefused(refusal: PathRefusal, vehicle: Vehicle): PoolError {
  const cause = new Error(refusal.message)
  if (refusal.code === 'ERR_PATH_EXPIRED') {
    const which = nameOf(refusal.certificate, vehicle)
    return new PoolError('ERR_PCP_EXPIRED', `The validUntil date of ${which} is in the past.`, { cause })
  }
  if (refusal.code === 'ERR_PATH_REVOKED') {
    const which = nameOf(refusal.certificate, vehicle)
    return new PoolError('ERR_PCP_REVOKED', `Certificate ${which} is revoked.`, { cause })
  }
  if (refusal.code === 'ERR_PATH_STATUS_UNKNOWN') return statusUnknown(refusal)
  const message = UNTRUSTED.has(refusal.code)
    ? 'No trusted root certificate found for the given chain.'
    : `The certificate chain is not valid: ${refusal.message}.`
  return new PoolError('ERR_PCP_CHAIN', message, { cause })
}

function nameOf(certificate: Certificate, { certificate: leaf, subCa1, subCa2 }: Vehicle): string {
  if (certificate.equals(leaf)) return 'vehicleCertificate'
  if (certificate.equals(subCa1)) return 'subCA1Certificate'
  return subCa2?.equals(certificate) === true ? 'subCA2Certificate' : 'the root certificate'
}
