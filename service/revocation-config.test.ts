import { type Static, Type } from 'typebox'
import { describe, expect, test } from 'vitest'

import { configJsonSchema } from './config-json-schema.ts'
import { checkConfig } from './config.ts'
import { revocationConfig, RevocationUse } from './revocation-config.ts'

const Example = Type.Object(
  { revocation: revocationConfig({ cps: RevocationUse }) },
  { additionalProperties: false },
)

function check(revocation?: object): Static<typeof Example>['revocation'] {
  const value = revocation === undefined ? {} : { revocation }
  return checkConfig(value, Example, { source: 'test', folder: '/etc' }).revocation
}

test('a config without the section refuses what is revoked and keeps answers in memory', () => {
  expect(check()).toEqual({ policy: 'soft', timeoutMs: 3_000, addressesAllowed: [] })
})

test('a relative cache directory counts from the folder of the config', () => {
  expect(check({ cacheDirectory: 'answers' }).cacheDirectory).toBe('/etc/answers')
})

describe('a policy for one use', () => {
  test('stands beside the default, and its grace is its own', () => {
    expect(check({ policy: 'soft', graceHours: 1, perUse: { cps: { policy: 'hard' } } })).toMatchObject({
      policy: 'soft',
      graceHours: 1,
      perUse: { cps: { policy: 'hard' } },
    })
  })

  test.each([
    { what: 'without a policy', perUse: { cps: { graceHours: 1 } }, where: 'perUse' },
    { what: 'of a use that the program does not judge', perUse: { secc: { policy: 'hard' } }, where: 'secc' },
  ])('$what is refused: ERR_CONFIG_INVALID', ({ perUse, where }) => {
    expect(() => check({ perUse })).toThrow(
      expect.objectContaining({ code: 'ERR_CONFIG_INVALID', message: expect.stringContaining(where) }),
    )
  })
})

describe('networks', () => {
  test.each(['10.1.0.0/16', '127.0.0.1/32', 'fd00::/8', '::1/128'])('%s is one', (network) => {
    expect(check({ addressesAllowed: [network] }).addressesAllowed).toEqual([network])
  })

  test.each(['10.1.0.0', '300.0.0.0/8', '10.0.0.0/33', 'fd00::/129', 'localhost/8', '10.0.0.0/8/8'])(
    '%s is none: ERR_CONFIG_INVALID',
    (network) => {
      expect(() => check({ addressesAllowed: [network] })).toThrow(
        expect.objectContaining({ code: 'ERR_CONFIG_INVALID' }),
      )
    },
  )
})

test('the schema for editors holds no trace of code', () => {
  expect(JSON.stringify(configJsonSchema(Example, { title: 'example' }))).not.toContain('refine')
})
