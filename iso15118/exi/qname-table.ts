import type { BitReader } from './bit-reader.ts'
import type { BitWriter } from './bit-writer.ts'
import { bitsFor } from './datatype.ts'
import { ExiError } from './errors.ts'
import type { ElementGrammar } from './grammar.ts'
import type { Grammars } from './grammars.ts'
import type { ExiName } from './name.ts'

/** The URI partition of a schema-informed stream begins with these (EXI 1.0 §7.3.1 and appendix D.1). */
const NAMESPACES_FIRST: readonly string[] = [
  '',
  'http://www.w3.org/XML/1998/namespace',
  'http://www.w3.org/2001/XMLSchema-instance',
  'http://www.w3.org/2001/XMLSchema',
]

/**
 * The URI and local-name partitions, which wildcards use to name an element. Only elements that the schema declares
 * globally are accepted, so the partitions never grow: a name that is not in them is a deviation.
 */
export class QNameTable {
  readonly #grammars: Grammars
  readonly #namespaces: readonly string[]

  constructor(grammars: Grammars) {
    this.#grammars = grammars
    this.#namespaces = [
      ...NAMESPACES_FIRST,
      ...grammars.index.schema.namespaces.filter((uri) => !NAMESPACES_FIRST.includes(uri)),
    ]
  }

  /** Reads a name and gives the grammar of the global element that has it. */
  readElement(reader: BitReader): ElementGrammar {
    const element = this.#grammars.globalElement(this.#readName(reader))
    if (element === undefined)
      throw new ExiError('ERR_EXI_DEVIATION', `no global element of the schema, at bit ${reader.bit}`)
    return element
  }

  globalElement(name: ExiName): ElementGrammar | undefined {
    return this.#grammars.globalElement(name)
  }

  /** Writes the name of a global element. */
  writeName(writer: BitWriter, { namespace, name }: ExiName): void {
    writer.writeBits(this.#namespaces.indexOf(namespace) + 1, bitsFor(this.#namespaces.length + 1))
    const locals = this.#grammars.index.localNames(namespace)
    writer.writeUnsigned(0)
    writer.writeBits(locals.indexOf(name), bitsFor(locals.length))
  }

  /** Reads a name (EXI 1.0 §7.1.7, §7.3.2). It may be anything, so it is not kept beside the schema's names. */
  #readName(reader: BitReader): ExiName {
    const uriIndex = reader.readBits(bitsFor(this.#namespaces.length + 1))
    const namespace = this.#namespaces[uriIndex - 1]
    if (namespace === undefined)
      throw new ExiError('ERR_EXI_DEVIATION', `a namespace the schema does not know, at bit ${reader.bit}`)
    const length = reader.readUnsigned()
    const locals = this.#grammars.index.localNames(namespace)
    const name =
      length === 0 ? locals[reader.readBits(bitsFor(locals.length))] : reader.readCharacters(length - 1)
    if (name === undefined)
      throw new ExiError('ERR_EXI_DEVIATION', `a name the schema does not know, at bit ${reader.bit}`)
    return { namespace, name }
  }
}
