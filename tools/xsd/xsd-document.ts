import { readXml } from '#iso15118'

const XML_SCHEMA = 'http://www.w3.org/2001/XMLSchema'

/** A qualified name as one string: `{namespace}local`, or `local` alone when it has no namespace. */
export type ExpandedName = string

/** Attributes whose value is a QName; they are expanded while their prefixes are in scope. */
const QNAME_ATTRIBUTES = new Set(['type', 'ref', 'base', 'substitutionGroup'])

/** One element of a schema document; QNames in attributes are expanded names already. */
export interface XsdNode {
  readonly kind: string
  readonly attributes: ReadonlyMap<string, string>
  readonly children: XsdNode[]
}

/** Reads one XSD as a tree without annotations. Elements of other namespaces are an error: none decides a grammar. */
export function readXsd(xml: string): XsdNode {
  const document: XsdNode = { kind: 'document', attributes: new Map(), children: [] }
  const open: XsdNode[] = [document]
  let annotationDepth = 0
  readXml(
    xml,
    {
      startElement(name, attributes, resolve) {
        if (annotationDepth > 0 || name.name === 'annotation') {
          annotationDepth++
          return
        }
        if (name.namespace !== XML_SCHEMA)
          throw new Error(`unexpected element {${name.namespace}}${name.name}`)
        const entries = attributes.map(({ name: key, value }): [string, string] => [
          key,
          QNAME_ATTRIBUTES.has(key) ? expand(value, resolve) : value,
        ])
        const node: XsdNode = { kind: name.name, attributes: new Map(entries), children: [] }
        open.at(-1)?.children.push(node)
        open.push(node)
      },
      text() {},
      endElement() {
        if (annotationDepth > 0) annotationDepth--
        else open.pop()
      },
    },
    { doctype: 'skip' },
  )
  const [schema] = document.children
  if (schema?.kind !== 'schema') throw new Error('not a schema document')
  return schema
}

function expand(qname: string, resolve: (prefix: string) => string | undefined): ExpandedName {
  const [local = '', prefix = ''] = qname.split(':').toReversed()
  const namespace = resolve(prefix)
  if (namespace === undefined && prefix !== '') throw new Error(`prefix of ${qname} is not in scope`)
  return namespace === undefined || namespace === '' ? local : `{${namespace}}${local}`
}
