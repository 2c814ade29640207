import { CodedError } from '#base'
import { decodeV2gMessage, exiCodec, type ExiElement, type V2gMessage, v2gMessageFromXml } from '#iso15118'

import { unusableInput } from '../failure.ts'
import { type Input } from '../input.ts'

/** What the input turned out to be. */
export type Reading =
  | { readonly kind: 'document'; readonly message: V2gMessage; readonly trailingBytes: number }
  | { readonly kind: 'fragment'; readonly element: ExiElement; readonly trailingBytes: number }

/** The grammars a fragment may be written with: elements of messages, and SignedInfo as it is signed. */
const FRAGMENT_SCHEMAS = ['xmldsig', 'iso2'] as const

/**
 * Reads a whole message, from EXI or XML, or else a fragment such as signatures digest.
 *
 * @throws {UnusableInput} with the code of what refused it as a message
 */
export function readMessage({ form, bytes }: Input): Reading {
  try {
    if (form === 'xml') {
      const xml = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
      return { kind: 'document', message: v2gMessageFromXml(xml), trailingBytes: 0 }
    }
    return { kind: 'document', ...decodeV2gMessage(bytes) }
  } catch (error) {
    const fragment = form === 'xml' ? undefined : fragmentOf(bytes)
    if (fragment !== undefined) return fragment
    throw unusableInput(error)
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
