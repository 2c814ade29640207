import { describe, expect, test } from 'vitest'

import { EndpointUrlRule } from './endpoint-rules.ts'

const ruleFor = (
  addresses: readonly string[],
  over: { plainHttp?: boolean; allowed?: string[] } = {},
): EndpointUrlRule =>
  new EndpointUrlRule({
    plainHttp: over.plainHttp ?? false,
    allowedNetworks: over.allowed ?? [],
    resolve: async () => addresses.map((address) => ({ address })),
  })

const refused = { code: 'ERR_POOL_FIELD' }
const PUBLIC = '93.184.216.34'

describe('the address of an endpoint', () => {
  test.each(['https://mywebhooks.com/payload', 'https://mywebhooks.com:8443/a?b=c', `https://${PUBLIC}/`])(
    'may be %s, and stays as it was written',
    async (url) => {
      await expect(ruleFor([PUBLIC]).require(url)).resolves.toBe(url)
    },
  )

  test.each([
    'http://mywebhooks.com/',
    '/payload',
    'mywebhooks.com',
    '',
    'ftp://mywebhooks.com/',
    'javascript:alert(1)',
    'https://user:secret@mywebhooks.com/',
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://[::1]/',
    'https://[::ffff:10.0.0.1]/',
    'https://169.254.169.254/latest/meta-data/',
    'https://192.168.1.1/',
  ])('may not be %j: ERR_POOL_FIELD', async (url) => {
    await expect(ruleFor([PUBLIC]).require(url)).rejects.toMatchObject(refused)
  })

  test('may not be a name of a host that is not public, not even among others: ERR_POOL_FIELD', async () => {
    await expect(ruleFor([PUBLIC, '10.0.0.1']).require('https://a.example/')).rejects.toMatchObject(refused)
  })

  test('may be in a network that is allowed, and of http where that is', async () => {
    const rule = ruleFor(['10.0.0.1'], { plainHttp: true, allowed: ['10.0.0.0/8'] })
    await expect(rule.require('http://a.example/')).resolves.toBeDefined()
  })

  test.each([
    { what: 'does not resolve', resolve: () => Promise.reject(new Error('ENOTFOUND')) },
    { what: 'takes for ever to resolve', resolve: () => new Promise<never>(() => {}) },
  ])(
    'may be a name that $what: it is looked at again when there is something to send',
    async ({ resolve }) => {
      const rule = new EndpointUrlRule({ plainHttp: false, allowedNetworks: [], resolve })
      await expect(rule.require('https://not-yet.example/')).resolves.toBeDefined()
    },
  )
})
