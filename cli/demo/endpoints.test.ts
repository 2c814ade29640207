import { mkdtemp, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { byRole, type Endpoints, readEndpoints, writeEndpoints } from './endpoints.ts'

const endpoints: Endpoints = {
  gateway: {
    url: 'wss://localhost:7400',
    identity: 'CP001',
    passwordFile: '/data/password',
    loadIdentities: ['L1', 'L2'],
  },
  central: {
    baseUrl: 'https://localhost:7401',
    tokenUrl: 'https://localhost:7401/oauth/token',
    audience: 'a',
  },
  caFile: '/data/pki/tls/ca.pem',
  clients: byRole((role) => ({
    clientId: role,
    clientSecret: 'secret',
    wmis: ['EVO'],
    providerIds: ['DEEVO'],
    operatorIds: [],
  })),
  vehicle: {
    pcid: 'P',
    emaid: 'E',
    directory: '/v',
    certificateFile: '/v/c.pem',
    privateKeyFile: '/v/k.pem',
  },
  pkiDirectory: '/data/pki',
}

async function fileName(): Promise<string> {
  return join(await mkdtemp(join(tmpdir(), 'evouch-endpoints-')), 'endpoints.json')
}

test('endpoints are read as they were written, in a file only its owner reads', async () => {
  const file = await fileName()
  await writeEndpoints(file, endpoints)
  expect(await readEndpoints(file)).toEqual(endpoints)
  expect((await stat(file)).mode & 0o777).toBe(0o600)
})

test.each([
  ['no file', undefined, /ENOENT/],
  ['no JSON', '{', /JSON/],
  ['a missing part', JSON.stringify({ ...endpoints, central: undefined }), /central: must be an object/],
  ['a wrong member', JSON.stringify({ ...endpoints, caFile: 5 }), /caFile: must be a string/],
])('says what is wrong with endpoints: %s', async (_what, text, reason) => {
  const file = await fileName()
  if (text !== undefined) await writeFile(file, text)
  const reading = readEndpoints(file)
  await expect(reading).rejects.toMatchObject({ code: 'ERR_CLI_ENDPOINTS' })
  await expect(reading).rejects.toThrow(reason)
})
