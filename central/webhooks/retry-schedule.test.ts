import { expect, test } from 'vitest'

import { feedbackOf } from './feedback.ts'
import { afterAttempt, resultOf, RETRY_INTERVAL_MS, type AttemptStatus } from './retry-schedule.ts'

/** What an endpoint that answers every attempt like this sees and what its event becomes, hours after the publication. */
function run(eventType: string, answers: readonly AttemptStatus[]): { states: string[]; told: string[] } {
  const states: string[] = []
  const told: string[] = []
  let nowMs = 0
  for (const [index, status] of answers.entries()) {
    const attempts = index + 1
    const { state, nextAtMs } = afterAttempt(resultOf(status), { eventType, attempts, nowMs })
    states.push(`${nowMs / RETRY_INTERVAL_MS} h ${state}`)
    told.push(feedbackOf(eventType, { state, attempts }) ?? '')
    if (state !== 'RETRYING') break
    nowMs = nextAtMs
  }
  return { states, told: told.filter((type) => type !== '') }
}

const ALWAYS = (status: AttemptStatus): readonly AttemptStatus[] => Array.from({ length: 9 }, () => status)

test.each([undefined, 500, 502, 503, 599, 408, 429])(
  'answered with %s, an event is tried again after one, two and three hours, and is then dead',
  (status) => {
    expect(run('root.cert.added', ALWAYS(status)).states).toEqual([
      '0 h RETRYING',
      '1 h RETRYING',
      '2 h RETRYING',
      '3 h DEAD',
    ])
  },
)

test.each([200, 201, 202, 204, 299])('answered with %d, an event is delivered', (status) => {
  expect(run('root.cert.added', [status]).states).toEqual(['0 h DELIVERED'])
})

test.each([400, 409])('answered with %d, an event is rejected and not tried again', (status) => {
  expect(run('mo.contract.delivered.to.oem', [status]).states).toEqual(['0 h REJECTED'])
})

test.each([301, 302, 307, 308, 401, 403, 404, 410, 413])(
  'answered with %d, an event is dead at once, a redirect too',
  (status) => {
    expect(run('root.cert.added', [status]).states).toEqual(['0 h DEAD'])
  },
)

test.each([
  { what: 'takes it', answers: [204], told: ['mo.contract.created.sent.to.oem'] },
  { what: 'rejects it', answers: [409], told: ['mo.contract.rejected.by.oem'] },
  {
    what: 'takes it in the end',
    answers: [500, undefined, 404, 200],
    told: ['mo.contract.queued.to.oem', 'mo.contract.created.sent.to.oem'],
  },
  {
    what: 'rejects it in the end',
    answers: [500, 400],
    told: ['mo.contract.queued.to.oem', 'mo.contract.rejected.by.oem'],
  },
  {
    what: 'never takes it',
    answers: ALWAYS(401),
    told: ['mo.contract.queued.to.oem', 'mo.contract.rejected.by.oem'],
  },
])('an OEM that $what: the MO hears of it', ({ answers, told }) => {
  expect(run('oem.contract.created', answers).told).toEqual(told)
})

test.each([
  ['oem.contract.created', 'mo.contract.created.sent.to.oem'],
  ['oem.contract.updated', 'mo.contract.updated.sent.to.oem'],
  ['oem.contract.deleted', 'mo.contract.deleted.sent.to.oem'],
])('%s that arrived becomes %s', (type, told) => {
  expect(run(type, [200]).told).toEqual([told])
})

test.each(['root.cert.added', 'mo.contract.delivered.to.oem', 'mo.contract.rejected.by.oem'])(
  'nobody hears how %s arrived',
  (type) => {
    expect(run(type, ALWAYS(500)).told).toEqual([])
  },
)
