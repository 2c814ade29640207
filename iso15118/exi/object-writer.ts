import { CONTENT, VALUE } from '../schema/members.ts'
import type { BitWriter } from './bit-writer.ts'
import { DEPTH_MAX } from './decoder.ts'
import { ExiError } from './errors.ts'
import { codeOf, type ElementGrammar, type Production, type State } from './grammar.ts'
import type { ExiName } from './name.ts'
import type { QNameTable } from './qname-table.ts'

type Members = Readonly<Record<string, unknown>>

/** Encodes the object form of elements: what the grammar allows next is looked for in the object. */
export class ObjectWriter {
  readonly #writer: BitWriter
  readonly #qnames: QNameTable

  constructor(writer: BitWriter, qnames: QNameTable) {
    this.#writer = writer
    this.#qnames = qnames
  }

  /**
   * Writes the content of `element`, its end included; its start is the caller's.
   *
   * @throws {ExiError} ERR_EXI_VALUE, its message beginning with the path of the member at fault
   */
  write(element: ElementGrammar, value: unknown, depth = 1): void {
    if (depth > DEPTH_MAX) throw new ExiError('ERR_EXI_TOO_LARGE', `elements deeper than ${DEPTH_MAX}`)
    const { shape, start } = element.type
    try {
      if (shape === 'simple') this.#writeTextAndEnd(start, value)
      else if (!isMembers(value)) this.#writeTextAndEnd(start, value)
      else if (shape === 'ordered') this.#writeOrdered(start, value, depth)
      else this.#writeMembers(start, value, depth)
    } catch (error) {
      throw inside(element.name.name, error)
    }
  }

  /** Writes the event that starts the named element, by its own code or through a wildcard; gives it and the state behind it. */
  startElement(state: State, name: ExiName): [element: ElementGrammar, next: State] {
    const own = state.productions.findIndex(
      (one) => one.event === 'element' && sameName(one.element.name, name),
    )
    const production = state.productions[own]
    if (production?.event === 'element') {
      this.#event(state, own)
      return [production.element, production.next]
    }
    const code = codeOf(state, 'anyElement')
    const wildcard = state.productions[code]
    const element = this.#qnames.globalElement(name)
    if (wildcard?.event !== 'anyElement' || element === undefined) {
      throw new ExiError('ERR_EXI_VALUE', `element ${name.name} is not allowed here`)
    }
    this.#event(state, code)
    this.#qnames.writeName(this.#writer, element.name)
    return [element, wildcard.next]
  }

  #writeMembers(start: State, members: Members, depth: number): void {
    const left = new MembersLeft(members)
    let state = start
    for (;;) {
      const code = left.next(state)
      const production = state.productions[code]
      if (production === undefined || production.event === 'deviation') throw left.unexpected(state)
      this.#event(state, code)
      switch (production.event) {
        case 'end':
          return
        case 'element':
          this.write(
            production.element,
            left.take(production.element.name.name, production.repeated),
            depth + 1,
          )
          break
        case 'attribute':
          this.#attribute(production, left.take(production.name.name, false))
          break
        case 'text':
          production.datatype.write(this.#writer, left.take(VALUE, false))
          break
        case 'anyElement':
          throw left.unexpected(state)
      }
      state = production.next
    }
  }

  /** Text alone, for simple types; the relaxed grammar takes it too, for an element without attributes. */
  #writeTextAndEnd(start: State, value: unknown): void {
    const code = codeOf(start, 'text')
    const production = start.productions[code]
    if (production?.event !== 'text') throw new ExiError('ERR_EXI_VALUE', 'wants an object')
    this.#event(start, code)
    production.datatype.write(this.#writer, value)
    this.#end(production.next)
  }

