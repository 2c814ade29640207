import type { BitWriter } from './bit-writer.ts'
import { DEPTH_MAX } from './decoder.ts'
import { ExiError } from './errors.ts'
import { CONTENT, VALUE, type ElementGrammar, type Production, type State } from './grammar.ts'
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
  write(element: ElementGrammar, value: unknown, path: string = element.name.name, depth = 1): void {
    if (depth > DEPTH_MAX) throw new ExiError('ERR_EXI_TOO_LARGE', `elements deeper than ${DEPTH_MAX}`)
    const { shape, start } = element.type
    if (shape === 'simple') this.#writeText(start, value, path)
    else if (!isMembers(value)) this.#writeUntyped(element, value, path)
    else if (shape === 'ordered') this.#writeOrdered(element, value, path, depth)
    else this.#writeMembers(element, value, path, depth)
  }

  #writeText(start: State, value: unknown, path: string): void {
    const [code, production] = find(start, (one) => one.event === 'text')
    if (production?.event !== 'text') throw new ExiError('ERR_EXI_VALUE', `${path}: no text is allowed here`)
    this.#event(start, code)
    this.#value(production, value, path)
    this.#end(production.next, path)
  }

  /** In the relaxed grammar the text alone may stand for an element without attributes. */
  #writeUntyped(element: ElementGrammar, value: unknown, path: string): void {
    if (typeof value !== 'string') throw new ExiError('ERR_EXI_VALUE', `${path}: wants an object`)
    this.#writeText(element.type.start, value, path)
  }

  #writeMembers(element: ElementGrammar, members: Members, path: string, depth: number): void {
    let state = element.type.start
    let member = ''
    let item = 0
    let written = 0
    let from = 0
    const count = countOf(members)
    for (;;) {
      const [code, production] = nextOf(state, members, { from, member, item })
      if (production === undefined || production.event === 'deviation' || written > count)
        throw unexpected(state, members, path)
      this.#event(state, code)
      if (production.event === 'end') {
        if (written !== count) throw unexpected(state, members, path)
        return
      }
      if (production.event === 'element') {
        const { name } = production.element.name
        item = name === member ? item + 1 : 1
        if (item === 1) written++
        member = name
        const value = production.repeated ? itemOf(members[name], item - 1) : members[name]
        this.write(production.element, value, `${path}/${name}`, depth + 1)
      } else if (production.event === 'attribute') {
        written++
        this.#value(production, members[production.name.name], `${path}/${production.name.name}`)
      } else if (production.event === 'text') {
        written++
        this.#value(production, members[VALUE], path)
        if (written !== count) throw unexpected(state, members, path)
        this.#end(production.next, path)
        return
      }
      // The relaxed grammar stays in place after an attribute, whose names come in sorted order.
      from = production.event === 'attribute' && production.next === state ? code + 1 : 0
      state = production.next
    }
  }

  #writeOrdered(element: ElementGrammar, members: Members, path: string, depth: number): void {
    let state = element.type.start
    let written = 0
    for (;;) {
      const [code, production] = find(
        state,
        (one) => one.event === 'attribute' && members[one.name.name] !== undefined,
      )
      if (production?.event !== 'attribute') break
      written++
      this.#event(state, code)
      this.#value(production, members[production.name.name], `${path}/${production.name.name}`)
      state = production.next
    }
    const content: readonly unknown[] = Array.isArray(members[CONTENT]) ? members[CONTENT] : []
    for (const part of content) state = this.#writeContent(state, part, path, depth)
    if (written + (members[CONTENT] === undefined ? 0 : 1) !== countOf(members))
      throw unexpected(state, members, path)
    this.#end(state, path)
  }

  #writeContent(state: State, part: unknown, path: string, depth: number): State {
    if (typeof part === 'string') {
      const [code, production] = find(state, (one) => one.event === 'text')
      if (production?.event !== 'text')
        throw new ExiError('ERR_EXI_VALUE', `${path}: no text is allowed here`)
      this.#event(state, code)
      this.#value(production, part, path)
      return production.next
    }
    if (!isMembers(part) || typeof part['name'] !== 'string' || typeof part['namespace'] !== 'string') {
      throw new ExiError('ERR_EXI_VALUE', `${path}: ${CONTENT} wants text or { namespace, name, value }`)
    }
    const { name, namespace, value } = part
    const [element, next] = this.startElement(state, { name, namespace }, path)
    this.write(element, value, `${path}/${name}`, depth + 1)
    return next
  }

  /** Writes the event that starts the named element, by its own code or through a wildcard. */
  startElement(
    state: State,
    name: { name: string; namespace: string },
    path: string,
  ): [ElementGrammar, State] {
    const [code, own] = find(
      state,
      (one) =>
        one.event === 'element' &&
        one.element.name.name === name.name &&
        one.element.name.namespace === name.namespace,
    )
    if (own?.event === 'element') {
      this.#event(state, code)
      return [own.element, own.next]
    }
    const [anyCode, any] = find(state, (one) => one.event === 'anyElement')
    const element = any === undefined ? undefined : this.#qnames.globalElement(name)
    if (element === undefined || any?.event !== 'anyElement') {
      throw new ExiError('ERR_EXI_VALUE', `${path}: element ${name.name} is not allowed here`)
    }
    this.#event(state, anyCode)
    this.#qnames.writeName(this.#writer, element.name)
    return [element, any.next]
  }

  #event(state: State, code: number): void {
    this.#writer.writeBits(code, state.width)
  }

  #end(state: State, path: string): void {
    const [code, production] = find(state, (one) => one.event === 'end')
    if (production === undefined) throw unexpected(state, {}, path)
    this.#event(state, code)
  }

  #value(production: Production & { event: 'attribute' | 'text' }, value: unknown, path: string): void {
    try {
      production.datatype.write(this.#writer, value)
    } catch (error) {
      if (error instanceof ExiError)
        throw new ExiError(error.code, `${path}: ${error.message}`, { cause: error })
      throw error
    }
  }
}

