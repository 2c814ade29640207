import { codeOf, messageOf, type Clock } from '#base'
import {
  accepted,
  type ChargePointCall,
  checkGet15118EVCertificateRequest,
  failed,
  type Get15118EVCertificateRequest,
  type Get15118EVCertificateResponse,
} from '#ocpp'
import { ISO2_NAMESPACE } from '#opcp'
import { type Certificate, type PathRevocation, VerifiedSignatures } from '#pki'
import type { Logger } from '#service'

import { checkContractAnswer, type ContractAnswer } from './contract-answer.ts'
import { askContractPool, type ContractPool } from './contract-pool.ts'
import { InstallationError, type InstallationErrorCode, REASON_CODES } from './errors.ts'
import type { RootCertificates } from './root-certificates.ts'
import {
  type JudgeRevocation,
  readVehicleRequest,
  type VehicleRequest,
  verifyVehicleRequest,
} from './vehicle-request.ts'

/** Of a failure, in the log and before OCPP's own cut. */
const MESSAGE_CHARACTERS_MAX = 512
/**
 * How long an installation waits for responders that were not heard of yet, once for the vehicle and once for the CPS;
 * they are asked on without it. What is known already costs no time.
 */
const REVOCATION_WAIT_MS = 200

export interface ContractInstallationOptions {
  readonly pool: ContractPool
  readonly roots: RootCertificates
  readonly revocation: PathRevocation
  readonly clock: Clock
  readonly logger: Logger
  /** From the arrival of the request to the answer, retries included. */
  readonly budgetMs: number
  /** Different requests being answered at the same time. */
  readonly inFlightMax: number
  /** The longest base64 that is passed on to a charge point. */
  readonly exiResponseCharactersMax: number
  /** Sub CAs of OEMs, where the operator has them: then foreign vehicles are refused here already. */
  readonly vehicleIntermediates: readonly Certificate[]
}

/** How one Get15118EVCertificate was answered: for the log, metrics and people. Only what came to be known is there. */
export interface InstallationRecord {
  readonly identity: string
  /** `contract` and `negative` are Accepted, a code is Failed. */
  readonly outcome: ContractAnswer['outcome'] | InstallationErrorCode
  /** Of a failure. */
  readonly message?: string
  readonly pcid?: string
  /** Whether the vehicle's chain could be verified here. */
  readonly vehicleChain?: 'chain-verified' | 'left-to-pool'
  readonly answer?: ContractAnswer
  /** How long ago the issuers said that their certificates are not revoked: the oldest of those answers. */
  readonly revocationAgeMs?: number
  /** Time spent on the pool, and from the arrival of the request to its answer. */
  readonly poolMs?: number
  readonly totalMs: number
}

type Facts = {
  -readonly [
    K in 'pcid' | 'vehicleChain' | 'answer' | 'revocationAgeMs' | 'poolMs'
  ]?: InstallationRecord[K] & {}
}

interface AnswerQuestion {
  readonly request: VehicleRequest
  readonly judgeRevocation: JudgeRevocation
}

interface Outcome {
  readonly response: Get15118EVCertificateResponse
  readonly facts: Facts
  readonly failure?: { readonly outcome: InstallationErrorCode; readonly message: string }
}

/**
 * Answers Get15118EVCertificate: verifies the vehicle's request as far as the edge can, asks the pool, verifies its
 * answer, all within one budget. The same request twice at the same time (a charge point that reconnected and asks
 * again) is one call to the pool.
 */
export class ContractInstallation {
  readonly #options: ContractInstallationOptions
  readonly #verifiedSignatures = new VerifiedSignatures()
  /** By exiRequest: it holds the session id and a signature, so that equal ones are the same vehicle's. */
  readonly #inFlight = new Map<string, Promise<Outcome>>()

  constructor(options: ContractInstallationOptions) {
    this.#options = options
  }

