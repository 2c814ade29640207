import { once } from 'node:events'
import { connect } from 'node:tls'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { startScene, type CentralScene } from '../central.fixture.ts'
import { JSON_TYPE, rawRequest, tokenOf } from '../raw-request.fixture.ts'

const ROOTS = '/v1/root/rootCerts'
const NOT_HTTP = 'The request is not valid HTTP.'
const TOO_LARGE = 'The header is too large.'

let scene: CentralScene
let authorization: string
beforeAll(async () => {
  scene = await startScene()
  authorization = `Authorization: Bearer ${await tokenOf(scene, 'ADMIN')}`
})
afterAll(() => scene[Symbol.asyncDispose]())

/** Sends the bytes as they are; gives all that comes until the server ends the connection. */
async function exchange(
  bytes: string,
): Promise<{ readonly statuses: readonly number[]; readonly text: string }> {
  const port = Number(new URL(scene.central.url).port)
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false })
  let text = ''
  socket.on('data', (chunk: Buffer) => void (text += chunk.toString())).on('error', () => undefined)
  await once(socket, 'secureConnect')
  socket.write(bytes, 'latin1')
  await once(socket, 'close')
  return { statuses: [...text.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => Number(status)), text }
}

const requestOf = (line: string, headers: readonly string[], body = ''): string =>
  [line, 'Host: x', 'Connection: close', ...headers].join('\r\n') + `\r\n\r\n${body}`
const get = (path: string, ...headers: readonly string[]): string =>
  requestOf(`GET ${path} HTTP/1.1`, [authorization, ...headers])
const put = (body: string, ...headers: readonly string[]): string =>
  requestOf(`PUT ${ROOTS} HTTP/1.1`, [authorization, 'Content-Type: application/json', ...headers], body)
const CHUNKED = 'Transfer-Encoding: chunked'

describe('what no two readers would read alike is refused with an error body, and once', () => {
  test.each<[string, number, string, () => string]>([
    [
      'a second Authorization',
      400,
      'The header authorization is given more than once.',
      () => get(ROOTS, authorization),
    ],
    ['a second Host', 400, 'The header host is given more than once.', () => get(ROOTS, 'Host: y')],
    [
      'a second Content-Type',
      400,
      'The header content-type is given more than once.',
      () => put('{}', 'Content-Length: 2', 'Content-Type: text/plain'),
    ],
    ['a folded header', 400, NOT_HTTP, () => get(ROOTS, 'X-A: a', ' b')],
    ['lines that end in LF', 400, NOT_HTTP, () => get(ROOTS).replaceAll('\r\n', '\n')],
    ['a CR in a header', 400, NOT_HTTP, () => get(ROOTS, 'X-A: a\rX-B: b')],
    ['a NUL in a header', 400, NOT_HTTP, () => get(ROOTS, 'X-A: a\0b')],
    ['a space before the colon', 400, NOT_HTTP, () => get(ROOTS, 'Content-Length : 5')],
    ['a second Content-Length', 400, NOT_HTTP, () => put('{}', 'Content-Length: 2', 'Content-Length: 2')],
    ['a Content-Length that is no number', 400, NOT_HTTP, () => put('{}', 'Content-Length: +2')],
    [
      'Content-Length with Transfer-Encoding',
      400,
      NOT_HTTP,
      () => put('0\r\n\r\n', 'Content-Length: 5', CHUNKED),
    ],
    [
      'another coding after chunked',
      400,
      NOT_HTTP,
      () => put('0\r\n\r\n', CHUNKED, 'Transfer-Encoding: identity'),
    ],
    ['an unknown transfer coding', 400, NOT_HTTP, () => put('0\r\n\r\n', 'Transfer-Encoding: xchunked')],
    ['a chunk without a size', 400, NOT_HTTP, () => put('zz\r\n{}\r\n0\r\n\r\n', CHUNKED)],
    ['a header over 16 KB', 431, TOO_LARGE, () => get(ROOTS, `X-A: ${'a'.repeat(20_000)}`)],
    ['a path over 16 KB', 431, TOO_LARGE, () => get(`${ROOTS}?${'a'.repeat(20_000)}`)],
    [
      'a thousand headers',
      431,
      TOO_LARGE,
      () => get(ROOTS, ...Array.from({ length: 3_000 }, (_, i) => `a${i}:`)),
    ],
    [
      'chunks over 64 KB',
      413,
      'The body exceeds 65536 bytes.',
      () => put(`1ffff\r\n${' '.repeat(0x1ffff)}\r\n0\r\n\r\n`, CHUNKED),
    ],
    [
      'a byte order mark before the body',
      400,
      'The body is not JSON.',
      () => put('\u00ef\u00bb\u00bf{}', 'Content-Length: 5'),
    ],
    ['another protocol', 400, NOT_HTTP, () => 'SSH-2.0-x\r\n\r\n'],
    [
      'a second request in the body of the first',
      400,
      NOT_HTTP,
      () => put(`0\r\n\r\n${get(ROOTS)}`, CHUNKED, 'Content-Length: 3'),
    ],
  ])('%s: %i %s', async (_, status, message, bytes) => {
    const { statuses, text } = await exchange(bytes())
    expect(statuses).toEqual([status])
    const [head = '', body = ''] = text.split('\r\n\r\n')
    const answered: unknown = JSON.parse(body)
    expect(answered).toEqual({ errorMessages: [message], traceId: expect.any(String) })
    expect(head.toLowerCase()).toContain(`x-trace-id: ${Object(answered).traceId}`)
    expect(head.toLowerCase()).toContain('content-type: application/json')
  })

  test('the log names the refusal and nothing of what was sent', async () => {
    await exchange(get(ROOTS, 'X-A: very\0secret'))
    expect(scene.log.at(-1)).toContain('HPE_INVALID_HEADER_TOKEN')
    expect(scene.log.join('')).not.toContain('very')
  })
})

