import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

import { describe, expect, test } from 'vitest'

import { xmldsig } from '../schema/xmldsig.generated.ts'
import { BitWriter } from './bit-writer.ts'
import { EXI_BYTES_MAX, exiCodec } from './codec.ts'

const DSIG = 'http://www.w3.org/2000/09/xmldsig#'
const MSG_DEF = 'urn:iso:15118:2:2013:MsgDef'
const MSG_BODY = 'urn:iso:15118:2:2013:MsgBody'

const withCode = (code: string) => expect.objectContaining({ code })

const keyName = exiCodec('xmldsig').encodeDocument({ namespace: DSIG, name: 'KeyName', value: 'a key' })

const message = (
  body: Record<string, unknown>,
  header: Record<string, unknown> = { SessionID: Uint8Array.of(1) },
) => ({
  namespace: MSG_DEF,
  name: 'V2G_Message',
  value: { Header: header, Body: body },
})

describe('a stream', () => {
  test.each([
    ['nothing', Uint8Array.of()],
    ['an EXI cookie', new TextEncoder().encode('$EXI\u0080')],
    ['an options document announced', Uint8Array.of(0xa0, 0)],
    ['another version', Uint8Array.of(0x81, 0)],
    ['a V2GTP header', Uint8Array.of(0x01, 0xfe, 0x80, 0x01)],
  ])('with %s at its start is refused', (_, exi) => {
    expect(() => exiCodec('iso2').decodeDocument(exi)).toThrow(withCode('ERR_EXI_HEADER'))
  })

  test('cut off anywhere is refused', () => {
    for (let length = 1; length < keyName.length; length++) {
      const cut = () => exiCodec('xmldsig').decodeDocument(keyName.subarray(0, length))
      expect(cut, `${length} bytes`).toThrow(withCode('ERR_EXI_TRUNCATED'))
    }
  })

  test('with bytes behind its end is read, and they are counted', () => {
    const decoded = exiCodec('xmldsig').decodeDocument(Uint8Array.of(...keyName, 0, 0, 0))
    expect(decoded).toMatchObject({ element: { value: 'a key' }, trailingBytes: 3 })
  })

  test('over the limit of its length is refused before it is looked at', () => {
    const exi = new Uint8Array(EXI_BYTES_MAX + 1)
    expect(() => exiCodec('iso2').decodeDocument(exi)).toThrow(withCode('ERR_EXI_TOO_LARGE'))
  })

  test('that announces more text or bytes than it has is refused without room being made for them', () => {
    const writer = startOf('document', 'KeyName')
    writer.writeBits(0, 1)
    writer.writeUnsigned(2 ** 31)
    expect(() => exiCodec('xmldsig').decodeDocument(writer.toBytes())).toThrow(withCode('ERR_EXI_TOO_LARGE'))
    const binary = startOf('document', 'DigestValue')
    binary.writeBits(0, 1)
    binary.writeUnsigned(2 ** 31)
    expect(() => exiCodec('xmldsig').decodeDocument(binary.toBytes())).toThrow(withCode('ERR_EXI_TRUNCATED'))
  })

  test.each([0x11_00_00, 0xd8_00])('with character number %i is refused', (codePoint) => {
    const writer = startOf('document', 'KeyName')
    writer.writeBits(0, 1)
    writer.writeUnsigned(3)
    writer.writeUnsigned(codePoint)
    writer.writeUnsigned(0)
    expect(() => exiCodec('xmldsig').decodeDocument(writer.toBytes())).toThrow(withCode('ERR_EXI_DEVIATION'))
  })

  test('with a length in more octets than it takes is read', () => {
    const writer = startOf('document', 'DigestValue')
    writer.writeBits(0, 1)
    for (const octet of [0x82, 0x80, 0x00]) writer.writeBits(octet, 8)
    for (const octet of [7, 8]) writer.writeBits(octet, 8)
    writer.writeBits(0, 1)
    expect(exiCodec('xmldsig').decodeDocument(writer.toBytes()).element.value).toEqual(Uint8Array.of(7, 8))
  })

  test('that nests elements for ever is refused', () => {
    let element: unknown = 'end'
    for (let i = 0; i < 40; i++)
      element = { $content: [{ namespace: DSIG, name: i === 0 ? 'KeyName' : 'Object', value: element }] }
    const encode = () =>
      exiCodec('xmldsig').encodeDocument({ namespace: DSIG, name: 'Object', value: element })
    expect(encode).toThrow(withCode('ERR_EXI_TOO_LARGE'))
  })
})

