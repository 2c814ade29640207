import { codeOf, messageOf, type Clock } from '#base'
import {
  decodeV2gMessage,
  parseEmaid,
  verifyContractData,
  type CertificateChainType,
  type CertificateInstallationResType,
  type Emaid,
  type V2gMessage,
} from '#iso15118'
import type { RootType } from '#opcp'
import { parseCertificate, verifierOf, type Certificate, type PathRefusal } from '#pki'

import { PoolError, statusUnknown } from '../pool-error.ts'
import type { Chain, RootPool } from '../rcp/root-pool.ts'
import type { DeliverableContract } from './contract-store.ts'

/** Which roots may vouch for the two chains of signed contract data. */
const CPS_ROOT_TYPES: readonly RootType[] = ['V2G']
const CONTRACT_ROOT_TYPES: readonly RootType[] = ['MO', 'V2G']

/** Signed contract data whose signature and chains held when they were looked at. */
export interface VerifiedContractData {
  readonly emaid: Emaid
  readonly contract: Certificate
  /** Where the chain of the CPS ends, and that of the contract. */
  readonly cpsRoot: Certificate
  readonly contractRoot: Certificate
  /** When every certificate in the message is valid, those of the CPS and the roots included. */
  readonly validFromMs: number
  readonly validToMs: number
}

/** Judges what a CPS signed: on its way into the pool in full, on its way out by what may have changed since. */
export class ContractVerification {
  readonly #roots: RootPool
  readonly #clock: Clock

  constructor({ roots, clock }: { roots: RootPool; clock: Clock }) {
    this.#roots = roots
    this.#clock = clock
  }

  /** @throws {PoolError} ERR_CCP_SIGNED_DATA, ERR_CPS_CONTRACT_EXPIRED, ERR_POOL_STATUS_UNKNOWN */
  async verify(message: V2gMessage): Promise<VerifiedContractData> {
    const response = message.Body.CertificateInstallationRes
    if (response?.ResponseCode !== 'OK')
      throw signedDataRefused('not a CertificateInstallationRes with contract data')
    const cpsPath = await this.#verifyCps(message, response)
    const contractPath = await this.#verifyContract(response)
    const contract = first(contractPath)
    const emaid = attempt(() => parseEmaid(response.eMAID.$value))
    if (attempt(() => parseEmaid(contract.commonName ?? '')).key !== emaid.key)
      throw signedDataRefused('eMAID is not the common name of the contract certificate')
    const certificates = [...cpsPath, ...contractPath]
    return {
      emaid,
      contract,
      cpsRoot: last(cpsPath),
      contractRoot: last(contractPath),
      validFromMs: Math.max(...certificates.map(({ validFromMs }) => validFromMs)),
      validToMs: Math.min(...certificates.map(({ validToMs }) => validToMs)),
    }
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
    if (!signature.valid) throw signedDataRefused(`${signature.code} ${signature.message}`)
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
    throw signedDataRefused(messageOf(error))
  }
}

function chainRefused(whose: 'CPS' | 'contract', refusal: PathRefusal): PoolError {
  if (refusal.code === 'ERR_PATH_STATUS_UNKNOWN') return statusUnknown(refusal)
  return signedDataRefused(`chain of the ${whose}: ${refusal.message}`)
}

export function contractExpired(): PoolError {
  return new PoolError(
    'ERR_CPS_CONTRACT_EXPIRED',
    'The validUntil date of contract certificate is in the past.',
  )
}

export function signedDataRefused(what: string): PoolError {
  return new PoolError('ERR_CCP_SIGNED_DATA', `The signed contract data is not acceptable: ${what}.`)
}
