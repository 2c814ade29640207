import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'

import { systemClock, systemRandom } from '#base'
import { createThrowawayPki, type Certificate, type IssuerAndSerial } from '#pki'

import { keyIdOf } from '../rcp/key-id.ts'
import { usableBundles, type RootWishes } from './bundle-choice.ts'

/** Three roots with serial numbers of their own; what they are called does not matter here. */
let roots: readonly Certificate[]
beforeAll(async () => {
  const pki = await createThrowawayPki({ clock: systemClock, random: systemRandom })
  roots = (['v2g/root', 'mo/root', 'oem/root'] as const).map((name) => pki[name].certificate)
})

const root = (index: number): Certificate => {
  const found = roots[index]
  if (found === undefined) throw new RangeError(`there are ${roots.length} roots`)
  return found
}
const fingerprint = (index: number): string => root(index).fingerprintSha256Hex
const listed = (index: number): IssuerAndSerial => ({
  X509IssuerName: `CN=${root(index).commonName ?? ''}`,
  X509SerialNumber: BigInt(`0x${root(index).serialNumberHex}`),
})
const UNKNOWN = { X509IssuerName: 'DC=V2G,C=DE,O=RISE V2G Project,CN=V2GRootCA', X509SerialNumber: 0x3039n }

/** The roots of the bundles that are usable, in their order. */
function chosen(bundles: readonly number[], over: Partial<RootWishes> = {}): readonly number[] {
  const usable = usableBundles(
    bundles.map((index) => ({ rootFingerprint: fingerprint(index) })),
    {
      list: [],
      v2gRoots: roots,
      vehicleRootKeyIds: [],
      operatorRoot: undefined,
      unknownRoots: 'deliver',
      ...over,
    },
  )
  return usable.map(({ rootFingerprint }) =>
    roots.findIndex(({ fingerprintSha256Hex }) => fingerprintSha256Hex === rootFingerprint),
  )
}

describe('a list of roots', () => {
  test('decides in its own order, whatever else is known', () => {
    const others = { vehicleRootKeyIds: [keyIdOf(root(0))], operatorRoot: fingerprint(0) }
    expect(chosen([0, 1, 2], { list: [listed(2), listed(1)], ...others })).toEqual([2, 1])
    expect(chosen([0, 1], { list: [UNKNOWN, listed(1)], ...others })).toEqual([1])
  })

  test('that names roots of the pool, but none with a bundle, leaves nothing', () => {
    expect(chosen([0], { list: [listed(1)], vehicleRootKeyIds: [keyIdOf(root(0))] })).toEqual([])
  })

  test('that names no root of the pool counts as none; the strict setting takes it at its word', () => {
    expect(chosen([0], { list: [UNKNOWN] })).toEqual([0])
    expect(chosen([0], { list: [UNKNOWN], unknownRoots: 'refuse' })).toEqual([])
  })
})

test('without a list come the roots of the vehicle, then the one of the operator, then the rest as they are', () => {
  expect(chosen([0, 1, 2])).toEqual([0, 1, 2])
  expect(chosen([0, 1, 2], { operatorRoot: fingerprint(2) })).toEqual([2, 0, 1])
  const wishes = { operatorRoot: fingerprint(2), vehicleRootKeyIds: [keyIdOf(root(1))] }
  expect(chosen([0, 1, 2], wishes)).toEqual([1, 2, 0])
})

test('no bundle is ever made up or given twice, and without a list none is left out', () => {
  const subset = fc.uniqueArray(fc.nat(2))
  fc.assert(
    fc.property(subset, subset, subset, fc.nat(2), (bundles, list, ofVehicle, operator) => {
      const wishes = {
        vehicleRootKeyIds: ofVehicle.map((index) => keyIdOf(root(index))),
        operatorRoot: fingerprint(operator),
      }
      expect(new Set(chosen(bundles, wishes))).toEqual(new Set(bundles))
      const byList = chosen(bundles, { ...wishes, list: [UNKNOWN, ...list.map(listed)] })
      const expected = list.length > 0 ? list.filter((index) => bundles.includes(index)) : bundles
      expect(new Set(byList)).toEqual(new Set(expected))
      expect(byList).toHaveLength(expected.length)
    }),
  )
})