test('names that a stream makes up are not kept', () => {
  const before = heapBytes()
  for (let i = 0; i < 1_000; i++) {
    const decode = () => exiCodec('xmldsig').decodeDocument(madeUpName(`${i}`))
    expect(decode).toThrow(withCode('ERR_EXI_DEVIATION'))
  }
  expect(heapBytes() - before).toBeLessThan(4_000_000)
})

describe('a stream whose encoder used string tables', () => {
  test('is read with them', () => {
    expect(exiCodec('xmldsig').decodeFragment(transformsFromTables())).toEqual({
      element: {
        namespace: DSIG,
        name: 'Transforms',
        value: { Transform: [{ Algorithm: 'urn:a' }, { Algorithm: 'urn:a' }, { Algorithm: 'urn:a' }] },
      },
      trailingBytes: 0,
      stringTables: true,
    })
    expect(
      exiCodec('xmldsig').toXml(transformsFromTables(), { fragment: true }).match(/urn:a/g),
    ).toHaveLength(3)
  })

  test('to say more than a whole stream could without them is refused', () => {
    const exi = transformsFromTables({ text: 'a'.repeat(8_000), hits: 20 })
    expect(() => exiCodec('xmldsig').decodeFragment(exi)).toThrow(withCode('ERR_EXI_TOO_LARGE'))
    expect(() => exiCodec('xmldsig').toXml(exi, { fragment: true })).toThrow(withCode('ERR_EXI_TOO_LARGE'))
  })

  test('that points outside of them is refused', () => {
    const writer = startOf('document', 'KeyName')
    writer.writeBits(0, 1)
    writer.writeUnsigned(1)
    writer.writeUnsigned(0)
    expect(() => exiCodec('xmldsig').decodeDocument(writer.toBytes())).toThrow(withCode('ERR_EXI_DEVIATION'))
  })
})

describe('content that the schema does not provide for', () => {
  test('in place of a required element is refused, also as an early end', () => {
    // V2G_Message, then at once the escape of its first place with each second part.
    const codec = exiCodec('iso2')
    const root = codec.encodeDocument(message({}))[1] ?? 0
    for (let rest = 0; rest < 256; rest++) {
      const exi = Uint8Array.of(0x80, (root & 0xfe) | 1, rest, rest)
      expect(() => codec.decodeDocument(exi)).toThrow(withCode('ERR_EXI_DEVIATION'))
    }
  })

  test('an abstract element is refused', () => {
    const codec = exiCodec('iso2')
    const exi = codec.encodeDocument(message({ ChargingStatusReq: {} }))
    const bits = [...exi].map((octet) => octet.toString(2).padStart(8, '0')).join('')
    // Every 6 bits in turn become every code: one of them is the code of the body's element.
    const abstract = Array.from({ length: bits.length - 14 }, (_, at) => at + 8).flatMap((at) =>
      Array.from({ length: 64 }, (_, code) => code.toString(2).padStart(6, '0'))
        .map((code) => bits.slice(0, at) + code + bits.slice(at + 6))
        .map((changed) =>
          Uint8Array.from({ length: exi.length }, (_, i) =>
            Number.parseInt(changed.slice(i * 8, i * 8 + 8), 2),
          ),
        )
        .filter((changed) =>
          refusalOf(() => codec.decodeDocument(changed)).includes('BodyElement is abstract'),
        ),
    )
    expect(abstract.length).toBeGreaterThan(0)
  })
})

