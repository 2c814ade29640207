import fc from 'fast-check'
import { expect, test } from 'vitest'

import { OcppError } from './errors.ts'
import { chooseSubprotocol, identityOfTarget, offersOf, passwordOf } from './handshake.ts'

function basic(userAndPassword: string): string {
  return `Basic ${Buffer.from(userAndPassword).toString('base64')}`
}

test('the identity is the last part of the path, decoded, without the query', () => {
  expect(identityOfTarget('/ocpp/CP%201?x=/y', { path: '/ocpp' })).toBe('CP 1')
  expect(identityOfTarget('/CP-1', { path: '' })).toBe('CP-1')
})

test.each([
  '/ocpp/%E0%A4%A',
  '/ocpp/',
  '/ocpp',
  '/other/CP1',
  '',
  '*',
  '/ocpp/a%3Ab',
  '/ocpp/a/b',
  '/ocpp/a%2Fb',
  '/ocpp/a%0Ab',
  `/ocpp/${'i'.repeat(49)}`,
])('refuses the target %s', (target) => {
  expect(() => identityOfTarget(target, { path: '/ocpp' })).toThrow(
    expect.objectContaining({ code: 'ERR_OCPP_URL' }),
  )
})

test('any target is an identity or our error', () => {
  fc.assert(
    fc.property(fc.string(), (rest) => {
      try {
        identityOfTarget(`/ocpp/${rest}`, { path: '/ocpp' })
      } catch (error) {
        expect(error).toBeInstanceOf(OcppError)
      }
    }),
  )
})

test('the password is everything after the identity and a colon', () => {
  expect(passwordOf(basic('CP-1:a:b'), 'CP-1')).toEqual(Buffer.from('a:b'))
  expect(passwordOf(basic('CP-1:'), 'CP-1')).toEqual(Buffer.alloc(0))
})

test.each([
  undefined,
  '',
  'Basic',
  'Basic !!!',
  'Bearer abc',
  basic('CP-2:secret'),
  basic('CP-1'),
  basic(''),
])('there is no password in %s', (header) => {
  expect(passwordOf(header, 'CP-1')).toBeUndefined()
})

test('the charge point prefers, the server only knows', () => {
  expect(chooseSubprotocol(offersOf('ocpp1.2, ocpp2.0.1 ,ocpp1.6'), ['ocpp1.6', 'ocpp2.0.1'])).toBe(
    'ocpp2.0.1',
  )
  expect(chooseSubprotocol(offersOf('ocpp1.5'), ['ocpp2.0.1'])).toBeUndefined()
  expect(chooseSubprotocol(offersOf(undefined), ['ocpp2.0.1'])).toBeUndefined()
})
