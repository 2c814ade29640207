import { readXsd, type ExpandedName, type XsdNode } from './xsd-document.ts'

/** A node together with what its schema document says about it. */
export interface Component {
  readonly node: XsdNode
  readonly document: XsdDocument
}

export interface XsdDocument {
  readonly namespace: string
  readonly elementsQualified: boolean
  readonly attributesQualified: boolean
}

/** The global components of a schema document and of everything it imports, by expanded name, in reading order. */
export interface SchemaSet {
  readonly namespaces: ReadonlySet<string>
  readonly elements: ReadonlyMap<ExpandedName, Component>
  readonly types: ReadonlyMap<ExpandedName, Component>
}

/** Reads `entry` and its imports. `read` gives the text of a schema by its path; a location is relative to its importer. */
export function readSchemaSet(entry: string, read: (path: string) => string): SchemaSet {
  const namespaces = new Set<string>()
  const elements = new Map<ExpandedName, Component>()
  const types = new Map<ExpandedName, Component>()

  const visit = (path: string): void => {
    const schema = readXsd(read(path))
    const document: XsdDocument = {
      namespace: schema.attributes.get('targetNamespace') ?? '',
      elementsQualified: schema.attributes.get('elementFormDefault') === 'qualified',
      attributesQualified: schema.attributes.get('attributeFormDefault') === 'qualified',
    }
    if (namespaces.has(document.namespace)) return
    namespaces.add(document.namespace)
    for (const node of schema.children) {
      const name = `{${document.namespace}}${node.attributes.get('name') ?? ''}`
      if (node.kind === 'import') visit(relativeTo(path, node.attributes.get('schemaLocation') ?? ''))
      else if (node.kind === 'element') elements.set(name, { node, document })
      else if (node.kind === 'complexType' || node.kind === 'simpleType') types.set(name, { node, document })
      else throw new Error(`${path}: ${node.kind} at the top of a schema is not supported`)
    }
  }
  visit(entry)
  return { namespaces, elements, types }
}

function relativeTo(importer: string, location: string): string {
  return new URL(location, `file:///${importer}`).pathname.slice(1)
}
