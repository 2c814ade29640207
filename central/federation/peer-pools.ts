import { base64FromBytes, bytesFromBase64, codeOf, type Clock, type RandomBytes } from '#base'
import { decodeV2gMessage } from '#iso15118'
import { OpcpRefusal, type MessageNamespace, type OpcpClient } from '#opcp'

import type { ContractVerification, VerifiedContractData } from '../ccp/contract-verification.ts'
import { uuidOf } from '../http/uuid.ts'
import { PoolError } from '../pool-error.ts'
import type { CircuitBreaker } from './circuit-breaker.ts'
import { LoopGuard, type Hop } from './hop.ts'

/** Asking all peers, token requests and verification included (opcp-digest §3.8). */
const BUDGET_MS = 2_000
/** An EXI message of -2 with two chains has 5 KB. */
const RESPONSE_BYTES_MAX = 16 * 1024

/** Another operator's pools. */
export interface Peer {
  readonly url: string
  readonly client: Pick<OpcpClient, 'getSignedContractData'>
  readonly breaker: CircuitBreaker
}

/** A contract that a peer delivers, verified against our own roots. */
export interface ForeignContract {
  readonly verified: VerifiedContractData
  /** EXI, for the session of the request. */
  readonly response: Uint8Array
  readonly metaData: string | undefined
}

export interface ContractQuestion {
  /** EXI of the CertificateInstallationReq. */
  readonly exi: Uint8Array
  readonly namespace: MessageNamespace
}

interface Parts {
  readonly peers: readonly Peer[]
  /** Names this pool in Via; a token of RFC 9110, the same in all its processes. */
  readonly name: string
  readonly verification: Pick<ContractVerification, 'verify'>
  readonly clock: Clock
  readonly random: RandomBytes
  /** Why a peer's answer, or the lack of one, did not count. */
  readonly onMiss: (peer: string, error: unknown) => void
}

/** Asks the pools of other operators for what is not here, and believes none of them. */
export class PeerPools {
  readonly #parts: Parts
  readonly #loops: LoopGuard

  constructor(parts: Parts) {
    this.#parts = parts
    this.#loops = new LoopGuard(parts.name)
  }

  /** The contract that a peer has for the vehicle of the request; `undefined` when there is none within 2 s. */
  contract({ exi, namespace }: ContractQuestion, hop: Hop): Promise<ForeignContract | undefined> {
    const body = { certificateInstallationReq: base64FromBytes(exi), xsdMsgDefNamespace: namespace }
    return this.#first(this.#parts.peers, hop, async ({ client }, call) => {
      const { status, messages } = await client.getSignedContractData(body, call)
      const [message] = messages
      if (status !== 200 || message === undefined) throw miss('has no contract')
      const response = bytesFromBase64(message.certificateInstallationRes, RESPONSE_BYTES_MAX)
      const verified = await this.#verify(response, exi)
      return { verified, response, metaData: message.metaData }
    })
  }

  /** The first answer that holds; the other peers are not waited for. */
  async #first<T>(peers: readonly Peer[], hop: Hop, ask: Ask<T>): Promise<T | undefined> {
    if (peers.length === 0) return undefined
    const { clock, random } = this.#parts
    const headers = this.#loops.pass(hop, { nowMs: clock(), fresh: () => uuidOf(random) })
    if (headers === undefined) return undefined
    const done = new AbortController()
    const budget = AbortSignal.timeout(BUDGET_MS)
    const call: PeerCall = { broadcast: true, headers, signal: AbortSignal.any([done.signal, budget]) }
    const answers = peers
      .filter(({ breaker }) => breaker.admits())
      .map((peer) => this.#ask(peer, { ask, call, done: done.signal }))
    try {
      const first = await Promise.race([Promise.any(answers), ended(budget)])
      // Peers that the budget ended have failed, so they are not told to stop for another one's sake.
      if (first !== undefined) done.abort()
      return first
    } catch (error) {
      if (error instanceof AggregateError) return undefined
      throw error
    }
  }

  async #ask<T>(
    peer: Peer,
    { ask, call, done }: { ask: Ask<T>; call: PeerCall; done: AbortSignal },
  ): Promise<T> {
    try {
      const answer = await ask(peer, call)
      peer.breaker.succeeded()
      return answer
    } catch (error) {
      // A peer that another one was faster than has neither failed nor answered.
      if (isMiss(error)) peer.breaker.succeeded()
      else if (!done.aborted) peer.breaker.failed()
      if (!isMiss(error) && !done.aborted) this.#parts.onMiss(peer.url, error)
      throw error
    }
  }

  async #verify(response: Uint8Array, request: Uint8Array): Promise<VerifiedContractData> {
    const { message } = decodeV2gMessage(response)
    const asked = decodeV2gMessage(request).message.Header.SessionID
    if (!Buffer.from(asked).equals(message.Header.SessionID)) throw lie('the message is of another session')
    const verified = await this.#parts.verification.verify(message)
    if (verified.validFromMs > this.#parts.clock()) throw lie('the contract is not valid yet')
    return verified
  }
}

interface PeerCall {
  readonly broadcast: true
  readonly headers: Readonly<Record<string, string>>
  readonly signal: AbortSignal
}

type Ask<T> = (peer: Peer, call: PeerCall) => Promise<T>

function miss(what: string): PoolError {
  return new PoolError('ERR_CCP_NOT_FOUND', `The peer ${what}.`)
}

/** What a peer says and we do not believe. */
function lie(what: string): PoolError {
  return new PoolError('ERR_POOL_FIELD', `The answer of the peer does not hold: ${what}.`)
}

/** The peer is well and does not have it. */
function isMiss(error: unknown): boolean {
  if (codeOf(error) === 'ERR_CCP_NOT_FOUND') return true
  return error instanceof OpcpRefusal && error.status === 404
}

async function ended(signal: AbortSignal): Promise<undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  signal.addEventListener('abort', () => resolve(undefined), { once: true })
  return await promise
}
