import { describe, expect, test } from 'vitest'

import { AddressGuard } from './address-guard.ts'

/** A name server for which every host has these addresses. */
const guardFor = (addresses: readonly string[], allowedNetworks: readonly string[] = []): AddressGuard =>
  new AddressGuard({
    resolve: async () => addresses.map((address) => ({ address })),
    allowedNetworks,
  })

describe('an address that a stranger named', () => {
  test.each(['93.184.216.34', '2606:2800:220:1:248:1893:25c8:1946'])('may be asked at %s', async (ip) => {
    await expect(guardFor([ip]).check('http://ocsp.example/a?b')).resolves.toMatchObject({ ip })
  })

  test.each([
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.255.254',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:10.0.0.1',
    '64:ff9b::7f00:1',
    '2001::1',
    '2002:7f00:1::',
    '2001:db8::1',
    'fc00::1',
    'fd00:ec2::254',
    'fe80::1',
    'fe80::1%lo',
    'ff02::1',
  ])('is refused when its host is %s: ERR_NET_ADDRESS', async (ip) => {
    await expect(guardFor([ip]).check('http://ocsp.example/')).rejects.toMatchObject({
      code: 'ERR_NET_ADDRESS',
    })
  })

  test.each([
    'http://127.0.0.1/',
    'http://127.1/',
    'http://0177.0.0.1/',
    'http://0x7f000001/',
    'http://2130706433/',
    'http://[::1]/',
    'http://[::ffff:7f00:1]/',
    'http://169.254.169.254/latest/meta-data/',
    'http://user:secret@ocsp.example/',
    'https://user@ocsp.example/',
    'ftp://ocsp.example/',
    'file:///etc/passwd',
    'ldap://ocsp.example/cn=crl',
    'gopher://ocsp.example/',
    'ocsp.example',
    '',
    `http://ocsp.example/${'a'.repeat(2000)}`,
  ])('%s is refused without a question to the name server: ERR_NET_ADDRESS', async (address) => {
    const guard = new AddressGuard({ resolve: () => Promise.reject(new TypeError('asked')) })
    await expect(guard.check(address)).rejects.toMatchObject({ code: 'ERR_NET_ADDRESS' })
  })

  test('is refused when only one of several addresses is not public', async () => {
    await expect(guardFor(['93.184.216.34', '10.0.0.1']).check('http://ocsp.example/')).rejects.toMatchObject(
      {
        code: 'ERR_NET_ADDRESS',
      },
    )
  })

  test('may be asked in a network that is allowed, and not in the one beside it', async () => {
    const networks = ['10.1.0.0/16', 'fd00::/8']
    await expect(guardFor(['10.1.255.1'], networks).check('http://ocsp.local/')).resolves.toBeDefined()
    await expect(guardFor(['fd00::1'], networks).check('http://ocsp.local/')).resolves.toBeDefined()
    await expect(guardFor(['10.2.0.1'], networks).check('http://ocsp.local/')).rejects.toMatchObject({
      code: 'ERR_NET_ADDRESS',
    })
  })

  test('of a host that does not resolve is no address: ERR_NET_UNREACHABLE', async () => {
    const failing = new AddressGuard({ resolve: () => Promise.reject(new Error('ENOTFOUND')) })
    for (const guard of [failing, guardFor([])]) {
      await expect(guard.check('http://ocsp.example/')).rejects.toMatchObject({
        code: 'ERR_NET_UNREACHABLE',
      })
    }
  })
})

test.each(['10.0.0.0', 'example.com/8', '10.0.0.0/x', '/8'])('%s is no network to allow', (network) => {
  expect(() => guardFor([], [network])).toThrow(TypeError)
})
