import { createHash } from 'node:crypto'

import type { Clock } from '#base'
import type { Pcid } from '#iso15118'
import type { MessageNamespace } from '#opcp'
import { parseCertificate, type Certificate, type PathErrorCode, type PathRefusal } from '#pki'

import { PoolError, statusUnknown } from '../pool-error.ts'
import type { RootPool } from '../rcp/root-pool.ts'
import type { Storage } from '../storage-port.ts'

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
}

/** SHA-256 of the SubjectPublicKeyInfo, lower-case hex: says which key a contract is encrypted for. */
export function publicKeySha256(certificate: Certificate): string {
  return createHash('sha256').update(certificate.publicKeyDer).digest('hex')
}

/** The provisioning certificate pool: which vehicles exist, and which key opens what is made for them. */
export class ProvisioningPool {
  readonly #storage: Storage
  readonly #roots: RootPool
  readonly #clock: Clock

  constructor({ storage, roots, clock }: { storage: Storage; roots: RootPool; clock: Clock }) {
    this.#storage = storage
    this.#roots = roots
    this.#clock = clock
  }

  /**
   * Adds or renews a vehicle. A new key takes the vehicle's contracts with it.
   *
   * @throws {PoolError} ERR_PCP_EXPIRED, ERR_PCP_REVOKED, ERR_PCP_CHAIN, ERR_POOL_STATUS_UNKNOWN
   */
  async put(vehicle: Vehicle): Promise<TrustedVehicle> {
    const judged = await this.#judge(vehicle)
    if (!judged.valid) throw uploadRefused(judged.refusal, vehicle)
    const entry = {
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
      storedAtMs: this.#clock(),
    }
    await this.#storage.transaction((unit) => unit.vehicles.put(entry))
    return { ...vehicle, root: judged.root }
  }

  /** The vehicle as stored, its chain not looked at. */
  async find(pcid: Pick<Pcid, 'key'>, namespace: MessageNamespace): Promise<Vehicle | undefined> {
    const entry = await this.#storage.stores.vehicles.find({ pcidKey: pcid.key, namespace })
    if (entry === undefined) return undefined
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

  /**
   * The vehicle, when its chain still holds.
   *
   * @throws {PoolError} ERR_PCP_NOT_FOUND, ERR_PCP_NOT_VALID, ERR_POOL_STATUS_UNKNOWN
   */
  async get(pcid: Pick<Pcid, 'key'>, namespace: MessageNamespace): Promise<TrustedVehicle> {
    const what = 'The OEM provisioning certificate with given PCID'
    const vehicle = await this.find(pcid, namespace)
    if (vehicle === undefined) throw new PoolError('ERR_PCP_NOT_FOUND', `${what} is not found.`)
    const judged = await this.#judge(vehicle)
    if (judged.valid) return { ...vehicle, root: judged.root }
    const { code, message } = judged.refusal
    if (code === 'ERR_PATH_STATUS_UNKNOWN') throw statusUnknown(judged.refusal)
    throw new PoolError('ERR_PCP_NOT_VALID', `${what} is ${NOT_VALID[code] ?? 'not trusted'}.`, {
      cause: new Error(message),
    })
  }

  async #judge({
    certificate,
    subCa1,
    subCa2,
  }: Vehicle): Promise<
    | { readonly valid: true; readonly root: Certificate }
    | { readonly valid: false; readonly refusal: PathRefusal }
  > {
    const verdict = await this.#roots.judge({
      leaf: certificate,
      intermediates: subCa2 === undefined ? [subCa1] : [subCa1, subCa2],
      rootTypes: ['OEM', 'V2G'],
      use: 'oem-provisioning',
    })
    if (!verdict.valid) return { valid: false, refusal: verdict }
    const root = verdict.path.at(-1)
    if (root === undefined) throw new TypeError('a valid path ends in a root')
    return { valid: true, root }
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