describe('an element that ends without its text', () => {
  test('has the empty value of its type, also where an optional attribute could have come', () => {
    const codec = exiCodec('xmldsig')
    const value = { $value: new Uint8Array() }
    // Before the escape come the codes of the attribute and of the text.
    expect(codec.decodeFragment(ended('SignatureValue', 2, 2)).element.value).toEqual(value)
    const exi = codec.encodeFragment({ namespace: DSIG, name: 'SignatureValue', value })
    expect(codec.fromXml(codec.toXml(exi, { fragment: true }), { fragment: true })).toEqual(exi)
  })

  test('is refused where its type has no empty value, whatever it is decoded to', () => {
    const exi = ended('HMACOutputLength', 1, 1)
    expect(() => exiCodec('xmldsig').decodeFragment(exi)).toThrow(withCode('ERR_EXI_DEVIATION'))
    expect(() => exiCodec('xmldsig').toXml(exi, { fragment: true })).toThrow(withCode('ERR_EXI_DEVIATION'))
  })
})

describe('an eMAID alone, whose name has two types', () => {
  const ID = 4
  const TEXT = 256
  const END = 244
  /** Attributes and texts have codes of 9 bits before a text and of 8 behind it. */
  const fragment = (...events: readonly [code: number, text: string][]): Uint8Array => {
    const writer = new BitWriter()
    writer.writeBits(0x80, 8)
    writer.writeBits(236, 8)
    let width = 9
    for (const [code, text] of events) {
      writer.writeBits(width === 9 ? code : code - 11, width)
      writer.writeUnsigned(text.length + 2)
      writer.writeCharacters(text)
      if (code === TEXT) width = 8
    }
    writer.writeBits(END, 8)
    writer.writeBits(END, 8)
    return writer.toBytes()
  }

  test('has its Id and its text', () => {
    const exi = fragment([ID, 'a'], [TEXT, 'b'])
    expect(exiCodec('iso2').decodeFragment(exi).element.value).toEqual({ Id: 'a', $value: 'b' })
  })

  test.each([
    ['its Id', fragment([ID, 'a'], [ID, 'b'], [TEXT, 'c'])],
    ['its text', fragment([ID, 'a'], [TEXT, 'b'], [TEXT, 'c'])],
  ])('is refused with %s twice', (_, exi) => {
    expect(() => exiCodec('iso2').decodeFragment(exi)).toThrow(withCode('ERR_EXI_DEVIATION'))
    expect(() => exiCodec('iso2').toXml(exi, { fragment: true })).toThrow(withCode('ERR_EXI_DEVIATION'))
  })
})

describe('what no reader would take is not written:', () => {
  const codec = exiCodec('xmldsig')

  test.each([
    ['text of more characters', 'KeyName', 'a'.repeat(8 * 1024 + 1)],
    ['a wider integer', 'X509IssuerSerial', { X509IssuerName: '', X509SerialNumber: 2n ** 1127n }],
    ['a longer message', 'DigestValue', new Uint8Array(EXI_BYTES_MAX)],
  ])('%s', (_, name, value) => {
    expect(() => codec.encodeFragment({ namespace: DSIG, name, value })).toThrow(
      withCode('ERR_EXI_TOO_LARGE'),
    )
  })

  test('deeper XML', () => {
    expect(codec.decodeDocument(codec.fromXml(nested(32))).element.name).toBe('Object')
    expect(() => codec.fromXml(nested(33))).toThrow(withCode('ERR_EXI_TOO_LARGE'))
  })

  test('the widest integer survives, as XML too', () => {
    const value = { X509IssuerName: '', X509SerialNumber: -(2n ** 1127n) }
    const exi = codec.encodeFragment({ namespace: DSIG, name: 'X509IssuerSerial', value })
    const xml = codec.toXml(exi, { fragment: true })
    expect(codec.decodeFragment(codec.fromXml(xml, { fragment: true })).element.value).toEqual(value)
  })
})

const long = 'x'.repeat(100_000)
const many = Array.from({ length: 10_000 }, (_, i) => `a${i}=""`).join(' ')
test.each([
  ['many attributes', `<s:KeyName xmlns:s="${DSIG}" ${many}/>`],
  ['a long attribute', `<s:KeyName xmlns:s="${DSIG}" ${long}=""/>`],
  ['a long element', `<s:${long} xmlns:s="${DSIG}"/>`],
  ['a long prefix that is unbound', `<${long}:KeyName/>`],
  ['a long end', `<s:KeyName xmlns:s="${DSIG}"></s:${long}>`],
])('XML with %s is refused in a few words', (_, xml) => {
  const refusal = refusalOf(() => exiCodec('xmldsig').fromXml(xml))
  expect(refusal).not.toBe('')
  expect(refusal.length).toBeLessThan(300)
})

