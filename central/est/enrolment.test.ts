import { afterAll, beforeAll, expect, test } from 'vitest'

import { systemClock } from '#base'

import { startIssuing, type IssuingScene } from './issuing.fixture.ts'

let scene: IssuingScene
beforeAll(async () => {
  scene = await startIssuing(systemClock)
})
afterAll(() => scene[Symbol.asyncDispose]())

test('a key that cannot sign is told as such, to be tried again later', async () => {
  scene.breakKey(() => Promise.reject(new Error('CKR_DEVICE_REMOVED')))
  const before = scene.signatures()
  await expect(scene.enrolled('first')).rejects.toMatchObject({
    code: 'ERR_EST_KEY_FAILED',
    cause: { message: 'CKR_DEVICE_REMOVED' },
  })
  expect(scene.signatures() - before).toBe(1)
  scene.breakKey(undefined)
  await scene.enrolled('first')
})
