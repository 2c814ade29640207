import { CodedError } from '#base'

export type ContractKeyErrorCode =
  | 'ERR_CONTRACT_KEY_CURVE'
  | 'ERR_CONTRACT_KEY_POINT'
  | 'ERR_CONTRACT_KEY_LENGTH'
  | 'ERR_CONTRACT_KEY_RANGE'
  | 'ERR_CONTRACT_KEY_MISMATCH'

/** A contract key cannot be wrapped for this vehicle, or what arrived is not the key of the contract certificate. */
export class ContractKeyError extends CodedError<ContractKeyErrorCode> {
  override name = 'ContractKeyError'
}