  #writeOrdered(start: State, members: Members, depth: number): void {
    const { [CONTENT]: content = [], ...attributes } = members
    if (!Array.isArray(content)) throw new ExiError('ERR_EXI_VALUE', `${CONTENT} wants an array`)
    const left = new MembersLeft(attributes)
    let state = start
    for (;;) {
      const code = left.next(state)
      const production = state.productions[code]
      if (production?.event !== 'attribute') break
      this.#event(state, code)
      this.#attribute(production, left.take(production.name.name, false))
      state = production.next
    }
    left.expectNone(state)
    for (const part of content) state = this.#writePart(state, part, depth)
    this.#end(state)
  }

  #writePart(state: State, part: unknown, depth: number): State {
    if (typeof part === 'string') {
      const code = codeOf(state, 'text')
      const production = state.productions[code]
      if (production?.event !== 'text') throw new ExiError('ERR_EXI_VALUE', 'no text is allowed here')
      this.#event(state, code)
      production.datatype.write(this.#writer, part)
      return production.next
    }
    if (!isMembers(part) || typeof part['name'] !== 'string' || typeof part['namespace'] !== 'string') {
      throw new ExiError('ERR_EXI_VALUE', `${CONTENT} wants text or { namespace, name, value }`)
    }
    const { name, namespace, value } = part
    const [element, next] = this.startElement(state, { name, namespace })
    this.write(element, value, depth + 1)
    return next
  }

  #attribute({ name, datatype }: Production & { event: 'attribute' }, value: unknown): void {
    try {
      datatype.write(this.#writer, value)
    } catch (error) {
      throw inside(name.name, error)
    }
  }

  #event(state: State, code: number): void {
    this.#writer.writeBits(code, state.width)
  }

  #end(state: State): void {
    const code = codeOf(state, 'end')
    if (code < 0) throw new MembersLeft({}).unexpected(state)
    this.#event(state, code)
  }
}

/** Keeps account of which members of an object have been written, so that none is left out in silence. */
class MembersLeft {
  readonly #members: Members
  #left: number
  /** The array being written and how much of it is, under `#member`. */
  #member = ''
  #items: readonly unknown[] = []
  #item = 0

  constructor(members: Members) {
    this.#members = members
    this.#left = countOf(members)
  }

  /** The code of the first event that there is a member for; else that of the end, if nothing is left; else -1. */
  next({ productions }: State): number {
    let end = -1
    for (let code = 0; code < productions.length; code++) {
      const production = productions[code]
      if (production === undefined) break
      if (production.event === 'end') end = code
      else if (this.#has(production)) return code
    }
    return this.#left === 0 && this.#item === this.#items.length ? end : -1
  }

  take(name: string, repeated: boolean): unknown {
    if (repeated && name === this.#member) return this.#items[this.#item++]
    if (this.#item < this.#items.length)
      throw new ExiError('ERR_EXI_VALUE', `${this.#member} has too many items`)
    // What is written twice would be so for ever: no grammar here leads back to a member that is done.
    if (--this.#left < 0) throw new ExiError('ERR_EXI_VALUE', `${name} has two places in the schema`)
    const value = this.#members[name]
    this.#member = name
    this.#items = repeated && Array.isArray(value) ? value : []
    this.#item = repeated ? 1 : 0
    return repeated ? this.#items[0] : value
  }

  #has(production: Production): boolean {
    switch (production.event) {
      case 'attribute':
        return this.#members[production.name.name] !== undefined
      case 'text':
        return this.#member !== VALUE && this.#members[VALUE] !== undefined
      case 'element': {
        const { name } = production.element.name
        if (name === this.#member) return this.#item < this.#items.length
        const value = this.#members[name]
        return production.repeated ? Array.isArray(value) && value.length > 0 : value !== undefined
      }
      default:
        return false
    }
  }

  expectNone(state: State): void {
    if (this.#left > 0) throw this.unexpected(state)
  }

  unexpected({ productions }: State): ExiError {
    const wanted = productions.flatMap((production) => {
      if (production.event === 'element') return production.element.name.name
      if (production.event === 'attribute') return production.name.name
      return production.event === 'text' ? VALUE : production.event === 'end' ? 'the end' : []
    })
    const has = Object.keys(this.#members).join(', ')
    const wants = wanted.slice(0, 8).join(' or ')
    return new ExiError(
      'ERR_EXI_VALUE',
      `has ${has === '' ? 'nothing' : has} where the schema wants ${wants}`,
    )
  }
}

function sameName(a: ExiName, b: ExiName): boolean {
  return a.name === b.name && a.namespace === b.namespace
}

function isMembers(value: unknown): value is Members {
  return (
    typeof value === 'object' && value !== null && !(value instanceof Uint8Array) && !Array.isArray(value)
  )
}

/** Members that are there; one that is `undefined` or an empty list is not. */
function countOf(members: Members): number {
  let count = 0
  for (const name in members) {
    const value = members[name]
    if (value !== undefined && !(Array.isArray(value) && value.length === 0)) count++
  }
  return count
}

/** Puts the name of the element or attribute before the message of an error that came from inside it. */
function inside(name: string, error: unknown): unknown {
  if (!(error instanceof ExiError)) return error
  const separator = /^[\w$]+(?:\/|: )/.test(error.message) ? '/' : ': '
  return new ExiError(error.code, `${name}${separator}${error.message}`, { cause: error.cause })
}
