import { expect, test } from 'vitest'

import { REASON_CODES } from './errors.ts'

test('every reason fits the 20 characters of OCPP', () => {
  expect(Object.values(REASON_CODES).filter((reason) => reason.length > 20)).toEqual([])
})
