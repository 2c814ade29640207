import type { Clock } from '#base'
import {
  type CertificateChainType,
  type CertificateInstallationResType,
  encodeV2gMessage,
  parseEmaid,
  verifyContractData,
  type V2gMessage,
} from '#iso15118'
import { parseCertificate, verifierOf, type Certificate } from '#pki'

import { publicKeySha256, type Vehicle } from '../pcp/provisioning-pool.ts'
import { PoolError } from '../pool-error.ts'
import type { RootPool } from '../rcp/root-pool.ts'
import type { ContractStore, DeliverableContract } from './contract-store.ts'
import { signedXmlOf } from './signed-xml.ts'

export interface SignedContractData {
  /** A CertificateInstallationRes with ResponseCode OK, signed by a CPS; its session id is not looked at. */
  readonly message: V2gMessage
  /** Whom the contract key in it is encrypted for. */
  readonly vehicle: Vehicle
  readonly metaData: string | undefined
}

/** The contract certificate pool: signed contract data waits here until its vehicle asks. */
export class ContractPool {
  readonly #store: ContractStore
  readonly #roots: RootPool
  readonly #clock: Clock

  constructor({ store, roots, clock }: { store: ContractStore; roots: RootPool; clock: Clock }) {
    this.#store = store
    this.#roots = roots
    this.#clock = clock
  }

  /**
   * Verifies what a CPS signed, also our own, and keeps it for the vehicle in place of any earlier contract of the same
   * EMAID below the same V2G root.
   *
   * @throws {PoolError} ERR_CCP_SIGNED_DATA, ERR_CPS_CONTRACT_EXPIRED, ERR_CCP_TAKEN, ERR_CPS_VEHICLE_UNKNOWN
   */
  async add({ message, vehicle, metaData }: SignedContractData): Promise<void> {
    const response = message.Body.CertificateInstallationRes
    if (response?.ResponseCode !== 'OK') throw refused('not a CertificateInstallationRes with contract data')
    const cpsPath = await this.#verifyCps(message, response)
    const contractPath = await this.#judgeContract(response.ContractSignatureCertChain)
    const [contract, v2gRoot] = [first(contractPath), last(cpsPath)]
    const certificates = [...cpsPath, ...contractPath]
    const emaid = parseEmaid(response.eMAID.$value)
    if (parseEmaid(contract.commonName ?? '').key !== emaid.key)
      throw refused('eMAID is not the common name of the contract certificate')
    const stored = await this.#store.put({
      emaid,
      pcidKey: vehicle.pcidKey,
      namespace: vehicle.namespace,
      rootFingerprint: v2gRoot.fingerprintSha256Hex,
      publicKeySha256: publicKeySha256(vehicle.certificate),
      validFromMs: Math.max(...certificates.map(({ validFromMs }) => validFromMs)),
      validToMs: Math.min(...certificates.map(({ validToMs }) => validToMs)),
      metaData,
      storedAtMs: this.#clock(),
      contractCertificate: contract.der,
      response: encodeV2gMessage({ ...message, Header: { ...message.Header, SessionID: new Uint8Array(0) } }),
      signedXml: signedXmlOf(message),
    })
    if (stored === 'taken') throw emaidTaken()
    if (stored === 'vehicle-changed') throw vehicleUnknown()
  }

  /** @throws {PoolError} ERR_CCP_TAKEN when the EMAID belongs to another vehicle; free or the vehicle's own is fine */
  async requireFreeFor(emaid: { readonly key: string }, vehicle: Pick<Vehicle, 'pcidKey'>): Promise<void> {
    const owner = await this.#store.vehicleOf(emaid.key)
    if (owner !== undefined && owner !== vehicle.pcidKey) throw emaidTaken()
  }

  /** The bundles of the vehicle's default contract, the newest first. */
  async findDefault(vehicle: Vehicle): Promise<readonly DeliverableContract[]> {
    return await this.#store.findDefault(vehicle)
  }

  /** The signature of the CPS, then its path to a V2G root. */
  async #verifyCps(
    message: V2gMessage,
    response: CertificateInstallationResType,
  ): Promise<readonly Certificate[]> {
    const { leaf, intermediates } = parseChain(response.SAProvisioningCertificateChain)
    const signature = verifyContractData({ message, verifier: verifierOf(leaf) })
    if (!signature.valid) throw refused(`${signature.code} ${signature.message}`)
    const verdict = await this.#roots.judge({ leaf, intermediates, rootTypes: ['V2G'], use: 'cps' })
    if (!verdict.valid) throw refused(`chain of the CPS: ${verdict.message}`)
    return verdict.path
  }

  async #judgeContract(chain: CertificateChainType): Promise<readonly Certificate[]> {
    const { leaf, intermediates } = parseChain(chain)
    const nowMs = this.#clock()
    if (leaf.validToMs < nowMs) throw contractExpired()
    const verdict = await this.#roots.judge({
      leaf,
      intermediates,
      rootTypes: ['MO', 'V2G'],
      use: 'contract',
      atMs: Math.max(nowMs, leaf.validFromMs),
    })
    if (!verdict.valid) throw refused(`chain of the contract: ${verdict.message}`)
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

function parseChain(chain: CertificateChainType): {
  leaf: Certificate
  intermediates: readonly Certificate[]
} {
  return {
    leaf: parseCertificate(chain.Certificate),
    intermediates: (chain.SubCertificates?.Certificate ?? []).map(parseCertificate),
  }
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
