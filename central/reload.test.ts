import { once } from 'node:events'
import { chmod, copyFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'

import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { generateBody, putRoots, putVehicle, startScene, type CentralScene } from './central.fixture.ts'
import type { CentralConfig } from './config.ts'
import { curl } from './est/est.fixture.ts'

let scene: CentralScene
beforeEach(async () => {
  scene = await startScene()
})
afterEach(() => scene[Symbol.asyncDispose]())

const file = (name: string): string => join(scene.directory, name)

async function connection(): Promise<TLSSocket> {
  const ca = scene.pki['tls/ca'].certificate.toPem()
  const socket = connect({ port: Number(new URL(scene.central.url).port), host: '127.0.0.1', ca })
  await once(socket, 'secureConnect')
  return socket
}

/** The name of the server that a new connection meets. */
async function serverName(): Promise<unknown> {
  const socket = await connection()
  const { subject } = socket.getPeerCertificate()
  socket.destroy()
  return subject.CN
}

async function statusOver(socket: TLSSocket): Promise<string> {
  socket.write('GET /.well-known/jwks.json HTTP/1.1\r\nhost: localhost\r\n\r\n')
  const [chunk]: Buffer[] = await once(socket, 'data')
  return String(chunk).slice(0, 12)
}

async function tokenStatus(clientId: string, secret: string): Promise<number> {
  const body = JSON.stringify({
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: secret,
  })
  const headers = { 'content-type': 'application/json' }
  return (await curl(scene, '/oauth/token', { body, headers })).status
}

/** The config whose first operator CA, cpo, has another name. */
function withRenamedCa({ operatorCas: [first, ...others] }: CentralConfig): CentralConfig {
  if (first === undefined) throw new TypeError('the scene has operator CAs')
  return { ...scene.config, operatorCas: [{ ...first, name: 'renamed' }, ...others] }
}

const crlStatus = async (name: string): Promise<number> => (await curl(scene, `/crl/${name}.crl`)).status

test('a new certificate of the server is for new connections, and those there are go on', async () => {
  const socket = await connection()
  expect([await statusOver(socket), await serverName()]).toEqual(['HTTP/1.1 200', 'central'])
  await copyFile(file('pki/tls/gateway.pem'), file('pki/tls/central.pem'))
  await copyFile(file('pki/tls/gateway.key.pem'), file('pki/tls/central.key.pem'))
  await scene.central.reload({})
  expect([await statusOver(socket), await serverName()]).toEqual(['HTTP/1.1 200', 'gateway'])
  socket.destroy()
})

test('a changed secret counts at once, and a client that is gone gets no token', async () => {
  await writeFile(file('secrets/OEM'), 'another secret of the manufacturer')
  const clients = scene.config.clients.filter(({ clientId }) => clientId !== 'CPO')
  await scene.central.reload({ clients })
  expect(await tokenStatus('OEM', scene.secretOf('OEM'))).toBe(401)
  expect(await tokenStatus('OEM', 'another secret of the manufacturer')).toBe(200)
  expect(await tokenStatus('CPO', scene.secretOf('CPO'))).toBe(401)
})

test('operator CAs come and go, and contracts are made by the one that is named then', async () => {
  await scene.central.reload(withRenamedCa(scene.config))
  expect([await crlStatus('cpo'), await crlStatus('renamed')]).toEqual([404, 200])

  await putRoots(scene)
  const { pcid } = await putVehicle(scene)
  const order = (emaid: string): Promise<unknown> =>
    scene.clientOf('MO_HUBJECT_PKI').generateSignedContractData(generateBody({ pcid, emaid }))
  await scene.central.reload({ mo: {} })
  await expect(order('DEEVOL00000001')).rejects.toMatchObject({ status: 503 })
  await scene.central.reload({ mo: { contractAuthority: 'mo' } })
  await order('DEEVOL00000001')
})

describe('when anything cannot be used nothing changes', () => {
  const KEY = 'pki/tls/central.key.pem'
  test.each([
    ['a key that others may read', 'ERR_PKI_KEY_FILE_MODE', () => chmod(file(KEY), 0o644)],
    [
      'a key of another certificate',
      'ERR_CENTRAL_TLS',
      () => copyFile(file('pki/tls/gateway.key.pem'), file(KEY)),
    ],
    ['a certificate that is none', 'ERR_CENTRAL_TLS', () => writeFile(file('pki/tls/central.pem'), 'none')],
    ['an empty secret', 'ERR_CONFIG_SECRET', () => writeFile(file('secrets/OEM'), '')],
    ['a CA of which a file is broken', 'ERR_PKI_CERTIFICATE', () => writeFile(file('pki/mo/sub2.pem'), '')],
  ])('%s: %s', async (_, code, breakIt) => {
    await breakIt()
    await expect(scene.central.reload(withRenamedCa(scene.config))).rejects.toMatchObject({ code })
    expect([await crlStatus('cpo'), await crlStatus('renamed')]).toEqual([200, 404])
    expect(await serverName()).toBe('central')
    expect(await tokenStatus('OEM', scene.secretOf('OEM'))).toBe(200)
  })

  test('the last member of the config: ERR_CENTRAL_CONTRACT_AUTHORITY', async () => {
    await copyFile(file('pki/tls/gateway.pem'), file('pki/tls/central.pem'))
    await copyFile(file('pki/tls/gateway.key.pem'), file(KEY))
    const mo = { contractAuthority: 'cpo' }
    await expect(scene.central.reload({ mo })).rejects.toMatchObject({
      code: 'ERR_CENTRAL_CONTRACT_AUTHORITY',
      message: 'mo.contractAuthority: cpo names a CA of kind cpo, must be mo',
    })
    expect(await serverName()).toBe('central')
  })

  test('the same client twice: ERR_CENTRAL_CLIENT', async () => {
    const { clients } = scene.config
    await expect(scene.central.reload({ clients: [...clients, ...clients] })).rejects.toMatchObject({
      code: 'ERR_CENTRAL_CLIENT',
      message: 'two clients have the id ADMIN',
    })
  })
})

test('central does not start with a token key that others may read, and makes its own for itself alone', async () => {
  expect(await readFile(file('token.key.pem'), 'utf8')).toContain('PRIVATE KEY')
  await scene.restart()
  await chmod(file('token.key.pem'), 0o640)
  await expect(scene.restart()).rejects.toMatchObject({ code: 'ERR_PKI_KEY_FILE_MODE' })
})
