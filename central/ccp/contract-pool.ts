import { codeOf, messageOf, type Clock } from '#base'
import {
  type CertificateChainType,
  type CertificateInstallationResType,
  decodeV2gMessage,
  encodeV2gMessage,
  parseEmaid,
  verifyContractData,
  type V2gMessage,
} from '#iso15118'
import type { RootType } from '#opcp'
import { parseCertificate, verifierOf, type Certificate, type PathRefusal } from '#pki'

import { publicKeySha256, type Vehicle } from '../pcp/provisioning-pool.ts'
import { PoolError, statusUnknown } from '../pool-error.ts'
import type { Chain, RootPool } from '../rcp/root-pool.ts'
import type { Storage } from '../storage-port.ts'
import type { DeliverableContract } from './contract-store.ts'
import { signedXmlOf } from './signed-xml.ts'

/** Which roots may vouch for the two chains of signed contract data. */
const CPS_ROOT_TYPES: readonly RootType[] = ['V2G']
const CONTRACT_ROOT_TYPES: readonly RootType[] = ['MO', 'V2G']

export interface SignedContractData {
  /** A CertificateInstallationRes with ResponseCode OK, signed by a CPS; its session id is not looked at. */
  readonly message: V2gMessage
  /** Whom the contract key in it is encrypted for. */
  readonly vehicle: Vehicle
  readonly metaData: string | undefined
}

/** The contract certificate pool: signed contract data waits here until its vehicle asks. */
export class ContractPool {
  readonly #storage: Storage
  readonly #roots: RootPool
  readonly #clock: Clock

  constructor({ storage, roots, clock }: { storage: Storage; roots: RootPool; clock: Clock }) {
    this.#storage = storage
    this.#roots = roots
    this.#clock = clock
  }

  /**
   * Verifies what a CPS signed, also our own, and keeps it for the vehicle in place of any earlier contract of the same
   * EMAID below the same V2G root.
   *
   * @throws {PoolError} ERR_CCP_SIGNED_DATA, ERR_CPS_CONTRACT_EXPIRED, ERR_CCP_TAKEN, ERR_CPS_VEHICLE_UNKNOWN,
   * ERR_POOL_STATUS_UNKNOWN
   */
  async add({ message, vehicle, metaData }: SignedContractData): Promise<void> {
    const response = message.Body.CertificateInstallationRes
    if (response?.ResponseCode !== 'OK') throw refused('not a CertificateInstallationRes with contract data')
    const cpsPath = await this.#verifyCps(message, response)
    const contractPath = await this.#verifyContract(response)
    const contract = first(contractPath)
    const certificates = [...cpsPath, ...contractPath]
    const emaid = attempt(() => parseEmaid(response.eMAID.$value))
    if (attempt(() => parseEmaid(contract.commonName ?? '')).key !== emaid.key)
      throw refused('eMAID is not the common name of the contract certificate')
    const bundle = {
      emaid,
      pcidKey: vehicle.pcidKey,
      namespace: vehicle.namespace,
      rootFingerprint: last(cpsPath).fingerprintSha256Hex,
      contractRootFingerprint: last(contractPath).fingerprintSha256Hex,
      publicKeySha256: publicKeySha256(vehicle.certificate),
      validFromMs: Math.max(...certificates.map(({ validFromMs }) => validFromMs)),
      validToMs: Math.min(...certificates.map(({ validToMs }) => validToMs)),
      metaData,
      storedAtMs: this.#clock(),
      contractCertificate: contract.der,
      response: encodeV2gMessage({ ...message, Header: { ...message.Header, SessionID: new Uint8Array(0) } }),
      signedXml: signedXmlOf(message),
    }
    const stored = await this.#storage.transaction((unit) => unit.contracts.put(bundle))
    if (stored === 'taken') throw emaidTaken()
    if (stored === 'vehicle-changed') throw vehicleUnknown()
  }

  /** @throws {PoolError} ERR_CCP_TAKEN when the EMAID belongs to another vehicle; free or the vehicle's own is fine */
  async requireFreeFor(emaid: { readonly key: string }, vehicle: Pick<Vehicle, 'pcidKey'>): Promise<void> {
    const owner = await this.#storage.stores.contracts.vehicleOf(emaid.key)
    if (owner !== undefined && owner !== vehicle.pcidKey) throw emaidTaken()
  }

  /** The bundles of the vehicle's default contract, the newest first. */
  async findDefault(vehicle: Vehicle): Promise<readonly DeliverableContract[]> {
    return await this.#storage.stores.contracts.findDefault(vehicle)
  }

