import { CodedError } from '#base'

/** Why a signature is not accepted. */
export type SignatureFaultCode =
  /** The message carries no signature, or is of a kind that none is defined for. */
  | 'ERR_SIGNATURE_ABSENT'
  /** Another canonicalization, transform, digest or signature algorithm than the signer's key demands. */
  | 'ERR_SIGNATURE_ALGORITHM'
  /** A part that must be signed has no Id, or shares it with another part. */
  | 'ERR_SIGNATURE_ID'
  /** A signed part or SignedInfo cannot be written as an EXI fragment. */
  | 'ERR_SIGNATURE_ENCODING'
  | 'ERR_SIGNATURE_TOO_MANY_REFERENCES'
  /** A part that must be signed is not referred to. */
  | 'ERR_SIGNATURE_REFERENCE_MISSING'
  | 'ERR_SIGNATURE_REFERENCE_DUPLICATE'
  /** A reference to something that is no part to be signed. */
  | 'ERR_SIGNATURE_REFERENCE_UNKNOWN'
  /** A signed part was changed: SignedInfo is signed, and holds another digest. */
  | 'ERR_SIGNATURE_DIGEST'
  /** SignedInfo was changed: it is not what was signed, and does not fit the parts either. */
  | 'ERR_SIGNATURE_SIGNED_INFO'
  /** SignedInfo fits the parts but is not signed by this key: another signer, or a changed SignatureValue. */
  | 'ERR_SIGNATURE_VALUE'

/** One reference of a signature against the part it names. */
export interface ReferenceVerdict {
  /** As in the message: `#` and the Id. */
  readonly uri: string
  /** Local name of the signed element. */
  readonly element: string
  readonly valid: boolean
}

/** `references`, in the order of the message, is empty when the check did not come so far; `message` is for people. */
export type SignatureVerdict =
  | { readonly valid: true; readonly references: readonly ReferenceVerdict[] }
  | {
      readonly valid: false
      readonly code: SignatureFaultCode
      readonly message: string
      readonly references: readonly ReferenceVerdict[]
    }

/** Leaves a check early; never leaves this folder, where it becomes a {@link SignatureVerdict}. */
export class SignatureFault extends CodedError<SignatureFaultCode> {
  override name = 'SignatureFault'
}