describe('a message to be encoded', () => {
  const codec = exiCodec('iso2')
  const request = {
    Id: 'ID1',
    OEMProvisioningCert: Uint8Array.of(1),
    ListOfRootCertificateIDs: { RootCertificateID: [] },
  }
  const rootId = { X509IssuerName: 'CN=Root', X509SerialNumber: 1n }

  test.each([
    ['an unknown root', { namespace: MSG_BODY, name: 'Missing', value: {} }, /Missing/],
    ['an unknown member', message({ CertificateInstalationReq: {} }), /CertificateInstalationReq/],
    ['two bodies', message({ ChargingStatusReq: {}, AuthorizationReq: {} }), /Body/],
    ['no session', message({}, {}), /Header.*SessionID/],
    [
      'an empty list where one item is due',
      message({ CertificateInstallationReq: request }),
      /RootCertificateID/,
    ],
    [
      'a wrong type',
      message({ CertificateInstallationReq: { ...request, OEMProvisioningCert: 'AQ==' } }),
      /CertificateInstallationReq\/OEMProvisioningCert.*Uint8Array/,
    ],
    [
      'more items than the schema allows',
      message({
        CertificateInstallationReq: {
          ...request,
          ListOfRootCertificateIDs: { RootCertificateID: Array.from({ length: 21 }, () => rootId) },
        },
      }),
      /ListOfRootCertificateIDs/,
    ],
    [
      'a value outside an enumeration',
      message({ CertificateInstallationRes: { ResponseCode: 'FINE' } }),
      /ResponseCode/,
    ],
    ['half a surrogate pair', { namespace: DSIG, name: 'KeyName', value: '\ud800' }, /KeyName.*surrogate/],
  ])('with %s is refused with the place', (_, element, place) => {
    expect(() => codec.encodeDocument(element)).toThrow(withCode('ERR_EXI_VALUE'))
    expect(refusalOf(() => codec.encodeDocument(element))).toMatch(place)
  })

  test('as XML may have layout, and attributes in any order', () => {
    const codecs = exiCodec('xmldsig')
    expect(codecs.fromXml(referenceXml('\n  ', 'URI="#1" Id="R"'))).toEqual(
      codecs.fromXml(referenceXml('', 'Id="R" URI="#1"')),
    )
  })

  test.each([
    ['a document type', `<!DOCTYPE s [<!ENTITY e "x">]><s/>`, 'ERR_XML_FORBIDDEN'],
    ['an entity nobody declared', `<s:KeyName xmlns:s="${DSIG}">&e;</s:KeyName>`, 'ERR_XML_MALFORMED'],
    ['an unclosed element', `<s:KeyName xmlns:s="${DSIG}">`, 'ERR_XML_MALFORMED'],
    ['no element', '', 'ERR_XML_MALFORMED'],
    ['an unbound prefix', '<s:KeyName/>', 'ERR_XML_MALFORMED'],
    ['too much text', `<s:KeyName xmlns:s="${DSIG}">${' '.repeat(300_000)}</s:KeyName>`, 'ERR_XML_TOO_LARGE'],
    ['too many levels', '<s>'.repeat(100), 'ERR_EXI_VALUE'],
    ['an element of another schema', '<s/>', 'ERR_EXI_VALUE'],
    ['text in place of elements', `<s:Reference xmlns:s="${DSIG}">text</s:Reference>`, 'ERR_EXI_VALUE'],
    ['an undeclared attribute', `<s:KeyName xmlns:s="${DSIG}" a="b"/>`, 'ERR_EXI_VALUE'],
    ['base64 that is none', `<s:DigestValue xmlns:s="${DSIG}">A</s:DigestValue>`, 'ERR_EXI_VALUE'],
  ])('as XML with %s is refused', (_, xml, code) => {
    expect(() => exiCodec('xmldsig').fromXml(xml)).toThrow(withCode(code))
  })
})

