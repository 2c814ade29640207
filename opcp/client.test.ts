import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

import { afterEach, describe, expect, test } from 'vitest'

import type { OpcpClientOptions } from './authorised-connection.ts'
import { OpcpClient } from './client.ts'

const REQUEST = { certificateInstallationReq: 'gJg=', xsdMsgDefNamespace: 'urn:iso:15118:2:2013:MsgDef' }
const INSTALLATION = {
  CCPResponse: {
    emaidContent: [{ messageDef: { certificateInstallationRes: 'gJg=', emaid: 'DE8AA001234567' } }],
  },
}
const ROOTS = { RootCertificateCollection: { rootCertificates: [] } }

type Pool = (request: IncomingMessage, response: ServerResponse) => void

const open: AsyncDisposable[] = []
afterEach(async () => {
  for (const resource of open.splice(0).toReversed()) await resource[Symbol.asyncDispose]()
})

/** A pool on a real socket: `pool` answers everything but the token endpoint, which numbers its tokens. */
async function scene(
  pool: Pool,
  over: Partial<OpcpClientOptions> & { expiresIn?: number; token?: Pool } = {},
) {
  const { expiresIn = 3600, token, ...options } = over
  let tokens = 0
  const server = createServer((request, response) => {
    if (request.url !== '/oauth/token') return pool(request, response)
    tokens += 1
    if (token !== undefined) return token(request, response)
    return answer(response, 200, {
      access_token: `token-${tokens}`,
      expires_in: expiresIn,
      token_type: 'Bearer',
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('no port')
  const { port } = address
  const client = new OpcpClient({
    baseUrl: `http://127.0.0.1:${port}/`,
    tokenUrl: `http://127.0.0.1:${port}/oauth/token`,
    clientId: 'cpo',
    clientSecret: 'not-so-secret',
    ...options,
  })
  open.push(client, {
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
    },
  })
  return { client, tokensGiven: () => tokens }
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

describe('the token', () => {
  test('is fetched once for many calls at the same time', async () => {
    const { client, tokensGiven } = await scene((_, response) => answer(response, 200, ROOTS))
    await Promise.all(Array.from({ length: 20 }, () => client.getRootCerts()))
    expect(tokensGiven()).toBe(1)
  })

  test('is replaced ahead of its expiry while the old one still serves', async () => {
    let nowMs = 0
    const used: string[] = []
    const { client, tokensGiven } = await scene(
      (request, response) => {
        used.push(request.headers.authorization ?? '')
        answer(response, 200, ROOTS)
      },
      { clock: () => nowMs, expiresIn: 3600 },
    )
    await client.getRootCerts()
    nowMs = 3_550_000
    await client.getRootCerts()
    await expect.poll(tokensGiven).toBe(2)
    await client.getRootCerts()
    expect(used).toEqual(['Bearer token-1', 'Bearer token-1', 'Bearer token-2'])
  })

  test.each([401, 403])('is replaced and the call repeated once after status %i', async (status) => {
    let nowMs = 0
    const { client, tokensGiven } = await scene(
      (request, response) =>
        request.headers.authorization === 'Bearer token-2'
          ? answer(response, 200, ROOTS)
          : answer(response, status, { errorMessages: ['no'], traceId: 't' }),
      { clock: () => (nowMs += 2_000) },
    )
    await expect(client.getRootCerts()).resolves.toEqual([])
    expect(tokensGiven()).toBe(2)
  })

  test('that is fresh and refused is not asked for again', async () => {
    const { client, tokensGiven } = await scene(
      (_, response) => answer(response, 403, { errorMessages: ['Not yours.'], traceId: 't-1' }),
      { clock: () => 0 },
    )
    await expect(client.getRootCerts()).rejects.toMatchObject({
      code: 'ERR_OPCP_REFUSED',
      status: 403,
      errorMessages: ['Not yours.'],
      traceId: 't-1',
    })
    expect(tokensGiven()).toBe(1)
  })

  test('that is refused says so without the secret', async () => {
    const { client } = await scene((_, response) => answer(response, 200, ROOTS), {
      token: (_, response) =>
        answer(response, 401, { error: 'access_denied', error_description: 'Unauthorized' }),
    })
    const error = await client.getRootCerts().catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({
      code: 'ERR_OPCP_TOKEN_REFUSED',
      status: 401,
      errorMessages: ['Unauthorized'],
    })
    expect(String(error)).not.toContain('not-so-secret')
  })

  test('is still fetched for the others when the first caller gives up', async () => {
    const { client } = await scene((_, response) => answer(response, 200, ROOTS), {
      token: (_, response) =>
        void setTimeout(
          () => answer(response, 200, { access_token: 't', expires_in: 60, token_type: 'Bearer' }),
          100,
        ),
    })
    const first = client.getRootCerts({ signal: AbortSignal.timeout(20) })
    const second = client.getRootCerts()
    await expect(first).rejects.toMatchObject({ code: 'ERR_OPCP_TIMEOUT' })
    await expect(second).resolves.toEqual([])
  })

  test('is asked for again when the request for it hangs, and a slow answer is used all the same', async () => {
    let nowMs = 0
    const waiting: ServerResponse[] = []
    const { client } = await scene((_, response) => answer(response, 200, ROOTS), {
      clock: () => nowMs,
      token: (_, response) => void waiting.push(response),
    })
    const first = client.getRootCerts()
    await expect.poll(() => waiting.length).toBe(1)
    nowMs = 1_000
    const second = client.getRootCerts()
    await expect.poll(() => waiting.length).toBe(2)
    const token = { access_token: 't', expires_in: 60, token_type: 'Bearer' }
    for (const response of waiting.toReversed()) answer(response, 200, token)
    await expect(Promise.all([first, second])).resolves.toEqual([[], []])
    await expect(client.getRootCerts()).resolves.toEqual([])
    expect(waiting).toHaveLength(2)
  })
})

describe('an installation', () => {
  test('answered 200 gives its messages', async () => {
    const { client } = await scene((_, response) => answer(response, 200, INSTALLATION))
    await expect(client.getSignedContractData(REQUEST)).resolves.toMatchObject({
      status: 200,
      messages: [{ emaid: 'DE8AA001234567', certificateInstallationRes: 'gJg=' }],
    })
  })

  test('answered 404 with a message for the vehicle is a value', async () => {
    const negative = {
      CCPResponse: { emaidContent: [{ messageDef: { certificateInstallationRes: 'gJg=' } }] },
    }
    const { client } = await scene((_, response) => answer(response, 404, negative))
    await expect(client.getSignedContractData(REQUEST)).resolves.toEqual({
      status: 404,
      messages: [{ certificateInstallationRes: 'gJg=' }],
    })
  })

  test('answered 404 with an error body is refused', async () => {
    const body = { errorMessages: ['Contract or Vehicle not found.'], traceId: 't' }
    const { client } = await scene((_, response) => answer(response, 404, body))
    await expect(client.getSignedContractData(REQUEST)).rejects.toMatchObject({
      code: 'ERR_OPCP_REFUSED',
      status: 404,
      errorMessages: ['Contract or Vehicle not found.'],
    })
  })
})

describe('a pool that', () => {
  test('does not listen is unreachable', async () => {
    const client = new OpcpClient({
      baseUrl: 'http://127.0.0.1:1',
      tokenUrl: 'http://127.0.0.1:1/oauth/token',
      clientId: 'cpo',
      clientSecret: 's',
    })
    open.push(client)
    await expect(client.getRootCerts()).rejects.toMatchObject({ code: 'ERR_OPCP_UNREACHABLE' })
  })

  test('hangs up in the middle is unreachable', async () => {
    const { client } = await scene((_, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('{"Root')
      setTimeout(() => void response.destroy(), 20)
    })
    await expect(client.getRootCerts()).rejects.toMatchObject({ code: 'ERR_OPCP_UNREACHABLE' })
  })

  test.each([
    ['never answers', () => {}],
    ['never ends its answer', (_: IncomingMessage, response: ServerResponse) => void response.write('{')],
  ])('%s is timed out by the signal', async (_, pool) => {
    const { client } = await scene(pool)
    const call = client.getRootCerts({ signal: AbortSignal.timeout(80) })
    await expect(call).rejects.toMatchObject({ code: 'ERR_OPCP_TIMEOUT' })
  })

  test('never answers is timed out without a signal too', async () => {
    const { client } = await scene(() => {}, { timeoutMs: 80 })
    await expect(client.getRootCerts()).rejects.toMatchObject({ code: 'ERR_OPCP_TIMEOUT' })
  })

  test('is slower than its caller is given up as aborted', async () => {
    const { client } = await scene(() => {})
    const controller = new AbortController()
    const call = client.getRootCerts({ signal: controller.signal })
    setTimeout(() => controller.abort(), 50)
    await expect(call).rejects.toMatchObject({ code: 'ERR_OPCP_ABORTED' })
  })

  test('answers something else is malformed', async () => {
    const { client } = await scene((_, response) => void response.end('<html>hello</html>'))
    await expect(client.getRootCerts()).rejects.toMatchObject({ code: 'ERR_OPCP_ANSWER_MALFORMED' })
  })

  test('answers a list without its certificates is malformed', async () => {
    const { client } = await scene((_, response) =>
      answer(response, 200, { RootCertificateCollection: { rootCertificates: [{ rootType: 'V2G' }] } }),
    )
    await expect(client.getRootCerts()).rejects.toMatchObject({ code: 'ERR_OPCP_ANSWER_MALFORMED' })
  })

  test('answers without end is cut off', async () => {
    const { client } = await scene((_, response) => {
      const chunk = Buffer.alloc(1024 * 1024, 0x20)
      const pump = (): void => void response.write(chunk, () => void setImmediate(pump))
      pump()
      response.on('close', () => void (response.write = () => true))
    })
    await expect(client.getRootCerts()).rejects.toMatchObject({ code: 'ERR_OPCP_ANSWER_TOO_LARGE' })
  })

  test('is down behind a proxy is refused with the status alone', async () => {
    const { client } = await scene((_, response) => void response.writeHead(502).end('Bad Gateway'))
    await expect(client.getRootCerts()).rejects.toMatchObject({
      code: 'ERR_OPCP_REFUSED',
      status: 502,
      errorMessages: [],
    })
  })
})

describe('a peer', () => {
  test('is told that a call is a copy, and others are not', async () => {
    const seen: unknown[] = []
    const { client } = await scene((request, response) => {
      seen.push([request.method, request.url, request.headers['broadcast']])
      return answer(response, 200, request.method === 'POST' ? INSTALLATION : {})
    })
    await expect(client.lookupVehicle('EVOTEST00000000001', { broadcast: true })).resolves.toBe(true)
    await client.getSignedContractData(REQUEST, { broadcast: true })
    await client.getSignedContractData(REQUEST)
    expect(seen).toEqual([
      ['GET', '/v1/oem/provCerts/lookupVehicle/EVOTEST00000000001', 'true'],
      ['POST', '/v1/ccp/signedContractData', 'true'],
      ['POST', '/v1/ccp/signedContractData', undefined],
    ])
  })

  test('that does not know a vehicle says so with 404, anything else is refused', async () => {
    let status = 404
    const { client } = await scene((_, response) => answer(response, status, { errorMessages: ['-'] }))
    await expect(client.lookupVehicle('EVOTEST00000000001')).resolves.toBe(false)
    status = 502
    await expect(client.lookupVehicle('EVOTEST00000000001')).rejects.toMatchObject({
      code: 'ERR_OPCP_REFUSED',
      status: 502,
    })
  })
})
