import { iso2 } from '../schema/iso2.generated.ts'
import { iso20 } from '../schema/iso20.generated.ts'
import type { Schema } from '../schema/schema.ts'
import { xmldsig } from '../schema/xmldsig.generated.ts'
import { XmlEncoder } from '../xml/xml-encoder.ts'
import { readXml, type XmlHandler } from '../xml/xml-reader.ts'
import { XmlSink } from '../xml/xml-sink.ts'
import { BitReader } from './bit-reader.ts'
import { BitWriter } from './bit-writer.ts'
import { StringTableHit } from './datatype.ts'
import { decodeElement } from './decoder.ts'
import { ExiError } from './errors.ts'
import type { EventSink } from './event-sink.ts'
import type { ElementGrammar, Root } from './grammar.ts'
import { Grammars } from './grammars.ts'
import { ObjectSink } from './object-sink.ts'
import { ObjectWriter } from './object-writer.ts'
import { QNameTable } from './qname-table.ts'
import { StringTable } from './string-table.ts'

/** The grammars there are: ISO 15118-2 (V2G_CI_MsgDef), ISO 15118-20 (V2G_CI_CommonMessages), XML signatures alone. */
export type SchemaName = 'iso2' | 'iso20' | 'xmldsig'

/**
 * An element in the object form of the codec.
 *
 * `value` is a string, number, bigint, boolean or Uint8Array for a simple type; for a complex type an object with a
 * member for each attribute and child element under its name, an array where the schema allows several, nothing where
 * the message has none. Text beside attributes is the member `$value`. Where order matters (mixed text, wildcards,
 * repeated groups) the member `$content` lists strings and elements of this form.
 */
export interface ExiElement {
  readonly namespace: string
  readonly name: string
  readonly value: unknown
}

/** An item of ordered content: see {@link ExiElement}. */
export type ContentItem = string | ExiElement

/** What came out of a stream, with how far it was from what ISO 15118 wants and this reader tolerates. */
export interface Decoded {
  readonly element: ExiElement
  /** Whole bytes behind the end of the message; some charge points append one. */
  readonly trailingBytes: number
  /** Whether the encoder used string tables, which ISO 15118 switches off. */
  readonly stringTables: boolean
}

/** Whether a stream or text is a whole document or a fragment, the form of single elements that signatures digest. */
export type ExiKind = 'document' | 'fragment'

interface XmlOptions<Events> {
  readonly fragment?: boolean
  readonly through?: (events: Events) => Events
}

/** Distinguishing bits `10`, no options, final version 1 (EXI 1.0 §5). */
const HEADER = 0x80
const HEADER_BITS = 8
/** Above any certificate message (8 KB) and any schedule a charge point sends. */
export const EXI_BYTES_MAX = 64 * 1024

/**
 * The EXI codec of one schema: schema-informed, bit-packed, non-strict, default fidelity, no options document, no
 * string table of values, as ISO 15118 prescribes. Stateless: one serves any number of messages at once.
 *
 * Every method throws {@link ExiError} and nothing else for bad input, in time and memory proportional to its length.
 */
export class ExiCodec {
  readonly #grammars: Grammars
  readonly #qnames: QNameTable

  constructor(schema: Schema) {
    this.#grammars = new Grammars(schema)
    this.#qnames = new QNameTable(this.#grammars)
  }

  /** @throws {ExiError} ERR_EXI_HEADER, ERR_EXI_TRUNCATED, ERR_EXI_TOO_LARGE (64 KiB), ERR_EXI_DEVIATION */
  decode(exi: Uint8Array, kind: ExiKind): Decoded {
    let sink = new ObjectSink()
    const { name, ...decoded } = this.#decode(exi, kind, () => (sink = new ObjectSink()))
    return { element: { ...name, value: sink.value }, ...decoded }
  }

  /**
   * What it writes, {@link decode} reads.
   *
   * @throws {ExiError} ERR_EXI_VALUE when the element does not fit the schema; the message names the member.
   *   ERR_EXI_TOO_LARGE over any of the reader's limits
   */
  encode({ namespace, name, value }: ExiElement, kind: ExiKind): Uint8Array {
    const { objects, startRoot, end } = this.#encoding(kind)
    objects.write(startRoot({ namespace, name }), value)
    return end()
  }

  decodeDocument(exi: Uint8Array): Decoded {
    return this.decode(exi, 'document')
  }