test('text that needs escapes survives XML', () => {
  const codec = exiCodec('xmldsig')
  const value = '<&>"\r\n\t]]> é € 𝄞'
  const exi = codec.encodeDocument({ namespace: DSIG, name: 'KeyName', value })
  expect(codec.decodeDocument(codec.fromXml(codec.toXml(exi))).element.value).toBe(value)
})

test('a control character, which XML has no form for, is an error there and nowhere else', () => {
  const codec = exiCodec('xmldsig')
  const exi = codec.encodeDocument({ namespace: DSIG, name: 'KeyName', value: '\u0001' })
  expect(codec.decodeDocument(exi).element.value).toBe('\u0001')
  expect(() => codec.toXml(exi)).toThrow(withCode('ERR_XML_FORBIDDEN'))
})

/** Names that may begin a stream of xmldsig, in the order of their event codes. */
function namesOf(kind: 'document' | 'fragment'): string[] {
  const elements = xmldsig.elements.filter((element) => kind === 'fragment' || element.global === true)
  return [...new Set(elements.map(({ name }) => name))].toSorted()
}

/** A stream of xmldsig with its header and the start of one element. */
function startOf(kind: 'document' | 'fragment', name: string): BitWriter {
  const writer = new BitWriter()
  const names = namesOf(kind)
  writer.writeBits(0x80, 8)
  writer.writeBits(names.indexOf(name), Math.ceil(Math.log2(names.length + (kind === 'fragment' ? 2 : 1))))
  return writer
}

/** Transforms of equal algorithms: in full, then in turn from the attribute's own table and from the common one. */
function transformsFromTables({ text = 'urn:a', hits = 2 } = {}): Uint8Array {
  const writer = startOf('fragment', 'Transforms')
  writer.writeBits(0, 1)
  writer.writeBits(0, 1)
  writer.writeUnsigned(text.length + 2)
  writer.writeCharacters(text)
  for (let hit = 0; hit < hits; hit++) {
    writer.writeBits(2, 3)
    writer.writeBits(0, 2)
    writer.writeBits(0, 1)
    writer.writeUnsigned(hit % 2)
  }
  writer.writeBits(2, 3)
  writer.writeBits(1, 2)
  writer.writeBits(namesOf('fragment').length + 1, 6)
  return writer.toBytes()
}

/** A fragment of xmldsig: the start of an element, its escape, and behind it the end. */
function ended(name: string, escape: number, width: number): Uint8Array {
  const writer = startOf('fragment', name)
  writer.writeBits(escape, width)
  writer.writeBits(0, 3)
  writer.writeBits(namesOf('fragment').length + 1, 6)
  return writer.toBytes()
}

/** A document of any element, in the namespace of xmldsig, with a long name that is in no table. */
function madeUpName(name: string): Uint8Array {
  const writer = new BitWriter()
  const count = namesOf('document').length
  writer.writeBits(0x80, 8)
  writer.writeBits(count, Math.ceil(Math.log2(count + 1)))
  writer.writeBits(5, 3)
  writer.writeUnsigned(8_001)
  writer.writeCharacters(name.padEnd(8_000, 'x'))
  return writer.toBytes()
}

/** Objects inside each other. */
const nested = (depth: number): string =>
  `<s:Object xmlns:s="${DSIG}">${'<s:Object>'.repeat(depth - 1)}${'</s:Object>'.repeat(depth)}`

/** What is reachable and nothing else. */
function heapBytes(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  return process.memoryUsage().heapUsed
}

/** A Reference with white space between its elements. */
const referenceXml = (space: string, attributes: string): string =>
  `<s:Reference xmlns:s="${DSIG}" ${attributes}>${space}<s:DigestMethod Algorithm="urn:a"/>${space}` +
  `<s:DigestValue>AQ==</s:DigestValue>${space}</s:Reference>`

function refusalOf(refused: () => unknown): string {
  try {
    refused()
    return ''
  } catch (error) {
    return error instanceof Error ? error.message : ''
  }
}
