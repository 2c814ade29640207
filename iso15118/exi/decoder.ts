import type { BitReader } from './bit-reader.ts'
import { ExiError } from './errors.ts'
import type { EventSink } from './event-sink.ts'
import type { ElementGrammar, Root, State } from './grammar.ts'
import type { ExiName } from './name.ts'
import type { QNameTable } from './qname-table.ts'
import type { StringTable } from './string-table.ts'

/** Depth of elements, counted from the root; messages reach 12, an Object in a signature could nest for ever. */
export const DEPTH_MAX = 32

/** One stream being decoded: its bits and the tables that grow with it. */
export interface Stream {
  readonly reader: BitReader
  readonly qnames: QNameTable
  /** Present when the stream's encoder used a table of values. */
  readonly strings: StringTable | undefined
}

/** Decodes one root element with all it holds into `sink` and gives its name. A fragment must end behind it. */
export function decodeElement(
  stream: Stream,
  root: Root,
  kind: 'document' | 'fragment',
  sink: EventSink,
): ExiName {
  const element = rootElement(stream, root, stream.reader.readBits(root.width))
  walk(stream, element, sink)
  if (kind === 'fragment') {
    const end = stream.reader.readBits(root.width)
    if (end !== root.elements.length + 1) {
      throw new ExiError('ERR_EXI_DEVIATION', `fragment goes on with event code ${end} after its element`)
    }
  }
  return element.name
}

function rootElement(stream: Stream, root: Root, code: number): ElementGrammar {
  const element =
    code === root.elements.length ? stream.qnames.readElement(stream.reader) : root.elements[code]
  if (element === undefined) throw new ExiError('ERR_EXI_DEVIATION', `no element has event code ${code}`)
  return element
}

/** Follows the grammar of `root` and of the elements inside it until `root` ends. */
function walk(stream: Stream, root: ElementGrammar, sink: EventSink): void {
  const { reader, strings } = stream
  const parents: ElementGrammar[] = []
  const returns: State[] = []
  let element = root
  let state = root.type.start
  sink.startElement(root, false)

  for (;;) {
    const code = reader.readBits(state.width)
    const production = state.productions[code]
    const event = production === undefined ? escaped(reader, state, code, element) : production.event
    if (event === 'end') {
      sink.endElement()
      const parent = parents.pop()
      const next = returns.pop()
      if (parent === undefined || next === undefined) return
      element = parent
      state = next
    } else if (production?.event === 'element' || production?.event === 'anyElement') {
      const child = production.event === 'element' ? production.element : stream.qnames.readElement(reader)
      if (child.abstract) throw deviation(`${child.name.name} is abstract`, reader)
      parents.push(element)
      returns.push(production.next)
      if (parents.length >= DEPTH_MAX)
        throw new ExiError('ERR_EXI_TOO_LARGE', `elements deeper than ${DEPTH_MAX}`)
      sink.startElement(child, production.event === 'element' && production.repeated)
      element = child
      state = child.type.start
    } else if (production?.event === 'attribute') {
      sink.attribute(
        production.name,
        production.datatype.read(reader, production.name, strings),
        production.datatype,
      )
      state = production.next
    } else if (production?.event === 'text') {
      sink.text(production.datatype.read(reader, element.name, strings), production.datatype)
      state = production.next
    } else {
      throw deviation(`content of ${element.name.name} that the schema does not provide for`, reader)
    }
  }
}

/** The events behind the escape: of them only the end is accepted, where some encoders write no text instead of an empty one. */
function escaped(reader: BitReader, state: State, code: number, element: ElementGrammar): 'end' {
  if (code === state.productions.length && reader.readBits(state.secondWidth) === state.secondEnd)
    return 'end'
  throw deviation(`content of ${element.name.name} that the schema does not provide for`, reader)
}

function deviation(what: string, reader: BitReader): ExiError {
  return new ExiError('ERR_EXI_DEVIATION', `${what}, at bit ${reader.bit}`)
}
