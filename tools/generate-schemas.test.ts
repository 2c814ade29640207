import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import { describe, expect, test } from 'vitest'

import { generateSchemas } from './generate-schemas.ts'
import { buildSchema } from './xsd/build-schema.ts'
import { readSchemaSet } from './xsd/schema-set.ts'

const XSDS = fileURLToPath(new URL('../../shared/schemas/iso15118', import.meta.url))
const PROJECT = new URL('..', import.meta.url)
const present = existsSync(XSDS)

describe.skipIf(!present)(
  present ? 'the XSDs of ISO 15118' : 'the XSDs of ISO 15118 (NOT RUN: ../shared/schemas is absent)',
  () => {
    test('give exactly the generated files that are checked in', () => {
      for (const [path, text] of generateSchemas(XSDS)) {
        expect(readFileSync(new URL(path, PROJECT), 'utf8') === text, `${path} is out of date`).toBe(true)
      }
    })
  },
)

/** Builds a schema from the text between the tags of one schema document. */
function schemaOf(components: string) {
  const xsd = `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="urn:t" targetNamespace="urn:t"
    elementFormDefault="qualified">${components}</xs:schema>`
  return buildSchema(readSchemaSet('t.xsd', () => xsd))
}

describe('a schema', () => {
  test('puts the members of an extension behind those of its base', () => {
    const { elements, types } = schemaOf(`
      <xs:element name="A" type="Derived"/>
      <xs:complexType name="Base"><xs:sequence><xs:element name="First" type="xs:byte"/></xs:sequence></xs:complexType>
      <xs:complexType name="Derived"><xs:complexContent><xs:extension base="Base">
        <xs:sequence><xs:element name="Second" type="xs:byte" minOccurs="0" maxOccurs="unbounded"/></xs:sequence>
      </xs:extension></xs:complexContent></xs:complexType>`)
    const derived = types.find(({ name }) => name === 'Derived')?.definition
    expect(derived).toMatchObject({
      particle: {
        term: {
          sequence: [
            { term: { sequence: [{ min: 1, max: 1 }] } },
            { term: { sequence: [{ min: 0, max: null }] } },
          ],
        },
      },
    })
    expect(elements.map(({ name }) => name)).toEqual(['A', 'First', 'Second'])
  })

  test('narrows a bounded integer by its facets', () => {
    const { types } = schemaOf(`
      <xs:simpleType name="Percent"><xs:restriction base="xs:byte">
        <xs:minInclusive value="0"/><xs:maxInclusive value="100"/>
      </xs:restriction></xs:simpleType>`)
    expect(types.find(({ name }) => name === 'Percent')?.definition).toEqual({
      kind: 'number',
      min: 0,
      max: 100,
    })
  })

  test.each([
    [
      'a pattern on text',
      '<xs:simpleType name="T"><xs:restriction base="xs:string"><xs:pattern value="a"/></xs:restriction></xs:simpleType>',
      'pattern',
    ],
    [
      'an all-group',
      '<xs:complexType name="T"><xs:all><xs:element name="A" type="xs:byte"/></xs:all></xs:complexType>',
      'all',
    ],
    ['a list', '<xs:simpleType name="T"><xs:list itemType="xs:byte"/></xs:simpleType>', 'restriction'],
    [
      'a built-in type without a representation here',
      '<xs:element name="A" type="xs:dateTime"/>',
      'dateTime',
    ],
    ['a nillable element', '<xs:element name="A" type="xs:byte" nillable="true"/>', 'nillable'],
    ['an attribute wildcard', '<xs:complexType name="T"><xs:anyAttribute/></xs:complexType>', 'anyAttribute'],
    [
      'an attribute wildcard in an extension',
      `<xs:complexType name="B"/><xs:complexType name="T"><xs:complexContent><xs:extension base="B">
        <xs:anyAttribute/></xs:extension></xs:complexContent></xs:complexType>`,
      'anyAttribute',
    ],
    ['an unknown type', '<xs:element name="A" type="Missing"/>', 'Missing'],
  ])('with %s is refused rather than compiled wrongly', (_, components, word) => {
    expect(() => schemaOf(components)).toThrow(word)
  })
})
