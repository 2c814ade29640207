import { existsSync, readFileSync } from 'node:fs'

import { describe, expect, test } from 'vitest'

import { exiCodec, type ExiCodec, type SchemaName } from './codec.ts'

const VECTORS = new URL('../../../shared/vectors/exi/', import.meta.url)

/** What the manifest says of one pair of XML and EXI. */
interface Vector {
  readonly name: string
  readonly schema: string
  readonly kind: 'document' | 'fragment'
  readonly xml: string
  readonly exi: string
  readonly encode_policy: 'exact' | 'decode both; emit .ch form'
}

const SCHEMA_OF: Readonly<Record<string, SchemaName>> = {
  'V2G_CI_MsgDef.xsd': 'iso2',
  'V2G_CI_CommonMessages.xsd': 'iso20',
  'xmldsig-core-schema.xsd': 'xmldsig',
}

const present = existsSync(VECTORS)
const title = present
  ? 'EXI of independent codecs'
  : 'EXI of independent codecs (NOT RUN: ../shared/vectors/exi is absent)'

describe.skipIf(!present)(title, () => {
  const { vectors }: { vectors: Vector[] } = present
    ? JSON.parse(readFileSync(new URL('manifest.json', VECTORS), 'utf8'))
    : { vectors: [] }
  const read = (path: string): Buffer => readFileSync(new URL(path, VECTORS))
  const codecOf = ({ schema }: Vector): ExiCodec => {
    const name = SCHEMA_OF[schema.split('/').at(-1) ?? '']
    if (name === undefined) throw new Error(`no codec for ${schema}`)
    return exiCodec(name)
  }

  test('are all there', () => {
    expect(vectors.length).toBeGreaterThanOrEqual(145)
  })

  describe.each(vectors)('$name', (vector) => {
    const codec = codecOf(vector)
    const fragment = vector.kind === 'fragment'
    const exact = vector.encode_policy === 'exact'
    const wanted = read(exact ? vector.exi : vector.exi.replace(/\.exi$/, '.ch.exi'))

    test('decodes to an object that encodes to the same bytes', () => {
      const { element, trailingBytes } = codec.decode(read(vector.exi), vector.kind)
      expect(trailingBytes).toBe(0)
      expect(Buffer.from(codec.encode(element, vector.kind)).toString('hex')).toBe(wanted.toString('hex'))
    })

    test('decodes to XML that encodes to the same bytes', () => {
      const xml = codec.toXml(read(vector.exi), { fragment })
      expect(Buffer.from(codec.fromXml(xml, { fragment })).toString('hex')).toBe(wanted.toString('hex'))
    })

    test('its XML encodes to the same bytes', () => {
      const xml = read(vector.xml).toString('utf8')
      expect(Buffer.from(codec.fromXml(xml, { fragment })).toString('hex')).toBe(wanted.toString('hex'))
    })
  })

  const withOtherForm = vectors.filter((vector) => vector.encode_policy !== 'exact')
  test.each(withOtherForm)('$name: the other form of empty content decodes to the same object', (vector) => {
    const [codec, other] = [codecOf(vector), vector.exi.replace(/\.exi$/, '.ch.exi')]
    expect(codec.decode(read(other), vector.kind).element).toEqual(
      codec.decode(read(vector.exi), vector.kind).element,
    )
  })
})
