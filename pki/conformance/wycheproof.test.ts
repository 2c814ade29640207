import { createPublicKey, verify } from 'node:crypto'

import { describe, expect, test } from 'vitest'

import { bytesFromHex } from '#base'

import { ALGORITHM } from '../certificate/algorithms.ts'
import { verifierOf } from '../keys/verifier.ts'
import { hasShared, readSharedText } from '../testing/shared.ts'

interface Group {
  readonly publicKeyDer: string
  readonly tests: readonly {
    tcId: number
    msg: string
    sig: string
    result: 'valid' | 'invalid' | 'acceptable'
  }[]
}

describe.skipIf(!hasShared)('Wycheproof (not run without ../shared)', () => {
  test.each([
    'ecdsa_secp256r1_sha256_p1363_test.json',
    'ecdsa_secp521r1_sha512_p1363_test.json',
    'ed448_test.json',
  ])('%s: every signature has the published verdict', (file) => {
    const { testGroups }: { testGroups: readonly Group[] } = JSON.parse(
      readSharedText(`suites/wycheproof/testvectors_v1/${file}`),
    )
    const wrong = testGroups.flatMap(({ publicKeyDer, tests }) => {
      const key = createPublicKey({ key: Buffer.from(publicKeyDer, 'hex'), format: 'der', type: 'spki' })
      const verifier = verifierOf(key)
      return tests.filter(
        ({ msg, sig, result }) =>
          verifier.verify(bytesFromHex(msg), bytesFromHex(sig)) !== (result === 'valid'),
      )
    })
    expect(wrong).toEqual([])
  })
  // As certificates carry them: the very call of Certificate.isSignedBy.
  test.each([
    { file: 'ecdsa_secp256r1_sha256_test.json', algorithm: 'ecdsa-p256-sha256' },
    { file: 'ecdsa_secp521r1_sha512_test.json', algorithm: 'ecdsa-p521-sha512' },
  ] as const)('$file: every signature in DER has the published verdict', ({ file, algorithm }) => {
    const { testGroups }: { testGroups: readonly Group[] } = JSON.parse(
      readSharedText(`suites/wycheproof/testvectors_v1/${file}`),
    )
    const wrong = testGroups.flatMap(({ publicKeyDer, tests }) => {
      const key = createPublicKey({ key: Buffer.from(publicKeyDer, 'hex'), format: 'der', type: 'spki' })
      const { digest } = ALGORITHM[algorithm]
      return tests.filter(
        ({ msg, sig, result }) =>
          verify(digest, bytesFromHex(msg), key, bytesFromHex(sig)) !== (result === 'valid'),
      )
    })
    expect(wrong).toEqual([])
  })
})
