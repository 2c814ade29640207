import { CodedError, equalBytes, type Verifier } from '#base'

import type { ReferenceType, SignatureType, SignedInfoType } from '../messages/iso2.generated.ts'
import { CANONICAL_EXI, type SignatureSuite, type SignedSchema, suiteOf } from './algorithms.ts'
import { digestOf, type SignedElement, signedInfoBytes } from './signed-element.ts'
import { type ReferenceVerdict, SignatureFault, type SignatureVerdict } from './verdict.ts'

/** V2G2-909; bounds the work that a forged signature can cause. */
const REFERENCES_MAX = 4

/** What {@link verifySignature} looks at; a signature that is absent is a refusal, not a mistake of the caller. */
export interface SignatureToVerify {
  readonly signature: SignatureType | undefined
  /** The parts that must be signed, which the caller takes from their places: no reference chooses them. */
  readonly elements: readonly SignedElement[]
  readonly verifier: Verifier
  /** Default: `iso2`. */
  readonly schema?: SignedSchema
}

/**
 * Checks that `signature` covers each of `elements` exactly once, and nothing else, and is made by the key of
 * `verifier`. The order of the references is free: they are matched by their URI. Never throws on what a peer sent.
 *
 * Whether that key may sign such a message is not asked here: that is for its certificate's chain to tell.
 */
export function verifySignature(toVerify: SignatureToVerify): SignatureVerdict {
  try {
    return verdictOf(toVerify)
  } catch (error) {
    if (!(error instanceof CodedError)) throw error
    const code = error instanceof SignatureFault ? error.code : 'ERR_SIGNATURE_ENCODING'
    return { valid: false, code, message: error.message, references: [] }
  }
}

function verdictOf({ signature, elements, verifier, schema = 'iso2' }: SignatureToVerify): SignatureVerdict {
  if (signature === undefined) throw new SignatureFault('ERR_SIGNATURE_ABSENT', 'the message is not signed')
  const { SignedInfo, SignatureValue } = signature
  const suite = suiteOf(schema, verifier.algorithm)
  if (suite === undefined) {
    throw new SignatureFault(
      'ERR_SIGNATURE_ALGORITHM',
      `a ${verifier.algorithm} key signs no message of ${schema}`,
    )
  }
  const matches = match(SignedInfo.Reference, elements)
  assertAlgorithms(SignedInfo, suite)
  const references = matches.map(({ reference, signed }) => ({
    uri: `#${signed.id}`,
    element: signed.element.name,
    valid: equalBytes(reference.DigestValue, digestOf(signed, schema, suite)),
  }))
  return conclude(references, verifier.verify(signedInfoBytes(SignedInfo), SignatureValue.$value))
}

interface Match {
  readonly reference: ReferenceType
  readonly signed: SignedElement
}

function match(references: readonly ReferenceType[], elements: readonly SignedElement[]): readonly Match[] {
  if (references.length > REFERENCES_MAX) {
    throw new SignatureFault(
      'ERR_SIGNATURE_TOO_MANY_REFERENCES',
      `${references.length} references, limit ${REFERENCES_MAX}`,
    )
  }
  const unmatched = byUri(elements)
  const known = new Set(unmatched.keys())
  const matches = references.map((reference) => {
    const uri = reference.URI ?? ''
    const signed = unmatched.get(uri)
    if (signed !== undefined) {
      unmatched.delete(uri)
      return { reference, signed }
    }
    if (known.has(uri)) {
      throw new SignatureFault(
        'ERR_SIGNATURE_REFERENCE_DUPLICATE',
        `two references to ${JSON.stringify(uri)}`,
      )
    }
    throw new SignatureFault(
      'ERR_SIGNATURE_REFERENCE_UNKNOWN',
      `reference to ${JSON.stringify(uri)}, which is no part to be signed`,
    )
  })
  for (const [uri, { element }] of unmatched) {
    throw new SignatureFault('ERR_SIGNATURE_REFERENCE_MISSING', `${element.name} (${uri}) is not signed`)
  }
  return matches
}

function byUri(elements: readonly SignedElement[]): Map<string, SignedElement> {
  const parts = new Map<string, SignedElement>()
  for (const signed of elements) {
    const uri = `#${signed.id}`
    if (signed.id === '' || parts.has(uri)) {
      throw new SignatureFault('ERR_SIGNATURE_ID', `${signed.element.name} has no Id of its own`)
    }
    parts.set(uri, signed)
  }
  return parts
}

function assertAlgorithms(signedInfo: SignedInfoType, suite: SignatureSuite): void {
  const { CanonicalizationMethod, SignatureMethod, Reference } = signedInfo
  assertAlgorithm(CanonicalizationMethod, CANONICAL_EXI)
  assertAlgorithm(SignatureMethod, suite.signatureMethod)
  for (const { DigestMethod, Transforms } of Reference) {
    assertAlgorithm(DigestMethod, suite.digestMethod)
    // Without a transform the element would be digested in the same form: there is no other in ISO 15118.
    for (const transform of Transforms?.Transform ?? []) assertAlgorithm(transform, CANONICAL_EXI)
  }
}

function assertAlgorithm({ Algorithm }: { readonly Algorithm: string }, expected: string): void {
  if (Algorithm === expected) return
  throw new SignatureFault(
    'ERR_SIGNATURE_ALGORITHM',
    `algorithm ${JSON.stringify(Algorithm)}, expected ${expected}`,
  )
}

/** SignedInfo is looked at first: digests that nobody signed say nothing about the parts. */
function conclude(references: readonly ReferenceVerdict[], signed: boolean): SignatureVerdict {
  const changed = references.filter(({ valid }) => !valid)
  if (signed && changed.length === 0) return { valid: true, references }
  const parts = changed.map(({ element, uri }) => `${element} (${uri})`).join(', ')
  const fault = signed
    ? ({ code: 'ERR_SIGNATURE_DIGEST', message: `changed after it was signed: ${parts}` } as const)
    : changed.length > 0
      ? ({
          code: 'ERR_SIGNATURE_SIGNED_INFO',
          message: `SignedInfo is not signed by this key and does not fit ${parts}`,
        } as const)
      : ({ code: 'ERR_SIGNATURE_VALUE', message: 'SignedInfo is not signed by this key' } as const)
  return { valid: false, ...fault, references }
}
