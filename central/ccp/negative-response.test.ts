import { existsSync, readFileSync } from 'node:fs'

import { describe, expect, test } from 'vitest'

import { bytesFromBase64 } from '#base'
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
  test('has the body of the one the live service documents', () => {
    const golden = vectors.find(({ id }) => id === 'iso2-negative-res-hubject')
    const documented = decodeV2gMessage(bytesFromBase64(golden?.exiBase64 ?? '', 1_000)).message
    const sessionId = documented.Header.SessionID
    const ours = encodeNegativeResponse({ sessionId, responseCode: 'FAILED_NoCertificateAvailable' })
    expect(decodeV2gMessage(ours).message).toEqual({ ...documented, Header: { SessionID: sessionId } })
  })
})
