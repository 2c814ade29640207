import { v2gMessageToXml, type V2gMessage } from '#iso15118'

/** The codec writes it once, in the header, and it holds hexadecimal digits or nothing. */
const SESSION_ID = /<((?:[\w.-]+:)?SessionID)(?:\/>|>[0-9A-Fa-f]*<\/\1>)/

/** Signed contract data as OPCP carries it: the XML of the message, without SessionID. */
export function signedXmlOf(message: V2gMessage): string {
  return v2gMessageToXml(message).replace(SESSION_ID, '')
}
