import type { Clock, RandomBytes } from '#base'
import { encryptContractKey, signedDataToXml, type ContractData, type Emaid, type Pcid } from '#iso15118'
import type { MessageNamespace } from '#opcp'
import { type Certificate, type CertificateOrder, generateP256KeyPair, type PathRefusal } from '#pki'

import type { ContractPool } from '../ccp/contract-pool.ts'
import { contractExpired } from '../ccp/contract-verification.ts'
import { trustedVehicle } from '../ccp/trusted-vehicle.ts'
import type { Actor } from '../http/caller.ts'
import type { ProvisioningPool, TrustedVehicle } from '../pcp/provisioning-pool.ts'
import { PoolError, statusUnknown } from '../pool-error.ts'
import type { RootPool } from '../rcp/root-pool.ts'
import type { OfferedContractData } from './contract-data.ts'
import type { CpsSigner } from './cps-signer.ts'
import type { CpsSigners } from './cps-signers.ts'

/** The operator's CA for contracts of mobility operators without a PKI of their own. */
export interface ContractAuthority {
  readonly certificate: Certificate
  readonly issue: (order: Omit<CertificateOrder, 'serialNumber'>) => Promise<Certificate>
  /** The CA's own certificate (sub CA 2), then sub CA 1; without the root. */
  readonly chain: readonly Certificate[]
}

interface Parts {
  readonly pools: {
    readonly roots: RootPool
    readonly vehicles: ProvisioningPool
    readonly contracts: ContractPool
  }
  readonly signers: CpsSigners
  /** As it is now; `undefined` when there is none. */
  readonly contractAuthority: () => ContractAuthority | undefined
  readonly clock: Clock
  readonly random: RandomBytes
}

/** Of every call to the CPS. */
interface Wish {
  readonly emaid: Emaid
  readonly namespace: MessageNamespace
  /** Of the V2G root; chosen for the vehicle when absent. */
  readonly fingerprint: string | undefined
  readonly metaData: string | undefined
}

export interface SignOrder extends Wish {
  readonly data: OfferedContractData
  /** The vehicle the contract is encrypted for, when that is known. */
  readonly pcid: Pcid | undefined
  /** Whether it becomes the contract of that vehicle. */
  readonly store: boolean
}

export interface GenerateOrder extends Wish {
  readonly pcid: Pcid
  readonly beginsAtMs: number
  readonly endsAtMs: number
}

export interface SignedData {
  readonly signedXml: string
  readonly root: Certificate
}

