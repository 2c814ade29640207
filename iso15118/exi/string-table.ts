import type { BitReader } from './bit-reader.ts'
import { bitsFor } from './datatype.ts'
import { ExiError } from './errors.ts'
import type { ExiName } from './name.ts'

/**
 * The value partitions of EXI 1.0 §7.3.3, for streams whose encoder did not set their capacity to zero: every text
 * seen so far, once for all and once for the element or attribute it stood in.
 */
export class StringTable {
  readonly #global: string[] = []
  readonly #known = new Set<string>()
  readonly #local = new Map<string, string[]>()
  #charactersLeft: number

  /** `charactersMax`: of all texts given out, so that a few bits that repeat a long text cannot fill the memory. */
  constructor(charactersMax: number) {
    this.#charactersLeft = charactersMax
  }

  add(name: ExiName, text: string): void {
    // A text in the table already would have been written as a hit; one that was not must not take a second place.
    if (text === '' || this.#known.has(text)) return
    this.#known.add(text)
    this.#global.push(text)
    const local = this.#local.get(keyOf(name))
    if (local === undefined) this.#local.set(keyOf(name), [text])
    else local.push(text)
  }

  readLocal(reader: BitReader, name: ExiName): string {
    return this.#give(readFrom(this.#local.get(keyOf(name)) ?? [], reader))
  }

  readGlobal(reader: BitReader): string {
    return this.#give(readFrom(this.#global, reader))
  }

  #give(text: string): string {
    this.#charactersLeft -= text.length
    if (this.#charactersLeft < 0)
      throw new ExiError('ERR_EXI_TOO_LARGE', 'string table repeats more text than a whole stream may hold')
    return text
  }
}

function readFrom(partition: readonly string[], reader: BitReader): string {
  const index = reader.readBits(bitsFor(partition.length))
  const text = partition[index]
  if (text === undefined)
    throw new ExiError(
      'ERR_EXI_DEVIATION',
      `string table has ${partition.length} entries, not number ${index}`,
    )
  return text
}

function keyOf({ namespace, name }: ExiName): string {
  return `{${namespace}}${name}`
}
