import { exiCodec } from '../exi/codec.ts'
import { ExiError } from '../exi/errors.ts'
import type { V2G_MessageType } from './iso2.generated.ts'

/** The namespace of V2G_Message, which OPCP and OCPP name as the schema of ISO 15118-2. */
export const ISO2_MSG_DEF = 'urn:iso:15118:2:2013:MsgDef'
export const ISO2_MSG_BODY = 'urn:iso:15118:2:2013:MsgBody'
export const ISO2_MSG_DATA_TYPES = 'urn:iso:15118:2:2013:MsgDataTypes'

/** A message of ISO 15118-2: its header and the one message in its body, in the codec's object form. */
export type V2gMessage = V2G_MessageType

const ROOT = { namespace: ISO2_MSG_DEF, name: 'V2G_Message' }

/**
 * Decodes the EXI document of a V2G_Message.
 *
 * @throws {ExiError} as `ExiCodec.decode`; ERR_EXI_DEVIATION when the document is something else
 */
export function decodeV2gMessage(exi: Uint8Array): { message: V2gMessage; trailingBytes: number } {
  const { element, trailingBytes } = exiCodec('iso2').decodeDocument(exi)
  if (element.name !== ROOT.name || element.namespace !== ROOT.namespace) {
    throw new ExiError('ERR_EXI_DEVIATION', `a document with the root ${element.name}, not V2G_Message`)
  }
  // The grammar of V2G_Message gives this shape and no other: the type is generated from the same schema.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- checking it again would be decoding it twice
  return { message: element.value as V2gMessage, trailingBytes }
}

/** @throws {ExiError} ERR_EXI_VALUE when the message does not fit the schema */
export function encodeV2gMessage(message: V2gMessage): Uint8Array {
  return exiCodec('iso2').encodeDocument({ ...ROOT, value: message })
}

/** The message as XML text, the form in which OPCP carries signed contract data. */
export function v2gMessageToXml(message: V2gMessage): string {
  return exiCodec('iso2').toXml(encodeV2gMessage(message))
}

/** @throws XmlError when the text is not XML; {@link ExiError} when it is not a V2G_Message of the schema */
export function v2gMessageFromXml(xml: string): V2gMessage {
  return decodeV2gMessage(exiCodec('iso2').fromXml(xml)).message
}
