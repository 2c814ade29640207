import type { Signer } from '#base'

import type { ReferenceType, SignatureType, SignedInfoType } from '../messages/iso2.generated.ts'
import { CANONICAL_EXI, type SignatureSuite, type SignedSchema, suiteOf } from './algorithms.ts'
import { digestOf, type SignedElement, signedInfoBytes } from './signed-element.ts'

/**
 * Signs elements, in the order given, with the algorithms that go with the signer's key. The elements carry their Id
 * already: it is part of what is digested.
 *
 * @throws {TypeError} for a key that the standard does not let sign
 * @throws {ExiError} when an element does not fit its schema; beside it whatever the signer rejects with
 */
export async function signElements({
  references,
  signer,
  schema = 'iso2',
}: {
  readonly references: readonly SignedElement[]
  readonly signer: Signer
  readonly schema?: SignedSchema
}): Promise<SignatureType> {
  const suite = suiteOf(schema, signer.algorithm)
  if (suite === undefined)
    throw new TypeError(`a ${signer.algorithm} key does not sign messages of ${schema}`)
  const SignedInfo: SignedInfoType = {
    CanonicalizationMethod: { Algorithm: CANONICAL_EXI },
    SignatureMethod: { Algorithm: suite.signatureMethod },
    Reference: references.map((signed) => referenceTo(signed, schema, suite)),
  }
  return { SignedInfo, SignatureValue: { $value: await signer.sign(signedInfoBytes(SignedInfo)) } }
}

function referenceTo(signed: SignedElement, schema: SignedSchema, suite: SignatureSuite): ReferenceType {
  return {
    URI: `#${signed.id}`,
    Transforms: { Transform: [{ Algorithm: CANONICAL_EXI }] },
    DigestMethod: { Algorithm: suite.digestMethod },
    DigestValue: digestOf(signed, schema, suite),
  }
}
