/** The parts of a grammar as the decoder and the writers walk them. */
import { bitsFor, type Datatype } from './datatype.ts'
import type { ExiName } from './name.ts'

/** How a type's value looks as an object, which `ExiElement` describes. */
type Shape = 'simple' | 'members' | 'ordered'

/** An element that a grammar leads to. */
export interface ElementGrammar {
  readonly name: ExiName
  readonly abstract: boolean
  readonly type: TypeGrammar
}

/** The grammar of a type, made when it is first needed. */
export interface TypeGrammar {
  readonly shape: Shape
  readonly start: State
  /** The type of the text, for simple types and simple content. */
  readonly text: Datatype | undefined
}

/** One event that is possible in a {@link State}; its place in the list is its event code. */
export type Production =
  | {
      readonly event: 'attribute'
      readonly name: ExiName
      readonly datatype: Datatype
      readonly next: State
    }
  | {
      readonly event: 'element'
      readonly element: ElementGrammar
      /** Whether the object form holds an array under the element's name. */
      readonly repeated: boolean
      readonly next: State
    }
  | { readonly event: 'anyElement'; readonly next: State }
  /** Has an event code and no place in a message: see {@link Grammars}' relaxed grammar. */
  | { readonly event: 'deviation' }
  | { readonly event: 'text'; readonly datatype: Datatype; readonly next: State }
  | { readonly event: 'end' }

/** A place in an element: the events with a one-part code, and how wide their code and that of the escape is. */
export interface State {
  readonly productions: readonly Production[]
  readonly width: number
  /** Bits of the second part behind the escape, which is the code `productions.length`. */
  readonly secondWidth: number
  /** The second part that stands for empty text where text is due, -1 elsewhere. Other second parts are deviations. */
  readonly secondEnd: number
}

/** Where a document or fragment begins: the elements that may come, sorted; behind them `SE(*)` and, in a fragment, the end. */
export interface Root {
  readonly elements: readonly ElementGrammar[]
  readonly width: number
}

/** How wide the codes of a state are: `count` events of one part, `second` events behind the escape. */
export function codeWidths(count: number, second: number, secondEnd = -1): Omit<State, 'productions'> {
  return { width: bitsFor(count + 1), secondWidth: bitsFor(second), secondEnd }
}

/** The code of the first event of that kind, -1 when there is none. */
export function codeOf({ productions }: State, event: Production['event']): number {
  for (let code = 0; code < productions.length; code++) if (productions[code]?.event === event) return code
  return -1
}
