import type { Datatype, ExiValue } from './datatype.ts'
import type { ElementGrammar } from './grammar.ts'
import type { ExiName } from './name.ts'

/** Receives the events of a stream in document order; calls nest as the elements do. */
export interface EventSink {
  /** `repeated`: whether the parent's object form holds an array under this name. */
  startElement(element: ElementGrammar, repeated: boolean): void
  attribute(name: ExiName, value: ExiValue, datatype: Datatype): void
  text(value: ExiValue, datatype: Datatype): void
  endElement(): void
}
