import { CONTENT, VALUE } from '../schema/members.ts'
import type { ExiValue } from './datatype.ts'
import type { EventSink } from './event-sink.ts'
import type { ElementGrammar } from './grammar.ts'
import type { ExiName } from './name.ts'

type Members = Record<string, unknown>

interface Frame {
  readonly element: ElementGrammar
  readonly repeated: boolean
  /** The object under construction; `undefined` for a simple type until its text arrives. */
  members: Members | undefined
  text: ExiValue | undefined
}

/** Builds the object form of an element: see `ExiElement`. */
export class ObjectSink implements EventSink {
  readonly #open: Frame[] = []
  #root: unknown

  /** The root's value, once its end has been seen. */
  get value(): unknown {
    return this.#root
  }

  startElement(element: ElementGrammar, repeated: boolean): void {
    const members = element.type.shape === 'simple' ? undefined : {}
    this.#open.push({ element, repeated, members, text: undefined })
  }

  attribute(name: ExiName, value: ExiValue): void {
    const members = this.#open.at(-1)?.members
    if (members !== undefined) members[name.name] = value
  }

  text(value: ExiValue): void {
    const frame = this.#open.at(-1)
    if (frame === undefined) return
    if (frame.element.type.shape === 'ordered') contentOf(frame.members).push(value)
    else frame.text = value
  }

  endElement(): void {
    const frame = this.#open.pop()
    if (frame === undefined) return
    const value = valueOf(frame)
    const parent = this.#open.at(-1)
    if (parent?.members === undefined) {
      this.#root = value
      return
    }
    const { name, namespace } = frame.element.name
    if (parent.element.type.shape === 'ordered') contentOf(parent.members).push({ namespace, name, value })
    else if (frame.repeated) listOf(parent.members, name).push(value)
    else parent.members[name] = value
  }
}

function valueOf({ element, members, text }: Frame): unknown {
  const { type } = element
  if (type.text === undefined) return members
  // The grammar lets an element end without text only where its type makes a value of no characters.
  const value = text ?? type.text.parse('')
  if (members === undefined) return value
  members[VALUE] = value
  return members
}

function contentOf(members: Members | undefined): unknown[] {
  return members === undefined ? [] : listOf(members, CONTENT)
}

function listOf(members: Members, name: string): unknown[] {
  const known = members[name]
  if (Array.isArray(known)) return known
  const list: unknown[] = []
  members[name] = list
  return list
}
