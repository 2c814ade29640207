import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import type { CaKind } from '#opcp'

import type { Caller } from '../http/caller.ts'
import { PoolError } from '../pool-error.ts'
import { readEndEntityName } from './end-entity-name.ts'

const OWNER: Caller = {
  clientId: 'x',
  participantId: 'x',
  roles: new Set(),
  permissions: new Set(),
  wmis: new Set(['EVO']),
  providerIds: new Set(['DEEVO']),
  operatorIds: new Set(['DEEVO']),
}
const refused: unknown = expect.objectContaining({ code: 'ERR_EST_COMMON_NAME' })
const STRANGER: Caller = { ...OWNER, wmis: new Set(), providerIds: new Set(), operatorIds: new Set() }

test.each<readonly [CaKind, string, string]>([
  ['cpo', 'DE*EVO*E45B*78C', 'DEEVOE45B78C'],
  ['cpo', 'deEVOE1', 'DEEVOE1'],
  ['cpo', 'DE-EVO-S-00003C4D557878675645330967543476-2', 'DEEVOS00003C4D5578786756453309675434762'],
  ['mo', 'DE-EVO-C12345678-X', 'DEEVOC12345678X'],
  ['mo', 'DEEVOC12345678', 'DEEVOC12345678'],
  ['oem', 'EVOabc00000000001', 'EVOABC00000000001'],
  ['veh', 'EVOABC00000000001', 'EVOABC00000000001'],
])('%s: %s belongs to who owns its first characters', (kind, commonName, key) => {
  const name = readEndEntityName(kind, commonName, 'iso2')
  expect(name.commonName).toBe(kind === 'mo' ? commonName.replaceAll('-', '') : commonName)
  expect(name.key).toBe(key)
  expect(() => name.requireOwner(OWNER)).not.toThrow()
  expect(() => name.requireOwner(STRANGER)).toThrow(expect.objectContaining({ code: 'ERR_POOL_NOT_OWNER' }))
})

test('PCIDs and EMAIDs may be longer in ISO 15118-20', () => {
  const pcid = `EVO${'A'.repeat(40)}`
  expect(() => readEndEntityName('oem', pcid, 'iso2')).toThrow(refused)
  expect(readEndEntityName('oem', pcid, 'iso20').key).toBe(pcid)
})

describe('refused: ERR_EST_COMMON_NAME', () => {
  test.each<readonly [CaKind, string | undefined]>([
    ['cpo', undefined],
    ['cpo', ''],
    ['cpo', 'DE*EVO*T1'],
    ['cpo', 'DE*EVO*E'],
    ['cpo', 'DE*EVO*E1\n'],
    ['cpo', `DE*EVO*E${'1'.repeat(60)}`],
    ['mo', 'DE*EVO*E1'],
    ['mo', 'DEEVO'],
    ['oem', 'EVO'],
    ['cps', ''],
    ['cps', 'x'.repeat(65)],
  ])('%s: %j', (kind, commonName) => {
    expect(() => readEndEntityName(kind, commonName, 'iso2')).toThrow(refused)
  })

  test('any text is read or refused', () => {
    const kinds = fc.constantFrom<CaKind>('cpo', 'mo', 'oem', 'veh', 'cps')
    fc.assert(
      fc.property(kinds, fc.string({ maxLength: 80 }), (kind, text) => {
        try {
          readEndEntityName(kind, text, 'iso20')
        } catch (error) {
          expect(error).toBeInstanceOf(PoolError)
        }
      }),
    )
  })
})