/** The certificate provisioning service: makes contracts installable by signing them for vehicles. */
export class ProvisioningService {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /**
   * Signs contract data of a mobility operator that has its own PKI. A PCID must be that of a vehicle which the contract
   * may belong to, whether it is stored or not.
   *
   * @throws {PoolError} ERR_CPS_*, ERR_CCP_*
   */
  async sign(order: SignOrder, by: Actor): Promise<SignedData> {
    const { data, emaid, pcid, store, namespace, fingerprint, metaData } = order
    const { contracts } = this.#parts.pools
    const vehicle = pcid && (await this.#vehicle(pcid, namespace))
    if (vehicle !== undefined) await contracts.requireFreeFor(emaid, vehicle)
    const subCertificates = await this.#judgeContract(data)
    const signer = await this.#signerFor(vehicle, fingerprint)
    const message = await signer.sign({
      contractChain: chainOf(data.contract, subCertificates),
      encryptedPrivateKey: data.encryptedPrivateKey,
      dhPublicKey: data.dhPublicKey,
      emaid: emaid.asIssued,
    })
    if (store && vehicle !== undefined) await contracts.add({ message, vehicle, metaData }, by)
    return { signedXml: signedDataToXml(message), root: signer.root }
  }

  /**
   * Makes a contract: key, certificate, encryption for the vehicle, signature, storage. The contract key exists only
   * inside this call; OpenSSL clears it when it is collected, and what is stored only the vehicle can open.
   *
   * @throws {PoolError} ERR_CPS_*, ERR_CCP_*, ERR_POOL_NOT_CONFIGURED
   */
  async generate(order: GenerateOrder, by: Actor): Promise<void> {
    const { clock, random, pools } = this.#parts
    const contractAuthority = this.#parts.contractAuthority()
    if (contractAuthority === undefined)
      throw new PoolError('ERR_POOL_NOT_CONFIGURED', 'This service has no CA for contract certificates.')
    const { emaid, pcid, namespace, fingerprint, metaData } = order
    const { certificate, chain, issue } = contractAuthority
    const notBeforeMs = Math.max(clock(), order.beginsAtMs)
    const notAfterMs = Math.min(order.endsAtMs, certificate.validToMs)
    if (order.endsAtMs <= clock())
      throw new PoolError('ERR_CPS_PERIOD', 'The given contractEnds date is in the past.')
    if (notAfterMs <= notBeforeMs)
      throw new PoolError('ERR_CPS_PERIOD', 'The given contractBegins date is after the end of the CA.')
    const vehicle = await this.#vehicle(pcid, namespace)
    await pools.contracts.requireFreeFor(emaid, vehicle)
    const signer = await this.#signerFor(vehicle, fingerprint)

    const { publicKey, privateKey } = await generateP256KeyPair()
    const contract = await issue({
      profile: 'contract',
      subject: { commonName: emaid.key, organizationName: certificate.organizationName ?? 'MO' },
      publicKey,
      notBeforeMs,
      notAfterMs,
    })
    const message = await signer.sign({
      ...encryptContractKey({
        vehiclePublicKey: vehicle.certificate.publicKey,
        contractPrivateKey: privateKey,
        random,
      }),
      contractChain: chainOf(contract, chain),
      emaid: emaid.key,
    })
    await pools.contracts.add({ message, vehicle, metaData }, by)
  }

  #vehicle(pcid: Pcid, namespace: MessageNamespace): Promise<TrustedVehicle> {
    return trustedVehicle(this.#parts.pools.vehicles, pcid, namespace)
  }

  #signerFor(vehicle: TrustedVehicle | undefined, fingerprint: string | undefined): Promise<CpsSigner> {
    return this.#parts.signers.choose({ fingerprint, v2gRootKeyIds: vehicle?.v2gRootKeyIds ?? [] })
  }

  /** The sub CAs in the order of the message, whatever order they came in. */
  async #judgeContract({ contract, subCertificates }: OfferedContractData): Promise<readonly Certificate[]> {
    const verdict = await this.#parts.pools.roots.judge({
      leaf: contract,
      intermediates: subCertificates,
      rootTypes: ['MO', 'V2G'],
      use: 'contract',
      atMs: Math.max(this.#parts.clock(), contract.validFromMs),
    })
    if (!verdict.valid) throw chainRefused(verdict, contract)
    const ordered = verdict.path.slice(1, -1)
    if (ordered.length !== subCertificates.length)
      throw new PoolError('ERR_CPS_CHAIN', 'The given sub CA certificates do not all belong to the chain.')
    return ordered
  }
}

function chainOf(leaf: Certificate, subCertificates: readonly Certificate[]): ContractData['contractChain'] {
  return { Certificate: leaf.der, SubCertificates: { Certificate: subCertificates.map(({ der }) => der) } }
}

function chainRefused(refusal: PathRefusal, contract: Certificate): PoolError {
  if (refusal.code === 'ERR_PATH_EXPIRED' && refusal.certificate.equals(contract)) return contractExpired()
  if (refusal.code === 'ERR_PATH_STATUS_UNKNOWN') return statusUnknown(refusal)
  if (refusal.code === 'ERR_PATH_REVOKED') {
    const { certificate, message } = refusal
    const which = certificate.equals(contract) ? 'contractCertificate' : certificate.distinguishedName
    return new PoolError('ERR_CPS_REVOKED', `Certificate ${which} is revoked.`, { cause: new Error(message) })
  }
  return new PoolError('ERR_CPS_CHAIN', 'No trusted root certificate found for the given chain.', {
    cause: new Error(refusal.message),
  })
}
