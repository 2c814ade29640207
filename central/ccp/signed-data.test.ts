import { existsSync, readFileSync } from 'node:fs'

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { base64FromBytes, bytesFromBase64 } from '#base'

import { base64Refused } from '../raw-request.fixture.ts'
import { readSignedData } from './signed-data.ts'

const UNREADABLE = 'signedContractDataXML : must be the XML or EXI of a V2G_Message'
const base64 = (bytes: string | Uint8Array): string => base64FromBytes(Buffer.from(bytes))
const read = (text: string) => readSignedData(text, 'signedContractDataXML')

describe('signed contract data', () => {
  test.each([
    ['nothing', '', UNREADABLE],
    ['no base64', '?', base64Refused('signedContractDataXML')],
    ['too many bytes', base64(Buffer.alloc(24 * 1024 + 1, 0x20)), base64Refused('signedContractDataXML')],
    ['a cut EXI document', base64(Uint8Array.of(0x80, 0x98)), UNREADABLE],
    ['a cut XML document', base64('<a>'), UNREADABLE],
    ['XML of another schema', base64('<a/>'), UNREADABLE],
    ['bytes that are no UTF-8', base64(Uint8Array.of(0x3c, 0xff)), UNREADABLE],
    [
      'entities that grow',
      base64('<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>'),
      UNREADABLE,
    ],
    [
      'a file of the server',
      base64('<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'),
      UNREADABLE,
    ],
    ['elements in elements in elements', base64('<a>'.repeat(6_000)), UNREADABLE],
  ])('that is %s is refused', (_, text, message) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ code: 'ERR_POOL_FIELD', message }))
  })
})

const VECTORS = new URL('../../../shared/vectors/opcp/opcp-golden-vectors.json', import.meta.url)
const present = existsSync(VECTORS)

interface Vector {
  readonly id: string
  readonly exiBase64: string
  readonly signedDataXmlBase64?: string
}

describe.skipIf(!present)('published signed contract data (not run: ../shared is absent)', () => {
  const vectors: readonly Vector[] = present ? JSON.parse(readFileSync(VECTORS, 'utf8')).vectors : []
  const published = vectors.find(({ id }) => id === 'iso2-signed-contract-data-xml-hubject')
  const xml = published?.signedDataXmlBase64 ?? ''
  const exi = published?.exiBase64 ?? ''

  test('is the same message as XML and as EXI, but for the session', () => {
    expect(read(xml).Body).toEqual(read(exi).Body)
    expect(read(xml).Header).toMatchObject({ SessionID: new Uint8Array(0) })
  })

  test.each([
    ['XML', xml],
    ['EXI', exi],
  ])('with any byte of its %s changed is read, or refused for the field', (_, text) => {
    const good = bytesFromBase64(text, 16_000)
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        const changed = Uint8Array.from(good)
        changed[at] = (changed[at] ?? 0) ^ mask
        try {
          read(base64(changed))
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_POOL_FIELD' })
        }
      }),
      { numRuns: 300 },
    )
  })
})
