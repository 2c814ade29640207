import { expect, test } from 'vitest'

import type { DeliverableContract } from './contract-store.ts'
import { DeliveryChoice } from './delivery-choice.ts'

const WISH = { vehicle: { v2gRootKeyIds: [] }, list: [], unknownRoots: 'deliver', early: false } as const

/** The bundle that took the place of `number - 1` others. */
function bundle(number: number): DeliverableContract {
  return {
    emaid: { asIssued: 'DEEVOC00000001', key: 'DEEVOC00000001' },
    rootFingerprint: 'a'.repeat(64),
    contractRootFingerprint: 'b'.repeat(64),
    publicKeySha256: 'c'.repeat(64),
    validFromMs: 0,
    validToMs: 1_000,
    metaData: undefined,
    contractCertificate: Uint8Array.of(number),
    response: Uint8Array.of(number),
  }
}

/** Every bundle whose number is in `revoked` is refused. */
function choiceWhere({ revoked }: { readonly revoked: readonly number[] }): DeliveryChoice {
  return new DeliveryChoice({
    roots: { list: async () => [] },
    verification: {
      stillTrusted: async (bundles) => bundles,
      refusalOf: async ({ response: [number = 0] }) =>
        revoked.includes(number) ? { code: 'ERR_PATH_REVOKED', message: 'revoked as superseded' } : undefined,
    },
    clock: () => 500,
    operatorRoot: () => undefined,
  })
}

test('a bundle that was replaced and revoked after it was read gives way to its successor', async () => {
  const held = [[bundle(1)], [bundle(2)], [bundle(3)]]
  const read = async (): Promise<readonly DeliverableContract[]> => held.shift() ?? []
  const chosen = await choiceWhere({ revoked: [1, 2] }).choose(read, WISH)
  expect(chosen.response).toEqual(Uint8Array.of(3))
})

test('a revoked bundle that is still the one held is refused, after one more reading', async () => {
  let readings = 0
  const read = async (): Promise<readonly DeliverableContract[]> => {
    readings += 1
    return [bundle(1)]
  }
  await expect(choiceWhere({ revoked: [1] }).choose(read, WISH)).rejects.toMatchObject({
    code: 'ERR_CCP_CONTRACT_REVOKED',
  })
  expect(readings).toBe(2)
})

test('a contract whose every bundle is revoked when it is judged is refused in the end', async () => {
  let readings = 0
  const read = async (): Promise<readonly DeliverableContract[]> => {
    readings += 1
    return [bundle(readings)]
  }
  const revoked = Array.from({ length: 100 }, (_, index) => index)
  await expect(choiceWhere({ revoked }).choose(read, WISH)).rejects.toMatchObject({
    code: 'ERR_CCP_CONTRACT_REVOKED',
  })
  expect(readings).toBe(5)
})