  /** Those whose roots are still in the RCP: their chains held when they were added, and roots may have left since. */
  async stillTrusted(bundles: readonly DeliverableContract[]): Promise<readonly DeliverableContract[]> {
    const roots = await this.#roots.list()
    const holds = (fingerprint: string, types: readonly RootType[]): boolean =>
      roots.some(
        ({ certificate, rootType }) =>
          certificate.fingerprintSha256Hex === fingerprint && types.includes(rootType),
      )
    return bundles.filter(
      ({ rootFingerprint, contractRootFingerprint }) =>
        holds(rootFingerprint, CPS_ROOT_TYPES) && holds(contractRootFingerprint, CONTRACT_ROOT_TYPES),
    )
  }

  /**
   * Why a bundle is no longer to be delivered, by what the issuers of its two chains are known to have said: nobody is
   * asked while a vehicle waits, but soon after.
   */
  async refusalOf(bundle: DeliverableContract): Promise<PathRefusal | undefined> {
    const response = decodeV2gMessage(bundle.response).message.Body.CertificateInstallationRes
    if (response === undefined) throw new TypeError('a bundle holds a CertificateInstallationRes')
    const chains = [
      cpsChain(parseChain(response.SAProvisioningCertificateChain)),
      contractChain(parseChain(response.ContractSignatureCertChain)),
    ]
    for (const chain of chains) {
      const verdict = await this.#roots.judge({ ...chain, revocation: 'known' })
      if (!verdict.valid) return verdict
    }
    return undefined
  }

  /** The signature of the CPS, then its path to a V2G root. */
  async #verifyCps(
    message: V2gMessage,
    response: CertificateInstallationResType,
  ): Promise<readonly Certificate[]> {
    const chain = parseChain(response.SAProvisioningCertificateChain)
    const signature = verifyContractData({ message, verifier: attempt(() => verifierOf(chain.leaf)) })
    if (!signature.valid) throw refused(`${signature.code} ${signature.message}`)
    const verdict = await this.#roots.judge(cpsChain(chain))
    if (!verdict.valid) throw chainRefused('CPS', verdict)
    return verdict.path
  }

  async #verifyContract(response: CertificateInstallationResType): Promise<readonly Certificate[]> {
    const chain = parseChain(response.ContractSignatureCertChain)
    const nowMs = this.#clock()
    if (chain.leaf.validToMs < nowMs) throw contractExpired()
    const atMs = Math.max(nowMs, chain.leaf.validFromMs)
    const verdict = await this.#roots.judge({ ...contractChain(chain), atMs })
    if (!verdict.valid) throw chainRefused('contract', verdict)
    return verdict.path
  }
}

/** A valid path has at least a leaf and a root. */
function first([leaf]: readonly Certificate[]): Certificate {
  if (leaf === undefined) throw new TypeError('an empty path')
  return leaf
}

function last(path: readonly Certificate[]): Certificate {
  return first(path.toReversed())
}

type ParsedChain = Pick<Chain, 'leaf' | 'intermediates'>

const cpsChain = (chain: ParsedChain): Chain => ({ ...chain, rootTypes: CPS_ROOT_TYPES, use: 'cps' })
const contractChain = (chain: ParsedChain): Chain => ({
  ...chain,
  rootTypes: CONTRACT_ROOT_TYPES,
  use: 'contract',
})

function parseChain(chain: CertificateChainType): ParsedChain {
  return {
    leaf: attempt(() => parseCertificate(chain.Certificate)),
    intermediates: attempt(() => (chain.SubCertificates?.Certificate ?? []).map(parseCertificate)),
  }
}

/** What the codec lets through and is no certificate, key or EMAID all the same. */
function attempt<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    const code = codeOf(error)
    if (code?.startsWith('ERR_PKI_') !== true && code !== 'ERR_IDENTIFIER_EMAID') throw error
    throw refused(messageOf(error))
  }
}

function chainRefused(whose: 'CPS' | 'contract', refusal: PathRefusal): PoolError {
  if (refusal.code === 'ERR_PATH_STATUS_UNKNOWN') return statusUnknown(refusal)
  return refused(`chain of the ${whose}: ${refusal.message}`)
}

function emaidTaken(): PoolError {
  return new PoolError('ERR_CCP_TAKEN', 'Invalid Tupple - EMAID is already used by other PCID.')
}

export function vehicleUnknown(cause?: unknown): PoolError {
  return new PoolError(
    'ERR_CPS_VEHICLE_UNKNOWN',
    'The OEM provisioning certificate with the given PCID is not available.',
    { cause },
  )
}

export function contractExpired(): PoolError {
  return new PoolError(
    'ERR_CPS_CONTRACT_EXPIRED',
    'The validUntil date of contract certificate is in the past.',
  )
}

function refused(what: string): PoolError {
  return new PoolError('ERR_CCP_SIGNED_DATA', `The signed contract data is not acceptable: ${what}.`)
}
