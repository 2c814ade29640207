import { SaxesParser, type SaxesTagNS } from 'saxes'

import { XmlError } from './errors.ts'

/** Above any signed contract data seen (7 KB); OPCP carries it base64 in JSON, so a body limit comes first. */
const XML_CHARACTERS_MAX = 256 * 1024
/** Deeper than any message of ISO 15118 (at most 12). */
const XML_DEPTH_MAX = 64
/** Of a name with its prefix; the longest of ISO 15118 has about 50. Names stand in messages of errors, so in logs. */
const XML_NAME_CHARACTERS_MAX = 256

export interface XmlName {
  /** The namespace name, `''` for none. */
  readonly namespace: string
  readonly name: string
}

export interface XmlAttribute extends XmlName {
  readonly value: string
}

/** Receives a document in order. `resolve` gives the namespace of a prefix in scope, for QNames in values. */
export interface XmlHandler {
  startElement(
    name: XmlName,
    attributes: readonly XmlAttribute[],
    resolve: (prefix: string) => string | undefined,
  ): void
  /** A run of character data; one text may arrive in several runs. */
  text(text: string): void
  endElement(): void
}

/**
 * Reads a whole namespace-well-formed XML document. Comments and processing instructions are passed over; namespace
 * declarations are not attributes. A document type is refused unless `doctype` is `'skip'`, and never evaluated:
 * entities other than the five of XML are errors either way.
 *
 * @throws {XmlError} ERR_XML_MALFORMED, ERR_XML_TOO_LARGE (256 Ki characters, depth 64, names of 256), ERR_XML_FORBIDDEN (document type)
 */
export function readXml(
  xml: string,
  handler: XmlHandler,
  { doctype = 'refuse' }: { doctype?: 'refuse' | 'skip' } = {},
): void {
  if (xml.length > XML_CHARACTERS_MAX) {
    throw new XmlError('ERR_XML_TOO_LARGE', `XML of ${xml.length} characters, limit ${XML_CHARACTERS_MAX}`)
  }
  const parser = new SaxesParser({ xmlns: true })
  let depth = 0
  parser.on('error', (error) => {
    throw new XmlError('ERR_XML_MALFORMED', error.message.slice(0, XML_NAME_CHARACTERS_MAX))
  })
  parser.on('doctype', () => {
    if (doctype === 'refuse') throw new XmlError('ERR_XML_FORBIDDEN', 'a document type is not accepted')
  })
  parser.on('opentag', (tag) => {
    depth++
    if (depth > XML_DEPTH_MAX)
      throw new XmlError('ERR_XML_TOO_LARGE', `XML deeper than ${XML_DEPTH_MAX} elements`)
    for (const name of [tag.name, ...Object.keys(tag.attributes)]) {
      if (name.length > XML_NAME_CHARACTERS_MAX)
        throw new XmlError(
          'ERR_XML_TOO_LARGE',
          `XML name of ${name.length} characters, limit ${XML_NAME_CHARACTERS_MAX}`,
        )
    }
    handler.startElement({ namespace: tag.uri, name: tag.local }, attributesOf(tag), (prefix) =>
      parser.resolve(prefix),
    )
  })
  parser.on('text', (text) => {
    if (depth > 0) handler.text(text)
  })
  parser.on('cdata', (text) => handler.text(text))
  parser.on('closetag', () => {
    depth--
    handler.endElement()
  })
  parser.write(xml).close()
}

const XMLNS = 'http://www.w3.org/2000/xmlns/'

function attributesOf(tag: SaxesTagNS): XmlAttribute[] {
  return Object.values(tag.attributes)
    .filter((attribute) => attribute.uri !== XMLNS)
    .map((attribute) => ({ namespace: attribute.uri, name: attribute.local, value: attribute.value }))
}
