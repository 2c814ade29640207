import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'

import { codeOf, type RandomBytes } from '#base'
import type { Logger } from '#service'

import { uuidOf } from './uuid.ts'

/** By the codes of Node's parser; whatever else it refuses is no HTTP. */
const REFUSALS: ReadonlyMap<string | undefined, { readonly status: number; readonly message: string }> =
  new Map([
    ['ERR_HTTP_REQUEST_TIMEOUT', { status: 408, message: 'The request did not arrive in time.' }],
    ['HPE_HEADER_OVERFLOW', { status: 431, message: 'The header is too large.' }],
  ])
const NO_HTTP = { status: 400, message: 'The request is not valid HTTP.' }

/** Answers what never becomes a request in the form of all other refusals, and ends the connection. */
export function refuseUnreadable(
  error: Error,
  { socket, logger, random }: { socket: Duplex; logger: Logger; random: RandomBytes },
): void {
  const code = codeOf(error)
  if (code === 'ECONNRESET' || socket.destroyed) return
  const { status, message } = REFUSALS.get(code) ?? NO_HTTP
  const traceId = uuidOf(random)
  logger.info({ traceId, status, code }, 'request refused')
  const body = JSON.stringify({ errorMessages: [message], traceId })
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Trace-Id: ${traceId}`,
    'Connection: close',
  ]
  if (socket.writable) socket.write(`${head.join('\r\n')}\r\n\r\n${body}`)
  socket.destroy(error)
}
