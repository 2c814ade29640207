import { Compile } from 'typebox/compile'

import { bodyOf, jsonOf, refusalOf } from './answer.ts'
import { AuthorisedConnection, type OpcpClientOptions } from './authorised-connection.ts'
import { InstallationResponse, type InstallationRequest, type MessageDef } from './ccp-bodies.ts'
import type { HttpAnswer } from './connection.ts'
import {
  SignContractDataResponse,
  type GenerateContractDataRequest,
  type SignContractDataRequest,
} from './cps-bodies.ts'
import { OPERATIONS } from './operations.ts'
import { ProvCert, ProvCertResponse, type ProvCertUpload } from './pcp-bodies.ts'
import {
  RootCertCollection,
  RootCertResponse,
  type RootCert,
  type RootCertUpload,
  type RootType,
} from './rcp-bodies.ts'

export interface CallOptions {
  /** The deadline of the whole call, token and second try included. */
  readonly signal?: AbortSignal
}

export interface PeerCallOptions extends CallOptions {
  /** The call is the copy of one that a client made elsewhere: the pool is to answer from its own data alone. */
  readonly broadcast?: boolean
  /** Beside those of the protocol. */
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * What the CCP says to a CertificateInstallationReq. 200: one message per contract (exactly one for -2). 404: one
 * message, a CertificateInstallationRes with a negative ResponseCode for the vehicle.
 */
export interface InstallationAnswer {
  readonly status: 200 | 404
  /** At least one. */
  readonly messages: readonly MessageDef[]
}

const BODIES = {
  rootCerts: Compile(RootCertCollection),
  rootCert: Compile(RootCertResponse),
  provCert: Compile(ProvCert),
  provCertResponse: Compile(ProvCertResponse),
  signContractData: Compile(SignContractDataResponse),
  installation: Compile(InstallationResponse),
}

/**
 * The pools of one operator as one of its clients sees them. Every method may throw {@link OpcpError}; every call is
 * idempotent at the pool (generate: makes a new contract certificate that replaces the first), so that repeating one
 * without an answer is safe. A call refused with 401 or 403 is repeated once with a fresh token.
 */
export class OpcpClient implements AsyncDisposable {
  readonly #connection: AuthorisedConnection

  constructor(options: OpcpClientOptions) {
    this.#connection = new AuthorisedConnection(options)
  }

  /** All roots of the pool, or those of one type. */
  async getRootCerts({ rootType, signal }: CallOptions & { rootType?: RootType } = {}): Promise<
    readonly RootCert[]
  > {
    const query = rootType === undefined ? '' : `?rootType=${rootType.toLowerCase()}`
    const answer = await this.#success('getRootCerts', { query, signal })
    return bodyOf(answer, BODIES.rootCerts).RootCertificateCollection.rootCertificates
  }

  async getRootCert(rootCertificateId: string, { signal }: CallOptions = {}): Promise<RootCert> {
    const answer = await this.#success('getRootCert', { parameter: rootCertificateId, signal })
    return bodyOf(answer, BODIES.rootCert).RootResponse
  }

  /** Resolves once the root is stored; other pools answer without a body, hence no result. */
  async putRootCert(body: RootCertUpload, { signal }: CallOptions = {}): Promise<void> {
    await this.#success('putRootCert', { body, signal })
  }

  async putProvCert(body: ProvCertUpload, { signal }: CallOptions = {}): Promise<ProvCert> {
    return bodyOf(await this.#success('putProvCert', { body, signal }), BODIES.provCert)
  }

  async getProvCert(pcid: string, { signal, ...peer }: PeerCallOptions = {}): Promise<ProvCert> {
    const answer = await this.#success('getProvCert', { parameter: pcid, ...peer, signal })
    return bodyOf(answer, BODIES.provCertResponse).OEMMessage
  }

  /** Whether the pool knows the vehicle. */
  async lookupVehicle(pcid: string, { signal, ...peer }: PeerCallOptions = {}): Promise<boolean> {
    const answer = await this.#call('lookupVehicle', { parameter: pcid, ...peer, signal })
    if (answer.status === 404) return false
    if (!isSuccess(answer.status)) throw refusalOf(answer, 'lookupVehicle')
    return true
  }

  /** Has contract data signed by the CPS; with `pcid` in the body it also enters the CCP. */
  async signContractData(
    body: SignContractDataRequest,
    { signal }: CallOptions = {},
  ): Promise<SignContractDataResponse> {
    return bodyOf(await this.#success('signContractData', { body, signal }), BODIES.signContractData)
  }

  /** Has the operator make, sign and store a contract. */
  async generateSignedContractData(
    body: GenerateContractDataRequest,
    { signal }: CallOptions = {},
  ): Promise<void> {
    await this.#success('generateSignedContractData', { body, signal })
  }

  /** Sends a CertificateInstallationReq; a 404 that carries a message for the vehicle is an answer, not an error. */
  async getSignedContractData(
    body: InstallationRequest,
    { signal, ...peer }: PeerCallOptions = {},
  ): Promise<InstallationAnswer> {
    const answer = await this.#call('getSignedContractData', { body, ...peer, signal })
    const { status } = answer
    if (status !== 404 && !isSuccess(status)) throw refusalOf(answer, 'getSignedContractData')
    // A 404 with an error body: the pool was told to send no EXI, or knows nothing at this path.
    if (status === 404 && !BODIES.installation.Check(jsonOf(answer)))
      throw refusalOf(answer, 'getSignedContractData')
    const contents = bodyOf(answer, BODIES.installation).CCPResponse.emaidContent
    return { status: status === 404 ? 404 : 200, messages: contents.map(({ messageDef }) => messageDef) }
  }

  /** Ends the connections; calls under way end with ERR_OPCP_UNREACHABLE. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection[Symbol.asyncDispose]()
  }

  async #success(operation: keyof typeof OPERATIONS, call: Call): Promise<HttpAnswer> {
    const answer = await this.#call(operation, call)
    // 200 and 201 are used for each other in the field.
    if (!isSuccess(answer.status)) throw refusalOf(answer, operation)
    return answer
  }

  #call(
    operation: keyof typeof OPERATIONS,
    { parameter = '', query = '', broadcast = false, headers, body, signal }: Call,
  ): Promise<HttpAnswer> {
    const { method, path } = OPERATIONS[operation]
    return this.#connection.call({
      method,
      path: path.replace(/:\w+/, () => encodeURIComponent(parameter)) + query,
      headers: { ...headers, ...(broadcast && { broadcast: 'true' }) },
      body,
      signal,
    })
  }
}

interface Call {
  readonly parameter?: string
  readonly query?: string
  readonly broadcast?: boolean
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: object
  readonly signal: AbortSignal | undefined
}

function isSuccess(status: number): boolean {
  return status === 200 || status === 201
}