/** The first event from code `from` on that the object has something for, else the end; `member` and `item` say what was written last. */
function nextOf(
  { productions }: State,
  members: Members,
  { from, member, item }: { from: number; member: string; item: number },
): [code: number, production: Production | undefined] {
  let end = -1
  for (let code = from; code < productions.length; code++) {
    const production = productions[code]
    if (production === undefined) break
    if (production.event === 'end') end = code
    else if (production.event === 'attribute') {
      if (members[production.name.name] !== undefined) return [code, production]
    } else if (production.event === 'text') {
      if (members[VALUE] !== undefined) return [code, production]
    } else if (production.event === 'element') {
      const { name } = production.element.name
      const value = members[name]
      const ready = name === member ? production.repeated && item < lengthOf(value) : value !== undefined
      if (ready && !(production.repeated && lengthOf(value) === 0)) return [code, production]
    }
  }
  return [end, productions[end]]
}

function find(
  state: State,
  matches: (production: Production) => boolean,
): [code: number, production: Production | undefined] {
  const code = state.productions.findIndex(matches)
  return [code, state.productions[code]]
}

function isMembers(value: unknown): value is Members {
  return (
    typeof value === 'object' && value !== null && !(value instanceof Uint8Array) && !Array.isArray(value)
  )
}

function itemOf(value: unknown, index: number): unknown {
  return Array.isArray(value) ? value[index] : undefined
}

function lengthOf(value: unknown): number {
  return Array.isArray(value) ? value.length : 0
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

function unexpected(state: State, members: Members, path: string): ExiError {
  const wanted = state.productions.map((production) => {
    if (production.event === 'element') return production.element.name.name
    if (production.event === 'attribute') return production.name.name
    return production.event === 'text' ? VALUE : production.event
  })
  return new ExiError(
    'ERR_EXI_VALUE',
    `${path}: has ${Object.keys(members).join(', ') || 'nothing'} where the schema wants ${wanted.slice(0, 8).join(' or ')}`,
  )
}