const call = (method: string, path: string, body?: string) =>
  rawRequest(scene, method, path, {
    headers: {
      ...(body !== undefined && JSON_TYPE),
      authorization: authorization.replace('Authorization: ', ''),
    },
    ...(body !== undefined && { body }),
  })

describe('a path', () => {
  test.each([
    '/v1/root%2frootCerts',
    '/v1/root%252frootCerts',
    '/v1/x/../root/rootCerts',
    '/v1/x/%2e%2e/root/rootCerts',
    '/v1/./root/rootCerts',
    '//v1/root/rootCerts',
    '/V1/root/rootCerts',
    '/v1/root/ROOTCERTS',
    '/v1/root/rootCerts;a=b',
    '/v1\\root\\rootCerts',
    '/v1/root/rootCerts%00',
    '/v1/root/rootCerts%20',
  ])('%s is no other spelling of one that exists', async (path) => {
    const { statuses, text } = await exchange(get(path))
    expect(statuses).toEqual([404])
    expect(text).toContain('Unknown path or method.')
  })

  test('may end in a slash, and its identifiers are decoded once and are never paths', async () => {
    expect((await call('GET', `${ROOTS}/`)).status).toBe(200)
    for (const id of ['..%2fctl', '%252e', '%00', "'%20OR%201=1--", '%F0%9F%94%8C'])
      expect(await call('GET', `${ROOTS}/${id}`)).toMatchObject({
        status: 400,
        body: { errorMessages: [expect.stringContaining('rootCertificateId : must match')] },
      })
  })

  test('is not reached by another method that a header names, nor by one that does not exist', async () => {
    const { text } = await exchange(
      get(ROOTS, 'X-HTTP-Method-Override: PUT', 'X-Original-URL: /admin/v1/clients'),
    )
    expect(text).toContain('RootCertificateCollection')
    for (const method of ['POST', 'PATCH', 'TRACE', 'OPTIONS', 'PROPFIND'])
      expect((await call(method, ROOTS)).status).toBe(404)
  })
})

test('a member of a query that comes twice is refused, not taken for left out', async () => {
  expect(await call('GET', `${ROOTS}?rootType=mo&rootType=v2g`)).toMatchObject({
    status: 400,
    body: { errorMessages: ['rootType : must not be given more than once'] },
  })
})

describe('a body', () => {
  test.each([
    ['{"rootType":"V2G","rootType":"MO","caCertificate":"AA=="}', 'The body names a member more than once.'],
    [
      '{"rootType":"V2G","\\u0072ootType":"MO","caCertificate":"AA=="}',
      'The body names a member more than once.',
    ],
    [`${'{"a":'.repeat(17)}1${'}'.repeat(17)}`, 'The body is nested more than 16 levels deep.'],
    ['', 'body : must be object'],
    ['null', 'body : must be object'],
    ['[]', 'body : must be object'],
    ['"x"', 'body : must be object'],
    ['{"__proto__":{"rootType":"V2G","caCertificate":"AA=="}}', 'caCertificate : must not be null'],
    ['{"rootType":["V2G"],"caCertificate":"AA=="}', 'rootType : must be string'],
    ['{"rootType":"V2G","caCertificate":{"$ne":""}}', 'caCertificate : must be string'],
    ['{"rootType":"V2G","caCertificate":"AA=="}{}', 'The body is not JSON.'],
    ['{"rootType":NaN}', 'The body is not JSON.'],
  ])('%s is refused: %s', async (body, message) => {
    expect(await call('PUT', ROOTS, body)).toMatchObject({ status: 400, body: { errorMessages: [message] } })
  })

  test('that names a member twice is refused at the token endpoint in the words of OAuth', async () => {
    const body =
      '{"grant_type":"client_credentials","client_id":"CPO","client_id":"ADMIN","client_secret":"x"}'
    await expect(
      rawRequest(scene, 'POST', '/oauth/token', { headers: JSON_TYPE, body }),
    ).resolves.toMatchObject({
      status: 400,
      body: { error: 'invalid_request' },
    })
  })
})
