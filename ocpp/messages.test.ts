import { expect, test } from 'vitest'

import type { ChargePointCall } from './connection.ts'
import { checkGet15118EVCertificateRequest, failed } from './get-15118-ev-certificate.ts'
import { answerLocally } from './local-answers.ts'

function answer(over: Partial<ChargePointCall>): object {
  const call: ChargePointCall = {
    identity: 'CP-1',
    subprotocol: 'ocpp2.0.1',
    action: 'Heartbeat',
    payload: {},
    arrivedAtMs: 0,
    ...over,
  }
  return answerLocally(call, { clock: () => Date.UTC(2026, 0, 1), heartbeatIntervalSeconds: 300 })
}

const BOOT = { reason: 'PowerUp', chargingStation: { model: 'M', vendorName: 'V' } }
const STATUS = { timestamp: '2026-01-01T00:00:00Z', connectorStatus: 'Available', evseId: 1, connectorId: 1 }
const INSTALL = {
  iso15118SchemaVersion: 'urn:iso:15118:2:2013:MsgDef',
  action: 'Install',
  exiRequest: 'gA==',
}

test('a charge point may boot, beat and report its status', () => {
  const currentTime = '2026-01-01T00:00:00.000Z'
  expect(answer({ action: 'BootNotification', payload: BOOT })).toEqual({
    currentTime,
    interval: 300,
    status: 'Accepted',
  })
  expect(answer({ action: 'Heartbeat' })).toEqual({ currentTime })
  expect(answer({ action: 'StatusNotification', payload: STATUS })).toEqual({})
  expect(answer({ action: 'NotifyEvent' })).toEqual({})
  const event = { type: 'StartupOfTheDevice', timestamp: '2026-01-01T00:00:00Z' }
  expect(answer({ action: 'SecurityEventNotification', payload: event })).toEqual({})
})

test.each(['TransactionEvent', 'Authorize', 'MeterValues', 'constructor', 'Nonsense'])(
  'nobody answers %s, so the charge point keeps what it has',
  (action) => {
    expect(() => answer({ action })).toThrow(expect.objectContaining({ code: 'NotImplemented' }))
  },
)

test.each([
  {
    what: 'a missing member',
    payload: { ...BOOT, chargingStation: { model: 'M' } },
    code: 'OccurrenceConstraintViolation',
  },
  { what: 'a wrong type', payload: { ...BOOT, reason: 7 }, code: 'TypeConstraintViolation' },
  {
    what: 'too long a text',
    payload: { ...BOOT, reason: 'x'.repeat(21) },
    code: 'PropertyConstraintViolation',
  },
])('a BootNotification with $what is refused: $code', ({ payload, code }) => {
  expect(() => answer({ action: 'BootNotification', payload })).toThrow(expect.objectContaining({ code }))
})

test('a status outside the enumeration is a property violation that does not repeat it', () => {
  const payload = { ...STATUS, connectorStatus: 'hunter2' }
  let thrown: unknown
  try {
    answer({ action: 'StatusNotification', payload })
  } catch (error) {
    thrown = error
  }
  expect(thrown).toMatchObject({
    code: 'PropertyConstraintViolation',
    message: expect.not.stringContaining('hunter2'),
  })
})

test('a Get15118EVCertificate request is read with members of later versions and vendors in it', () => {
  expect(checkGet15118EVCertificateRequest({ ...INSTALL, customData: { vendorId: 'x' } })).toMatchObject(
    INSTALL,
  )
})

test.each([
  { payload: { ...INSTALL, action: 'Replace' }, code: 'PropertyConstraintViolation' },
  { payload: { ...INSTALL, iso15118SchemaVersion: 'x'.repeat(51) }, code: 'PropertyConstraintViolation' },
  { payload: { ...INSTALL, exiRequest: 7 }, code: 'TypeConstraintViolation' },
  { payload: { action: 'Install' }, code: 'OccurrenceConstraintViolation' },
])('a Get15118EVCertificate request that misses the schema is refused: $code', ({ payload, code }) => {
  expect(() => checkGet15118EVCertificateRequest(payload)).toThrow(expect.objectContaining({ code }))
})

test('status information is cut to what OCPP allows', () => {
  const response = failed({ reasonCode: 'r'.repeat(30), additionalInfo: 'i'.repeat(600) })
  expect(response).toEqual({
    status: 'Failed',
    exiResponse: '',
    statusInfo: { reasonCode: 'r'.repeat(20), additionalInfo: 'i'.repeat(512) },
  })
})
