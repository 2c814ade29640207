/**
 * Signed contract data as OPCP carries it: a V2G_Message in XML whose header has no SessionID. The signature does not
 * cover the header, so whoever delivers the data puts in the session of the vehicle that asked.
 */
import { hexFromBytes } from '#base'

import { exiCodec } from '../exi/codec.ts'
import type { EventSink } from '../exi/event-sink.ts'
import type { XmlHandler } from '../xml/xml-reader.ts'
import { decodeV2gMessage, encodeV2gMessage, type V2gMessage } from './v2g-message.ts'

const MSG_HEADER = 'urn:iso:15118:2:2013:MsgHeader'
const SESSION_ID = { namespace: MSG_HEADER, name: 'SessionID' }

/** The message as XML without its SessionID. */
export function signedDataToXml(message: V2gMessage): string {
  return exiCodec('iso2').toXml(encodeV2gMessage(message), { through: withoutSessionId })
}

/**
 * Reads signed contract data; `sessionId` (1 to 8 bytes) fills the place of a SessionID that is not there. One that is
 * there stays.
 *
 * @throws XmlError when the text is not XML; ExiError when it is not a V2G_Message of the schema
 */
export function signedDataFromXml(xml: string, sessionId: Uint8Array): V2gMessage {
  const through = (handler: XmlHandler): XmlHandler => withSessionId(handler, sessionId)
  return decodeV2gMessage(exiCodec('iso2').fromXml(xml, { through })).message
}

function withSessionId(handler: XmlHandler, sessionId: Uint8Array): XmlHandler {
  let inHeader = false
  const insert = (): void => {
    handler.startElement(SESSION_ID, [], () => undefined)
    handler.text(hexFromBytes(sessionId))
    handler.endElement()
  }
  return {
    startElement(name, attributes, resolve) {
      if (inHeader && name.name !== SESSION_ID.name) insert()
      inHeader = name.name === 'Header'
      handler.startElement(name, attributes, resolve)
    },
    text: (text) => handler.text(text),
    endElement() {
      if (inHeader) insert()
      inHeader = false
      handler.endElement()
    },
  }
}

function withoutSessionId(sink: EventSink): EventSink {
  let inside = false
  return {
    startElement(element, repeated) {
      inside = element.name.name === SESSION_ID.name && element.name.namespace === MSG_HEADER
      if (!inside) sink.startElement(element, repeated)
    },
    attribute: (name, value, datatype) => sink.attribute(name, value, datatype),
    text(value, datatype) {
      if (!inside) sink.text(value, datatype)
    },
    endElement() {
      if (!inside) sink.endElement()
      inside = false
    },
  }
}
