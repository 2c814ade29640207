import { createHash } from 'node:crypto'

import { exiCodec, type ExiElement } from '../exi/codec.ts'
import type { SignedInfoType } from '../messages/iso2.generated.ts'
import type { SignatureSuite, SignedSchema } from './algorithms.ts'

const XML_SIGNATURE_NAMESPACE = 'http://www.w3.org/2000/09/xmldsig#'

/** A part of a message that a signature covers, and the value of its Id attribute. */
export interface SignedElement {
  readonly id: string
  readonly element: ExiElement
}

/** @throws {ExiError} when the element does not fit its schema */
export function digestOf(
  { element }: SignedElement,
  schema: SignedSchema,
  suite: SignatureSuite,
): Uint8Array {
  return createHash(suite.hash).update(exiCodec(schema).encodeFragment(element)).digest()
}

/**
 * What is signed: SignedInfo as a fragment of the XML signature schema alone. With the grammar of the messages, which
 * know SignedInfo too, the bytes differ and no vehicle agrees.
 *
 * @throws {ExiError} when it does not fit the schema
 */
export function signedInfoBytes(signedInfo: SignedInfoType): Uint8Array {
  return exiCodec('xmldsig').encodeFragment({
    namespace: XML_SIGNATURE_NAMESPACE,
    name: 'SignedInfo',
    value: signedInfo,
  })
}
