import type { BitWriter } from '../exi/bit-writer.ts'
import { DEPTH_MAX } from '../exi/decoder.ts'
import { ExiError } from '../exi/errors.ts'
import { codeOf, type ElementGrammar, type Production, type State } from '../exi/grammar.ts'
import type { ObjectWriter } from '../exi/object-writer.ts'
import type { XmlAttribute, XmlHandler, XmlName } from './xml-reader.ts'

const XML_SCHEMA_INSTANCE = 'http://www.w3.org/2001/XMLSchema-instance'

interface Frame {
  readonly path: string
  state: State
  text: string
}

/** Encodes XML as it is read: the grammar says what may come, the datatype there what a text means. */
export class XmlEncoder implements XmlHandler {
  readonly #writer: BitWriter
  readonly #objects: ObjectWriter
  readonly #startRoot: (name: XmlName) => ElementGrammar
  readonly #open: Frame[] = []

  /** `startRoot` writes the event of the root element and gives its grammar. */
  constructor(writer: BitWriter, objects: ObjectWriter, startRoot: (name: XmlName) => ElementGrammar) {
    this.#writer = writer
    this.#objects = objects
    this.#startRoot = startRoot
  }

  startElement(name: XmlName, attributes: readonly XmlAttribute[]): void {
    if (this.#open.length >= DEPTH_MAX)
      throw new ExiError('ERR_EXI_TOO_LARGE', `elements deeper than ${DEPTH_MAX}`)
    const parent = this.#open.at(-1)
    const path = parent === undefined ? name.name : `${parent.path}/${name.name}`
    const element = parent === undefined ? this.#startRoot(name) : this.#startChild(parent, name)
    const frame = { path, state: element.type.start, text: '' }
    this.#open.push(frame)
    this.#writeAttributes(frame, attributes)
  }

  text(text: string): void {
    const frame = this.#open.at(-1)
    if (frame !== undefined) frame.text += text
  }

  endElement(): void {
    const frame = this.#open.pop()
    if (frame === undefined) return
    // Where text is due before the end, no characters are text too, and white space is no layout.
    const textIsDue = codeOf(frame.state, 'end') < 0 && codeOf(frame.state, 'text') >= 0
    if (textIsDue) this.#writeText(frame)
    else this.#flushText(frame)
    const code = codeOf(frame.state, 'end')
    if (code < 0) throw new ExiError('ERR_EXI_VALUE', `${frame.path}: ends too early`)
    this.#writer.writeBits(code, frame.state.width)
  }

  #startChild(parent: Frame, name: XmlName): ElementGrammar {
    this.#flushText(parent)
    try {
      const [element, next] = this.#objects.startElement(parent.state, name)
      parent.state = next
      return element
    } catch (error) {
      throw at(parent.path, error)
    }
  }

  /** White space alone is layout wherever elements may stand. */
  #flushText(frame: Frame): void {
    if (frame.text.trim() === '') frame.text = ''
    else this.#writeText(frame)
  }

  #writeText(frame: Frame): void {
    const code = codeOf(frame.state, 'text')
    const production = frame.state.productions[code]
    if (production?.event !== 'text')
      throw new ExiError('ERR_EXI_VALUE', `${frame.path}: no text is allowed here`)
    this.#writeValue(frame, code, production, frame.text, frame.path)
    frame.text = ''
  }

  /** Attributes are written in the grammar's order, whatever order they came in. Hints for schema processors are left out. */
  #writeAttributes(frame: Frame, attributes: readonly XmlAttribute[]): void {
    const left = attributes.filter(
      ({ namespace, name }) => namespace !== XML_SCHEMA_INSTANCE || name === 'type' || name === 'nil',
    )
    while (left.length > 0) {
      const code = frame.state.productions.findIndex((production) => indexOfAttribute(production, left) >= 0)
      const production = frame.state.productions[code]
      if (production?.event !== 'attribute') {
        throw new ExiError(
          'ERR_EXI_VALUE',
          `${frame.path}: attribute ${left[0]?.name ?? ''} is not allowed here`,
        )
      }
      const [attribute] = left.splice(indexOfAttribute(production, left), 1)
      this.#writeValue(
        frame,
        code,
        production,
        attribute?.value ?? '',
        `${frame.path}/${production.name.name}`,
      )
    }
  }

  #writeValue(
    frame: Frame,
    code: number,
    production: Production & { event: 'attribute' | 'text' },
    text: string,
    path: string,
  ): void {
    this.#writer.writeBits(code, frame.state.width)
    try {
      production.datatype.write(this.#writer, production.datatype.parse(text))
    } catch (error) {
      if (error instanceof ExiError)
        throw new ExiError(error.code, `${path}: ${error.message}`, { cause: error })
      throw error
    }
    frame.state = production.next
  }
}

function indexOfAttribute(production: Production, attributes: readonly XmlAttribute[]): number {
  if (production.event !== 'attribute') return -1
  const { name, namespace } = production.name
  return attributes.findIndex((attribute) => attribute.name === name && attribute.namespace === namespace)
}

/** Puts the place before the message of an error of the codec. */
function at(path: string, error: unknown): unknown {
  return error instanceof ExiError
    ? new ExiError(error.code, `${path}: ${error.message}`, { cause: error.cause })
    : error
}
