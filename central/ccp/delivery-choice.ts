import { CodedError, equalBytes, type Clock } from '#base'
import type { IssuerAndSerial, PathErrorCode, PathRefusal } from '#pki'

import type { Vehicle } from '../pcp/provisioning-pool.ts'
import type { RootPool } from '../rcp/root-pool.ts'
import { usableBundles, type UnknownRootsPolicy } from './bundle-choice.ts'
import type { DeliverableContract } from './contract-store.ts'
import type { ContractVerification } from './contract-verification.ts'

/** Why no bundle of a contract is delivered. */
export type DeliveryErrorCode =
  | 'ERR_CCP_CONTRACT_UNKNOWN'
  | 'ERR_CCP_CONTRACT_NOT_YET_VALID'
  | 'ERR_CCP_CONTRACT_EXPIRED'
  /** The contract or the CPS that signed it, or a CA of theirs. */
  | 'ERR_CCP_CONTRACT_REVOKED'
  /** Nobody has said whether a certificate is revoked, and the config wants it known. */
  | 'ERR_CCP_CONTRACT_STATUS_UNKNOWN'
  /** A root of its chains was taken out of the RCP. */
  | 'ERR_CCP_CONTRACT_UNTRUSTED'
  /** The vehicle lists V2G roots of the RCP, and the contract is signed below none of them. */
  | 'ERR_CCP_ROOT_NOT_LISTED'

export class DeliveryError extends CodedError<DeliveryErrorCode> {
  override name = 'DeliveryError'
}

const CODES: Partial<Record<PathErrorCode, DeliveryErrorCode>> = {
  ERR_PATH_REVOKED: 'ERR_CCP_CONTRACT_REVOKED',
  ERR_PATH_STATUS_UNKNOWN: 'ERR_CCP_CONTRACT_STATUS_UNKNOWN',
}

/** A contract would have to be replaced between every two readings of it to use up more. */
const ATTEMPTS_MAX = 5

interface Parts {
  readonly roots: Pick<RootPool, 'list'>
  readonly verification: Pick<ContractVerification, 'stillTrusted'> & {
    readonly refusalOf: (
      bundle: DeliverableContract,
    ) => Promise<Pick<PathRefusal, 'code' | 'message'> | undefined>
  }
  readonly clock: Clock
  /** Fingerprint of the V2G root the operator's CPS uses when nobody asks for another. */
  readonly operatorRoot: () => string | undefined
}

export interface DeliveryWish {
  readonly vehicle: Pick<Vehicle, 'v2gRootKeyIds'>
  /** The vehicle's ListOfRootCertificateIDs; empty when nobody has one. */
  readonly list: readonly IssuerAndSerial[]
  readonly unknownRoots: UnknownRootsPolicy
  /** Whether a contract that begins later may be handed out already. */
  readonly early: boolean
}

/** Says which bundle of a contract leaves the pool, judged anew: much may have happened since it came in. */
export class DeliveryChoice {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /**
   * The best of the bundles that are valid, trusted, below a root of the vehicle, and not known to be revoked. Nobody is
   * asked about revocations while a vehicle waits. `read` gives the bundles held now: those that were refused are read
   * again, as a replacement revokes what was just read.
   *
   * @throws {DeliveryError} with what kept the best one from being delivered
   */
  async choose(
    read: () => Promise<readonly DeliverableContract[]>,
    wish: DeliveryWish,
  ): Promise<DeliverableContract> {
    let bundles = await read()
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#chooseOf(bundles, wish)
      } catch (error) {
        if (!(error instanceof DeliveryError) || attempt === ATTEMPTS_MAX) throw error
        const held = await read()
        if (areSame(held, bundles)) throw error
        bundles = held
      }
    }
  }

  async #chooseOf(bundles: readonly DeliverableContract[], wish: DeliveryWish): Promise<DeliverableContract> {
    const current = this.#current(bundles, wish)
    const trusted = await this.#parts.verification.stillTrusted(current)
    if (trusted.length === 0)
      throw new DeliveryError('ERR_CCP_CONTRACT_UNTRUSTED', 'a root of the contract has left the RCP')
    const [best, ...others] = await this.#usable(trusted, wish)
    if (best === undefined)
      throw new DeliveryError(
        'ERR_CCP_ROOT_NOT_LISTED',
        'the contract is signed below none of the V2G roots the vehicle lists',
      )
    return await this.#firstUnrevoked(best, others)
  }

  #current(bundles: readonly DeliverableContract[], { early }: DeliveryWish): readonly DeliverableContract[] {
    const nowMs = this.#parts.clock()
    if (bundles.length === 0)
      throw new DeliveryError('ERR_CCP_CONTRACT_UNKNOWN', 'the vehicle has no such contract')
    const current = bundles.filter(({ validToMs }) => nowMs <= validToMs)
    if (current.length === 0) throw new DeliveryError('ERR_CCP_CONTRACT_EXPIRED', 'the contract has expired')
    const begun = early ? current : current.filter(({ validFromMs }) => validFromMs <= nowMs)
    if (begun.length > 0) return begun
    throw new DeliveryError('ERR_CCP_CONTRACT_NOT_YET_VALID', 'the contract begins later')
  }

  async #usable(
    bundles: readonly DeliverableContract[],
    { vehicle, list, unknownRoots }: DeliveryWish,
  ): Promise<readonly DeliverableContract[]> {
    const v2gRoots = (await this.#parts.roots.list())
      .filter(({ rootType }) => rootType === 'V2G')
      .map(({ certificate }) => certificate)
    return usableBundles(bundles, {
      list,
      v2gRoots,
      vehicleRootKeyIds: vehicle.v2gRootKeyIds,
      operatorRoot: this.#parts.operatorRoot(),
      unknownRoots,
    })
  }

  /** Judged one by one, as the first is nearly always good. */
  async #firstUnrevoked(
    best: DeliverableContract,
    others: readonly DeliverableContract[],
  ): Promise<DeliverableContract> {
    const refusal = await this.#parts.verification.refusalOf(best)
    if (refusal === undefined) return best
    for (const other of others)
      if ((await this.#parts.verification.refusalOf(other)) === undefined) return other
    const code = CODES[refusal.code] ?? 'ERR_CCP_CONTRACT_UNTRUSTED'
    throw new DeliveryError(code, `${refusal.code} ${refusal.message}`)
  }
}

function areSame(some: readonly DeliverableContract[], others: readonly DeliverableContract[]): boolean {
  return (
    some.length === others.length &&
    some.every(({ response }) => others.some((other) => equalBytes(other.response, response)))
  )
}
