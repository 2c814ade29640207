import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { bytesFromHex } from '#base'

import { matchesSubtree } from './name-matching.ts'

describe('host names', () => {
  test.each([
    { host: 'example.com', subtree: 'example.com', permitted: true, excluded: true },
    { host: 'EXAMPLE.com', subtree: 'example.COM', permitted: true, excluded: true },
    { host: 'a.b.example.com', subtree: 'example.com', permitted: true, excluded: true },
    { host: 'badexample.com', subtree: 'example.com', permitted: false, excluded: false },
    { host: 'com', subtree: 'example.com', permitted: false, excluded: false },
    { host: 'anything.org', subtree: '', permitted: true, excluded: true },
    { host: '*.example.com', subtree: 'example.com', permitted: true, excluded: true },
    { host: '*.example.com', subtree: 'a.example.com', permitted: false, excluded: true },
    { host: '*.example.com', subtree: 'a.b.example.com', permitted: false, excluded: false },
    { host: '.example.com', subtree: 'example.com', permitted: undefined, excluded: undefined },
    { host: 'example.com', subtree: '.example.com', permitted: undefined, excluded: undefined },
    { host: 'example.com', subtree: '*.example.com', permitted: undefined, excluded: undefined },
    { host: 'a*.example.com', subtree: 'example.com', permitted: undefined, excluded: undefined },
    { host: 'exämple.com', subtree: 'example.com', permitted: undefined, excluded: undefined },
    { host: '', subtree: 'example.com', permitted: undefined, excluded: undefined },
  ])('$host within "$subtree": permitted $permitted, excluded $excluded', ({ host, subtree, ...sides }) => {
    const name = { kind: 'dNSName', text: host } as const
    const constraint = { kind: 'dNSName', text: subtree } as const
    expect(matchesSubtree(name, constraint, 'permitted')).toBe(sides.permitted)
    expect(matchesSubtree(name, constraint, 'excluded')).toBe(sides.excluded)
  })
})

describe('mail addresses', () => {
  test.each([
    { mailbox: 'a@example.com', subtree: 'a@example.com', within: true },
    { mailbox: 'A@example.com', subtree: 'a@example.com', within: false },
    { mailbox: 'a@EXAMPLE.com', subtree: 'a@example.com', within: true },
    { mailbox: 'a@example.com', subtree: 'example.com', within: true },
    { mailbox: 'a@b.example.com', subtree: 'example.com', within: false },
    { mailbox: 'a@b.example.com', subtree: '.example.com', within: true },
    { mailbox: 'a@example.com', subtree: '.example.com', within: false },
    { mailbox: 'a@b@example.com', subtree: 'example.com', within: undefined },
    { mailbox: '"a b"@example.com', subtree: 'example.com', within: undefined },
    { mailbox: 'example.com', subtree: 'example.com', within: undefined },
    { mailbox: 'a@example.com', subtree: 'b@c@example.com', within: undefined },
    { mailbox: 'a@example.com', subtree: '', within: undefined },
  ])('$mailbox within "$subtree": $within', ({ mailbox, subtree, within }) => {
    const name = { kind: 'rfc822Name', text: mailbox } as const
    expect(matchesSubtree(name, { kind: 'rfc822Name', text: subtree }, 'permitted')).toBe(within)
  })
})

describe('addresses on the web', () => {
  test.each([
    { uri: 'http://example.com/x', subtree: 'example.com', within: true },
    { uri: 'https://user@EXAMPLE.com:8443', subtree: 'example.com', within: true },
    { uri: 'http://a.example.com', subtree: 'example.com', within: false },
    { uri: 'http://a.b.example.com', subtree: '.example.com', within: true },
    { uri: 'http://example.com', subtree: '.example.com', within: false },
    { uri: 'http://evil.org/@example.com', subtree: 'example.com', within: false },
    { uri: 'http://evil.org?example.com', subtree: 'example.com', within: false },
    { uri: 'http://example.com@evil.org', subtree: 'example.com', within: false },
    { uri: 'urn:iso:15118', subtree: 'example.com', within: undefined },
    { uri: 'http://10.0.0.1/', subtree: 'example.com', within: undefined },
    { uri: 'http://[::1]/', subtree: 'example.com', within: undefined },
    { uri: 'http:///path', subtree: 'example.com', within: undefined },
  ])('$uri within $subtree: $within', ({ uri, subtree, within }) => {
    const name = { kind: 'uniformResourceIdentifier', text: uri } as const
    const constraint = { kind: 'uniformResourceIdentifier', text: subtree } as const
    expect(matchesSubtree(name, constraint, 'permitted')).toBe(within)
  })
})

describe('network addresses', () => {
  test.each([
    { address: 'c0000201', network: 'c0000200ffffff00', within: true },
    { address: 'c0000301', network: 'c0000200ffffff00', within: false },
    { address: 'c0000201', network: '0000000000000000', within: true },
    { address: 'c0000201', network: 'c0000200ff00ff00', within: undefined },
    { address: 'c0000201ffffff00', network: 'c0000200ffffff00', within: undefined },
    { address: '', network: 'c0000200ffffff00', within: undefined },
    { address: 'c0000201', network: 'c0000200', within: undefined },
    { address: '00'.repeat(15) + '01', network: 'c0000200ffffff00', within: false },
    { address: '00'.repeat(15) + '01', network: `${'00'.repeat(15)}01${'ff'.repeat(16)}`, within: true },
  ])('$address within $network: $within', ({ address, network, within }) => {
    const name = { kind: 'iPAddress', bytes: bytesFromHex(address) } as const
    expect(matchesSubtree(name, { kind: 'iPAddress', bytes: bytesFromHex(network) }, 'permitted')).toBe(
      within,
    )
  })
})

test('kinds that nobody can compare are never within', () => {
  expect(matchesSubtree({ kind: 'otherName' }, { kind: 'otherName' }, 'excluded')).toBeUndefined()
})

test('any text ends in an answer, in time', () => {
  const kind = fc.constantFrom('dNSName', 'rfc822Name', 'uniformResourceIdentifier')
  const text = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom('a', '.', '-', '@', '*', '/', ':') }))
  fc.assert(
    fc.property(kind, text, text, fc.constantFrom('permitted', 'excluded'), (of, name, subtree, side) => {
      const within = matchesSubtree({ kind: of, text: name }, { kind: of, text: subtree }, side)
      expect([true, false, undefined]).toContain(within)
    }),
  )
  const startMs = performance.now()
  matchesSubtree(
    { kind: 'dNSName', text: `${'a-'.repeat(8000)}!` },
    { kind: 'dNSName', text: 'b' },
    'excluded',
  )
  expect(performance.now() - startMs).toBeLessThan(50)
})
