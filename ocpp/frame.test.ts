import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { OcppError } from './errors.ts'
import { answerIdOf, parseFrame, peekEnvelope, writeCall, writeCallError, writeCallResult } from './frame.ts'

const messageId = fc.string({ minLength: 1, maxLength: 36 })
const action = fc.string({ minLength: 1, maxLength: 64 })
const payload = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 8 }))

describe('frames', () => {
  test('what is written is read back', () => {
    fc.assert(
      fc.property(messageId, action, payload, (id, name, data) => {
        const sent: object = JSON.parse(JSON.stringify(data))
        expect(parseFrame(writeCall({ id, action: name, payload: data }))).toEqual({
          type: 'CALL',
          id,
          action: name,
          payload: sent,
        })
        expect(parseFrame(writeCallResult({ id, payload: data }))).toEqual({
          type: 'CALLRESULT',
          id,
          payload: sent,
        })
      }),
    )
  })

  test('types 5, 6 and unknown ones are told apart, not refused', () => {
    expect(parseFrame('[4,"a","InternalError","x",{}]')).toMatchObject({
      type: 'CALLERROR',
      errorCode: 'InternalError',
    })
    expect(parseFrame('[5,"a","InternalError","",{}]')).toMatchObject({ type: 'CALLRESULTERROR' })
    expect(parseFrame('[6,"a","NotifyPeriodicEventStream",{}]')).toMatchObject({ type: 'SEND' })
    expect(parseFrame('[77,"a",1,2,3]')).toEqual({ type: 'UNKNOWN', messageTypeId: 77, id: 'a' })
  })

  test('a written CALLERROR cuts its description to 255 characters and has empty details', () => {
    const text = writeCallError({ id: 'a', code: 'GenericError', description: 'x'.repeat(300) })
    expect(JSON.parse(text)).toEqual([4, 'a', 'GenericError', 'x'.repeat(255), {}])
  })

  test.each([
    { what: 'text that is no JSON', text: '[2,"a","B",{}', code: 'ERR_OCPP_FRAME_JSON' },
    { what: 'an empty text', text: '', code: 'ERR_OCPP_FRAME_JSON' },
    { what: 'an object', text: '{}', code: 'ERR_OCPP_FRAME_SHAPE' },
    { what: 'null', text: 'null', code: 'ERR_OCPP_FRAME_SHAPE' },
    { what: 'an empty array', text: '[]', code: 'ERR_OCPP_FRAME_SHAPE' },
    { what: 'a type in quotes', text: '["2","a","B",{}]', code: 'ERR_OCPP_FRAME_SHAPE' },
    { what: 'a payload that is an array', text: '[2,"a","B",[]]', code: 'ERR_OCPP_FRAME_SHAPE' },
    { what: 'a missing payload', text: '[3,"a"]', code: 'ERR_OCPP_FRAME_SHAPE' },
    { what: 'an empty action', text: '[2,"a","",{}]', code: 'ERR_OCPP_FRAME_SHAPE' },
    { what: 'a number as id', text: '[2,1,"B",{}]', code: 'ERR_OCPP_FRAME_ID' },
    { what: 'an empty id', text: '[2,"","B",{}]', code: 'ERR_OCPP_FRAME_ID' },
    { what: 'an id of 37 characters', text: `[2,"${'i'.repeat(37)}","B",{}]`, code: 'ERR_OCPP_FRAME_ID' },
    { what: 'a million nested arrays', text: '['.repeat(1_000_000), code: 'ERR_OCPP_FRAME_DEPTH' },
    { what: 'nested objects', text: `[2,"a","B",${'{"a":'.repeat(40)}1`, code: 'ERR_OCPP_FRAME_DEPTH' },
  ])('refuses $what: $code', ({ text, code }) => {
    expect(() => parseFrame(text)).toThrow(expect.objectContaining({ code }))
  })

  test('brackets inside strings are not depth', () => {
    const data = { text: `${'['.repeat(500)}\\"${'{'.repeat(500)}\\` }
    expect(parseFrame(writeCall({ id: 'a', action: 'B', payload: data }))).toMatchObject({ payload: data })
  })

  test('any text is a frame or our error', () => {
    const begun = fc
      .tuple(fc.constantFrom('[', '[2,', '[2,"a",', '[2,"a","B",{'), fc.string())
      .map((parts) => parts.join(''))
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), begun), (text) => {
        try {
          parseFrame(text)
        } catch (error) {
          expect(error).toBeInstanceOf(OcppError)
        }
        peekEnvelope(text)
      }),
    )
  })
})

describe('the envelope', () => {
  test('is what the parsed frame begins with', () => {
    fc.assert(
      fc.property(messageId, action, payload, (id, name, data) => {
        expect(peekEnvelope(writeCall({ id, action: name, payload: data }))).toEqual({
          messageTypeId: 2,
          id,
          action: name,
        })
        expect(peekEnvelope(writeCallResult({ id, payload: data }))).toEqual({ messageTypeId: 3, id })
      }),
    )
  })

  test('is read from a text whose rest is broken', () => {
    expect(peekEnvelope('[2,"a","Heartbeat",{oops')).toEqual({
      messageTypeId: 2,
      id: 'a',
      action: 'Heartbeat',
    })
    expect(answerIdOf('[2,"a","Heartbeat",{oops')).toBe('a')
  })

  test('gives an answer the id -1 when the id cannot be read or is too long', () => {
    expect(answerIdOf('garbage')).toBe('-1')
    expect(answerIdOf(`[2,"${'i'.repeat(37)}","B",{}]`)).toBe('-1')
  })
})