  encodeDocument(element: ExiElement): Uint8Array {
    return this.encode(element, 'document')
  }

  decodeFragment(exi: Uint8Array): Decoded {
    return this.decode(exi, 'fragment')
  }

  encodeFragment(element: ExiElement): Uint8Array {
    return this.encode(element, 'fragment')
  }

  /**
   * Decodes to XML text without layout; `through` may put a filter before the writer of the text.
   *
   * @throws {ExiError} as decode; XmlError ERR_XML_FORBIDDEN for characters that XML lacks
   */
  toXml(exi: Uint8Array, { fragment = false, through = (sink) => sink }: XmlOptions<EventSink> = {}): string {
    let xml = new XmlSink(this.#grammars.index.schema.namespaces)
    this.#decode(exi, fragment ? 'fragment' : 'document', () => {
      xml = new XmlSink(this.#grammars.index.schema.namespaces)
      return through(xml)
    })
    return xml.xml
  }

  /**
   * Encodes XML text; `through` may put a filter behind its reader.
   *
   * @throws XmlError as readXml; {@link ExiError} as encode
   */
  fromXml(
    xml: string,
    { fragment = false, through = (handler) => handler }: XmlOptions<XmlHandler> = {},
  ): Uint8Array {
    const { writer, objects, startRoot, end } = this.#encoding(fragment ? 'fragment' : 'document')
    readXml(xml, through(new XmlEncoder(writer, objects, startRoot)))
    return end()
  }

  #root(kind: ExiKind): Root {
    return kind === 'document' ? this.#grammars.document : this.#grammars.fragment
  }

  /** Decodes without string tables, and once more with them when the stream turns out to need them. */
  #decode(
    exi: Uint8Array,
    kind: ExiKind,
    sinkOf: () => EventSink,
  ): Omit<Decoded, 'element'> & { name: { namespace: string; name: string } } {
    if (exi.length > EXI_BYTES_MAX)
      throw new ExiError('ERR_EXI_TOO_LARGE', `EXI of ${exi.length} bytes, limit ${EXI_BYTES_MAX}`)
    if (exi[0] !== HEADER)
      throw new ExiError('ERR_EXI_HEADER', `first byte is ${exi[0]?.toString(16) ?? 'missing'}, not 80`)
    const attempt = (strings: StringTable | undefined) => {
      const reader = new BitReader(exi, HEADER_BITS)
      const name = decodeElement({ reader, qnames: this.#qnames, strings }, this.#root(kind), kind, sinkOf())
      return { name, trailingBytes: reader.bitsLeft >>> 3, stringTables: strings !== undefined }
    }
    try {
      return attempt(undefined)
    } catch (error) {
      if (error instanceof StringTableHit) return attempt(new StringTable(EXI_BYTES_MAX))
      throw error
    }
  }

  #encoding(kind: ExiKind) {
    const writer = new BitWriter()
    const root = this.#root(kind)
    const objects = new ObjectWriter(writer, this.#qnames)
    writer.writeBits(HEADER, HEADER_BITS)
    return {
      writer,
      objects,
      startRoot: ({ namespace, name }: { namespace: string; name: string }): ElementGrammar => {
        const code = root.elements.findIndex(
          (element) => element.name.name === name && element.name.namespace === namespace,
        )
        const element = root.elements[code]
        if (element === undefined)
          throw new ExiError('ERR_EXI_VALUE', `the schema has no element ${name} in ${namespace}`)
        writer.writeBits(code, root.width)
        return element
      },
      end: (): Uint8Array => {
        if (kind === 'fragment') writer.writeBits(root.elements.length + 1, root.width)
        const exi = writer.toBytes()
        if (exi.length > EXI_BYTES_MAX)
          throw new ExiError('ERR_EXI_TOO_LARGE', `EXI of ${exi.length} bytes, limit ${EXI_BYTES_MAX}`)
        return exi
      },
    }
  }
}

const SCHEMAS: Readonly<Record<SchemaName, Schema>> = { iso2, iso20, xmldsig }
const codecs = new Map<SchemaName, ExiCodec>()

/** The codec of a schema; its grammars are made as messages need them and shared from then on. */
export function exiCodec(name: SchemaName): ExiCodec {
  const known = codecs.get(name)
  if (known !== undefined) return known
  const codec = new ExiCodec(SCHEMAS[name])
  codecs.set(name, codec)
  return codec
}
