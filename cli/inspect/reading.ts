import { CodedError } from '#base'
import {
  decodeV2gMessage,
  exiCodec,
  type ExiElement,
  signedDataFromXml,
  type V2gMessage,
  v2gMessageFromXml,
} from '#iso15118'

import { unusableInput } from '../failure.ts'
import { type Input, xmlText } from '../input.ts'

/** What the input turned out to be. */
export type Reading =
  | {
      readonly kind: 'document'
      readonly message: V2gMessage
      readonly trailingBytes: number
      /** Signed contract data between pools is a message that belongs to no session yet. */
      readonly session: 'present' | 'absent'
    }
  | { readonly kind: 'fragment'; readonly element: ExiElement; readonly trailingBytes: number }

/** Fills the place of a session that is not there. */
const NO_SESSION = Uint8Array.of(0)

/** The grammars a fragment may be written with: elements of messages, and SignedInfo as it is signed. */
const FRAGMENT_SCHEMAS = ['xmldsig', 'iso2'] as const

/**
 * Reads a whole message, from EXI or XML, or else a fragment such as signatures digest.
 *
 * @throws {UnusableInput} with the code of what refused it as a message
 */
export function readMessage(input: Input): Reading {
  const { form, bytes } = input
  const xml = form === 'xml' ? xmlText(input) : undefined
  try {
    if (xml !== undefined) return xmlReading(xml)
    const { message, trailingBytes } = decodeV2gMessage(bytes)
    return { kind: 'document', message, trailingBytes, session: 'present' }
  } catch (error) {
    const fragment = form === 'xml' ? undefined : fragmentOf(bytes)
    if (fragment !== undefined) return fragment
    throw unusableInput(error)
  }
}

function xmlReading(xml: string): Reading {
  const document = { kind: 'document', trailingBytes: 0 } as const
  try {
    return { ...document, message: v2gMessageFromXml(xml), session: 'present' }
  } catch (error) {
    try {
      return { ...document, message: signedDataFromXml(xml, NO_SESSION), session: 'absent' }
    } catch {
      throw error
    }
  }
}

/** A fragment is taken for one only when it ends exactly where the bytes do: short ones fit many grammars. */
function fragmentOf(bytes: Uint8Array): Reading | undefined {
  for (const schema of FRAGMENT_SCHEMAS) {
    try {
      const { element, trailingBytes } = exiCodec(schema).decodeFragment(bytes)
      if (trailingBytes === 0) return { kind: 'fragment', element, trailingBytes }
    } catch (error) {
      if (!(error instanceof CodedError)) throw error
    }
  }
  return undefined
}
