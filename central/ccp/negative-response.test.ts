import { existsSync, readFileSync } from 'node:fs'

import { describe, expect, test } from 'vitest'

import { base64FromBytes, bytesFromBase64 } from '#base'
import { decodeV2gMessage } from '#iso15118'

import { encodeNegativeResponse } from './negative-response.ts'

const VECTORS = new URL('../../../shared/vectors/opcp/opcp-golden-vectors.json', import.meta.url)

interface Vector {
  readonly id: string
  readonly exiBase64: string
}

const present = existsSync(VECTORS)
const vectors: readonly Vector[] = present ? JSON.parse(readFileSync(VECTORS, 'utf8')).vectors : []

describe.skipIf(!present)('a negative answer (not run: ../shared is absent)', () => {
  test('has the bytes of the one the live service documents', () => {
    const golden = vectors.find(({ id }) => id === 'iso2-negative-res-hubject')
    const documented = bytesFromBase64(golden?.exiBase64 ?? '', 1_000)
    const sessionId = decodeV2gMessage(documented).message.Header.SessionID
    const ours = encodeNegativeResponse({ sessionId, responseCode: 'FAILED_NoCertificateAvailable' })
    expect(base64FromBytes(ours)).toBe(golden?.exiBase64)
  })
})
