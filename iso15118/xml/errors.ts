import { CodedError } from '#base'

export type XmlErrorCode = 'ERR_XML_MALFORMED' | 'ERR_XML_TOO_LARGE' | 'ERR_XML_FORBIDDEN'

/** The text is not XML that this library reads: not well-formed, over a limit, or with a document type. */
export class XmlError extends CodedError<XmlErrorCode> {
  override name = 'XmlError'
}
