import { CodedError } from '#base'

export type ContractKeyErrorCode =
  /** A key that is not of secp256r1. */
  | 'ERR_CONTRACT_KEY_CURVE'
  /** The DH public key is no uncompressed point of the curve. */
  | 'ERR_CONTRACT_KEY_POINT'
  /** The encrypted key has not the length of IV and scalar. */
  | 'ERR_CONTRACT_KEY_LENGTH'
  /** What was decrypted is no private key: nearly always encrypted for another vehicle. */
  | 'ERR_CONTRACT_KEY_RANGE'
  /** What was decrypted is another key than that of the contract certificate. */
  | 'ERR_CONTRACT_KEY_MISMATCH'

/** A contract key cannot be wrapped for this vehicle, or what arrived is not the key of the contract certificate. */
export class ContractKeyError extends CodedError<ContractKeyErrorCode> {
  override name = 'ContractKeyError'
}
