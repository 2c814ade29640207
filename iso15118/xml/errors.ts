import { CodedError } from '#base'

export type XmlErrorCode =
  /** Not a well-formed document with namespaces. */
  | 'ERR_XML_MALFORMED'
  /** Over the limit of characters or of depth. */
  | 'ERR_XML_TOO_LARGE'
  /** A document type, or a character to be written that XML has no form for. */
  | 'ERR_XML_FORBIDDEN'

/** The text is not XML that this library reads: not well-formed, over a limit, or with a document type. */
export class XmlError extends CodedError<XmlErrorCode> {
  override name = 'XmlError'
}
