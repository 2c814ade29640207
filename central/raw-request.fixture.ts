/** HTTPS requests as no client of ours would send them: for tests of what the server refuses. */
import { Agent, request } from 'node:https'

import type { Role } from '#opcp'

import { secretOf, type CentralScene } from './central.fixture.ts'
import { complaintAbout } from './reference-answers.fixture.ts'

export const JSON_TYPE = { 'content-type': 'application/json' }

export interface RawAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: unknown
}

export interface RawRequest {
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/**
 * The body of the answer is parsed; a server that answers no JSON, where it answers anything, fails the test, and so does one
 * that answers other than the published OpenAPI files say.
 */
export function rawRequest(
  { central, pki }: CentralScene,
  method: string,
  path: string,
  { headers = {}, body }: RawRequest = {},
): Promise<RawAnswer> {
  const agent = new Agent({ ca: pki['tls/ca'].certificate.toPem() })
  return new Promise((resolve, reject) => {
    const sent = request(`${central.url}${path}`, { method, headers, agent }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => void chunks.push(chunk))
      response.on('end', () => {
        const { statusCode: status = 0, headers: answered } = response
        const text = Buffer.concat(chunks).toString()
        const answer = { status, headers: answered, body: text === '' ? undefined : JSON.parse(text) }
        const contentType = answered['content-type'] ?? ''
        const complaint = complaintAbout({ method, path, contentType, ...answer })
        if (complaint === undefined) resolve(answer)
        else reject(new TypeError(complaint))
      })
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

export async function tokenOf(scene: CentralScene, role: Role): Promise<string> {
  const credentials = { client_id: role, client_secret: secretOf(role) }
  const { body } = await rawRequest(scene, 'POST', '/oauth/token', {
    headers: JSON_TYPE,
    body: JSON.stringify({ grant_type: 'client_credentials', ...credentials }),
  })
  return String(Object(body).access_token)
}

/** What an OpcpClient throws when a pool refuses in these words. */
export function refusal(status: number, message: string): object {
  return { code: 'ERR_OPCP_REFUSED', status, errorMessages: [message] }
}

/** The expressions as OPCP prints them in its refusals. */
export const PCID_REFUSED = 'pcid : must match "^[a-zA-Z0-9]{17,18}$"'
export const EMAID_REFUSED = 'emaid : must match "^[A-Za-z]{2}[-]?\\w{3}[-]?\\w{9}[-]?(\\w{1})?$"'
export function base64Refused(field: string): string {
  return `${field} : must match "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"`
}
