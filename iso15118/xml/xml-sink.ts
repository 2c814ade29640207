import type { Datatype, ExiValue } from '../exi/datatype.ts'
import type { EventSink } from '../exi/event-sink.ts'
import type { ElementGrammar } from '../exi/grammar.ts'
import type { ExiName } from '../exi/name.ts'
import { XmlError } from './errors.ts'

/** The prefixes that ISO 15118 itself and its readers use; others are numbered. */
const PREFIXES: Readonly<Record<string, string>> = {
  'urn:iso:15118:2:2013:MsgDef': 'v2gci_d',
  'urn:iso:15118:2:2013:MsgHeader': 'v2gci_h',
  'urn:iso:15118:2:2013:MsgBody': 'v2gci_b',
  'urn:iso:15118:2:2013:MsgDataTypes': 'v2gci_t',
  'urn:iso:std:iso:15118:-20:CommonMessages': 'v2gci_cm',
  'urn:iso:std:iso:15118:-20:CommonTypes': 'v2gci_ct',
  'http://www.w3.org/2000/09/xmldsig#': 'xmlsig',
}

/** Writes events as an XML document without white space between elements; its root declares every namespace of the schema. */
export class XmlSink implements EventSink {
  readonly #prefixes: ReadonlyMap<string, string>
  readonly #open: string[] = []
  #xml = '<?xml version="1.0" encoding="UTF-8"?>'
  /** Whether the last start tag still waits for its `>`. */
  #inStartTag = false

  constructor(namespaces: readonly string[]) {
    this.#prefixes = new Map(namespaces.map((uri, i) => [uri, PREFIXES[uri] ?? `ns${i + 1}`]))
  }

  get xml(): string {
    return this.#xml
  }

  startElement(element: ElementGrammar): void {
    this.#closeStartTag()
    const name = this.#name(element.name)
    this.#xml += `<${name}`
    if (this.#open.length === 0) {
      for (const [uri, prefix] of this.#prefixes) this.#xml += ` xmlns:${prefix}="${escapeAttribute(uri)}"`
    }
    this.#open.push(name)
    this.#inStartTag = true
  }

  attribute(name: ExiName, value: ExiValue, datatype: Datatype): void {
    this.#xml += ` ${this.#name(name)}="${escapeAttribute(datatype.format(value))}"`
  }

  text(value: ExiValue, datatype: Datatype): void {
    this.#closeStartTag()
    this.#xml += escapeText(datatype.format(value))
  }

  endElement(): void {
    const name = this.#open.pop()
    if (name === undefined) return
    this.#xml += this.#inStartTag ? '/>' : `</${name}>`
    this.#inStartTag = false
  }

  #closeStartTag(): void {
    if (this.#inStartTag) this.#xml += '>'
    this.#inStartTag = false
  }

  #name({ namespace, name }: ExiName): string {
    const prefix = this.#prefixes.get(namespace)
    return prefix === undefined ? name : `${prefix}:${name}`
  }
}

/** What XML 1.0 cannot hold in any form: most control characters. EXI can, so a stream may bring them. */
// oxlint-disable-next-line no-control-regex -- the control characters are what it looks for
const NOT_XML = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/

function escapeText(text: string): string {
  if (NOT_XML.test(text))
    throw new XmlError('ERR_XML_FORBIDDEN', 'the message holds a character that XML cannot')
  return text.replaceAll(/[&<>\r]/g, (character) => ESCAPES[character] ?? character)
}

function escapeAttribute(text: string): string {
  return escapeText(text).replaceAll(/["\t\n]/g, (character) => ESCAPES[character] ?? character)
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#13;',
  '\n': '&#10;',
  '\t': '&#9;',
}
