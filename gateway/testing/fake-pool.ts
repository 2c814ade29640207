/** A pool on a real socket whose every answer a test decides. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'

import { base64FromBytes } from '#base'
import type { Certificate } from '#pki'

type Handler = (request: IncomingMessage, response: ServerResponse) => void

export class FakePool implements AsyncDisposable {
  readonly #server: Server
  readonly #secure: boolean
  /** Answers POST signedContractData; by default never. */
  onInstallation: Handler = () => undefined
  onToken: Handler = json(200, {
    access_token: 'a-token',
    token_type: 'Bearer',
    expires_in: 86_400,
    scope: 'ccpservice',
  })
  roots: { readonly rootType: string; readonly certificate: Certificate }[] = []
  /** Paths asked for, in order. */
  readonly paths: string[] = []

  private constructor(tls: { cert: string; key: string } | undefined) {
    const handle: Handler = (request, response) => this.#handle(request, response)
    this.#secure = tls !== undefined
    this.#server = tls === undefined ? createServer(handle) : createSecureServer(tls, handle)
  }

  static async start({
    port = 0,
    tls,
  }: { port?: number; tls?: { cert: string; key: string } } = {}): Promise<FakePool> {
    const pool = new FakePool(tls)
    pool.#server.listen(port, 'localhost')
    await once(pool.#server, 'listening')
    return pool
  }

  get port(): number {
    const address = this.#server.address()
    if (typeof address !== 'object' || address === null) throw new TypeError('not listening')
    return address.port
  }

  get url(): string {
    return `${this.#secure ? 'https' : 'http'}://localhost:${this.port}`
  }

  get installationCalls(): number {
    return this.paths.filter((path) => path === '/v1/ccp/signedContractData').length
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? ''
    this.paths.push(path)
    request.resume()
    if (path === '/oauth/token') {
      this.onToken(request, response)
    } else if (path === '/v1/root/rootCerts') {
      const rootCertificates = this.roots.map(({ rootType, certificate }, index) => ({
        rootCertificateId: String(index),
        rootType,
        caCertificate: base64FromBytes(certificate.der),
      }))
      json(200, { RootCertificateCollection: { rootCertificates } })(request, response)
    } else {
      this.onInstallation(request, response)
    }
  }
}

export function json(status: number, body: unknown): Handler {
  return (_request, response) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

/** A CCP answer with this message in it. */
export function installationAnswer(certificateInstallationRes: string, status = 200): Handler {
  return json(status, { CCPResponse: { emaidContent: [{ messageDef: { certificateInstallationRes } }] } })
}