  /** Whatever fails is in the response; throws CallError when the payload is no such request at all. */
  async answer(
    call: ChargePointCall,
  ): Promise<{ response: Get15118EVCertificateResponse; record: InstallationRecord }> {
    const { response, facts, failure } = await this.#share(
      checkGet15118EVCertificateRequest(call.payload),
      call,
    )
    const outcome = failure?.outcome ?? facts.answer?.outcome ?? 'ERR_GATEWAY_INTERNAL'
    const totalMs = this.#options.clock() - call.arrivedAtMs
    const record = { identity: call.identity, ...facts, ...failure, outcome, totalMs }
    return { response, record }
  }

  #share(request: Get15118EVCertificateRequest, call: ChargePointCall): Promise<Outcome> {
    const key = `${request.action} ${request.iso15118SchemaVersion} ${request.exiRequest}`
    const running = this.#inFlight.get(key)
    if (running !== undefined) return running
    const started = this.#install(request, call).finally(() => void this.#inFlight.delete(key))
    this.#inFlight.set(key, started)
    return started
  }

  async #install(request: Get15118EVCertificateRequest, call: ChargePointCall): Promise<Outcome> {
    const facts: Facts = {}
    try {
      return { response: accepted(await this.#obtain(request, call, facts)), facts }
    } catch (error) {
      const { code, message: whole } = this.#known(error)
      // It may quote a pool, which may be wordy.
      const message = whole.slice(0, MESSAGE_CHARACTERS_MAX)
      const response = failed({ reasonCode: REASON_CODES[code], additionalInfo: `${code}: ${message}` })
      return { response, facts, failure: { outcome: code, message } }
    }
  }

  async #obtain(
    { exiRequest, ...rest }: Get15118EVCertificateRequest,
    { subprotocol, arrivedAtMs }: ChargePointCall,
    facts: Facts,
  ): Promise<string> {
    const { pool, clock, budgetMs, inFlightMax } = this.#options
    if (this.#inFlight.size >= inFlightMax) {
      throw new InstallationError('ERR_GATEWAY_BUSY', `${inFlightMax} installations are in progress`)
    }
    const signal = AbortSignal.timeout(remainingMs({ budgetMs, spentMs: clock() - arrivedAtMs }))
    const request = readVehicleRequest({ exiRequest, ...rest }, { subprotocol })
    facts.pcid = request.pcid
    const judgeRevocation = this.#revocationJudge(facts, signal)
    facts.vehicleChain = await this.#verifyVehicle(request, judgeRevocation)
    const askedMs = clock()
    try {
      const body = { certificateInstallationReq: exiRequest, xsdMsgDefNamespace: ISO2_NAMESPACE }
      const exiResponse = await askContractPool(pool, body, signal)
      facts.answer = await this.#verifyAnswer(exiResponse, { request, judgeRevocation, signal })
      return exiResponse
    } finally {
      facts.poolMs = clock() - askedMs
    }
  }

  #verifyVehicle(
    request: VehicleRequest,
    judgeRevocation: JudgeRevocation,
  ): Promise<'chain-verified' | 'left-to-pool'> {
    const { roots, clock, vehicleIntermediates } = this.#options
    return verifyVehicleRequest(request, {
      intermediates: vehicleIntermediates,
      // OEMs have roots of their own or stand below a V2G root.
      roots: [...roots.of('OEM'), ...roots.of('V2G')],
      atMs: clock(),
      verifiedSignatures: this.#verifiedSignatures,
      judgeRevocation,
    })
  }

  #revocationJudge(facts: Facts, signal: AbortSignal): JudgeRevocation {
    const { revocation, clock } = this.#options
    return async (verdict, use) => {
      const wait = AbortSignal.any([signal, AbortSignal.timeout(REVOCATION_WAIT_MS)])
      const judged = await revocation.judge(verdict, { use, signal: wait })
      const statuses = (judged.valid && judged.statuses) || []
      for (const status of statuses) {
        if (status.status === 'good')
          facts.revocationAgeMs = Math.max(facts.revocationAgeMs ?? 0, clock() - status.thisUpdateMs)
      }
      return judged
    }
  }

  /** A CPS below a root that is not known here may be one below a root that is new: the pool is asked once. */
  async #verifyAnswer(
    exiResponse: string,
    { signal, ...question }: AnswerQuestion & { readonly signal: AbortSignal },
  ): Promise<ContractAnswer> {
    try {
      return await this.#checkAnswer(exiResponse, question)
    } catch (error) {
      if (!isRootMissing(error)) throw error
      if ((await this.#options.roots.refreshOnDemand(signal)) === 'unchanged') throw error
      return await this.#checkAnswer(exiResponse, question)
    }
  }

  #checkAnswer(exiResponse: string, { request, judgeRevocation }: AnswerQuestion): Promise<ContractAnswer> {
    const { roots, clock, exiResponseCharactersMax } = this.#options
    const verifiedSignatures = this.#verifiedSignatures
    return checkContractAnswer(exiResponse, {
      request,
      trust: { v2gRoots: roots.of('V2G'), atMs: clock(), verifiedSignatures, judgeRevocation },
      charactersMax: exiResponseCharactersMax,
    })
  }

  #known(error: unknown): InstallationError {
    if (error instanceof InstallationError) return error
    this.#options.logger.error(
      { code: codeOf(error), err: error },
      `installation failed: ${messageOf(error)}`,
    )
    return new InstallationError('ERR_GATEWAY_INTERNAL', 'the request could not be handled')
  }
}

/** Never more than the budget and never less than nothing, whatever the clock did meanwhile. */
function remainingMs({ budgetMs, spentMs }: { budgetMs: number; spentMs: number }): number {
  return Math.min(Math.max(budgetMs - spentMs, 0), budgetMs)
}

function isRootMissing(error: unknown): boolean {
  const code = codeOf(error)
  return code === 'ERR_GATEWAY_NO_ROOTS' || code === 'ERR_GATEWAY_ANSWER_CPS_CHAIN'
}
