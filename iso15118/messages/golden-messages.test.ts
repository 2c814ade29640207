import { existsSync, readFileSync } from 'node:fs'

import { describe, expect, test } from 'vitest'

import { exiCodec } from '../exi/codec.ts'
import { signedDataFromXml, signedDataToXml } from './signed-data.ts'
import { decodeV2gMessage, encodeV2gMessage, v2gMessageFromXml, v2gMessageToXml } from './v2g-message.ts'

const GOLDEN = new URL('../../../shared/vectors/opcp/opcp-golden-vectors.json', import.meta.url)

interface GoldenMessage {
  readonly id: string
  readonly exiBase64: string
  readonly sessionId?: string
  readonly emaid?: string
  readonly signedDataXmlBase64?: string
}

const present = existsSync(GOLDEN)
const title = 'messages published by Hubject and CharIN'

describe.skipIf(!present)(present ? title : `${title} (NOT RUN: ../shared/vectors/opcp is absent)`, () => {
  const { vectors }: { vectors: GoldenMessage[] } = present
    ? JSON.parse(readFileSync(GOLDEN, 'utf8'))
    : { vectors: [] }

  test.each(vectors)('$id encodes to its own bytes, from the object and from XML', ({ id, exiBase64 }) => {
    const exi = Buffer.from(exiBase64, 'base64')
    const codec = exiCodec(id.startsWith('iso20') ? 'iso20' : 'iso2')
    const { element, trailingBytes, stringTables } = codec.decodeDocument(exi)
    expect({ trailingBytes, stringTables }).toEqual({ trailingBytes: 0, stringTables: false })
    expect(Buffer.from(codec.encodeDocument(element)).equals(exi)).toBe(true)
    expect(Buffer.from(codec.fromXml(codec.toXml(exi))).equals(exi)).toBe(true)
  })

  test.each(vectors.filter(({ signedDataXmlBase64 }) => signedDataXmlBase64 !== undefined))(
    '$id: its XML without session is the EXI once the session is put in',
    ({ exiBase64, sessionId = '', signedDataXmlBase64 = '' }) => {
      const xml = Buffer.from(signedDataXmlBase64, 'base64').toString('utf8')
      const message = signedDataFromXml(xml, Buffer.from(sessionId, 'hex'))
      expect(Buffer.from(encodeV2gMessage(message)).toString('base64')).toBe(exiBase64)
    },
  )
})

describe('signed contract data', () => {
  const message = v2gMessageFromXml(`
    <d:V2G_Message xmlns:d="urn:iso:15118:2:2013:MsgDef" xmlns:h="urn:iso:15118:2:2013:MsgHeader"
        xmlns:b="urn:iso:15118:2:2013:MsgBody">
      <d:Header><h:SessionID>0102030405060708</h:SessionID></d:Header>
      <d:Body><b:AuthorizationReq b:Id="ID1"/></d:Body>
    </d:V2G_Message>`)

  test('loses only its session in XML, and gets the session of whoever asks', () => {
    const xml = signedDataToXml(message)
    expect(xml).not.toContain('SessionID')
    expect(signedDataFromXml(xml, Uint8Array.of(9))).toEqual({
      ...message,
      Header: { SessionID: Uint8Array.of(9) },
    })
  })

  test('keeps a session that it came with', () => {
    expect(signedDataFromXml(v2gMessageToXml(message), Uint8Array.of(9))).toEqual(message)
  })

  test('is refused when its body is missing', () => {
    const xml = '<d:V2G_Message xmlns:d="urn:iso:15118:2:2013:MsgDef"><d:Header/></d:V2G_Message>'
    expect(() => signedDataFromXml(xml, Uint8Array.of(9))).toThrow(
      expect.objectContaining({ code: 'ERR_EXI_VALUE' }),
    )
  })
})

test('a document with another root is not a V2G_Message', () => {
  const exi = exiCodec('iso2').encodeDocument({
    namespace: 'http://www.w3.org/2000/09/xmldsig#',
    name: 'KeyName',
    value: 'a',
  })
  expect(() => decodeV2gMessage(exi)).toThrow(expect.objectContaining({ code: 'ERR_EXI_DEVIATION' }))
})
