import { CodedError, codeOf, messageOf, type Clock, type Verifier } from '#base'
import {
  decodeV2gMessage,
  encodeV2gMessage,
  parsePcid,
  verifyCertificateInstallationReq,
  type CertificateInstallationReqType,
  type Pcid,
  type responseCodeType,
  type V2gMessage,
} from '#iso15118'
import type { MessageNamespace } from '#opcp'
import { parseCertificate, verifierOf, type Certificate, type PathErrorCode } from '#pki'

import { publicKeySha256, type ProvisioningPool, type Vehicle } from '../pcp/provisioning-pool.ts'
import { PoolError } from '../pool-error.ts'
import type { RootPool } from '../rcp/root-pool.ts'
import type { UnknownRootsPolicy } from './bundle-choice.ts'
import type { ContractPool } from './contract-pool.ts'
import type { DeliverableContract } from './contract-store.ts'
import { DeliveryError, type DeliveryChoice, type DeliveryErrorCode } from './delivery-choice.ts'
import { encodeNegativeResponse } from './negative-response.ts'

/** Why a vehicle gets no contract, and what it is told. */
const RESPONSE_CODES = {
  /** The certificate in the request is none, or its common name is no PCID. */
  ERR_CCP_REQUEST_CERTIFICATE: 'FAILED_CertChainError',
  ERR_CCP_REQUEST_SIGNATURE: 'FAILED_SignatureError',
  ERR_CCP_REQUEST_EXPIRED: 'FAILED_CertificateExpired',
  /** No way from the provisioning certificate to an OEM or V2G root of the RCP. */
  ERR_CCP_REQUEST_CHAIN: 'FAILED_CertChainError',
  ERR_CCP_REQUEST_REVOKED: 'FAILED_CertificateRevoked',
  /** Nobody has said whether a certificate is revoked, and the config wants it known. */
  ERR_CCP_REQUEST_STATUS_UNKNOWN: 'FAILED_CertChainError',
  ERR_CCP_VEHICLE_UNKNOWN: 'FAILED_NoCertificateAvailable',
  /** The PCP holds another key: the vehicle could not open what was made for that one. */
  ERR_CCP_VEHICLE_KEY: 'FAILED_NoCertificateAvailable',
  ERR_CCP_CONTRACT_UNKNOWN: 'FAILED_NoCertificateAvailable',
  ERR_CCP_CONTRACT_NOT_YET_VALID: 'FAILED_NoCertificateAvailable',
  ERR_CCP_CONTRACT_EXPIRED: 'FAILED_CertificateExpired',
  ERR_CCP_CONTRACT_REVOKED: 'FAILED_CertificateRevoked',
  ERR_CCP_CONTRACT_STATUS_UNKNOWN: 'FAILED_NoCertificateAvailable',
  ERR_CCP_CONTRACT_UNTRUSTED: 'FAILED_NoCertificateAvailable',
  ERR_CCP_ROOT_NOT_LISTED: 'FAILED_NoCertificateAvailable',
} as const satisfies Record<DeliveryErrorCode | `ERR_CCP_${string}`, responseCodeType>

type InstallationErrorCode = keyof typeof RESPONSE_CODES

const REQUEST_REFUSALS: Partial<Record<PathErrorCode, InstallationErrorCode>> = {
  ERR_PATH_EXPIRED: 'ERR_CCP_REQUEST_EXPIRED',
  ERR_PATH_REVOKED: 'ERR_CCP_REQUEST_REVOKED',
  ERR_PATH_STATUS_UNKNOWN: 'ERR_CCP_REQUEST_STATUS_UNKNOWN',
}

class InstallationError extends CodedError<InstallationErrorCode> {
  override name = 'InstallationError'
}

export type Installation =
  | {
      readonly kind: 'contract'
      readonly contract: DeliverableContract
      readonly vehicle: Vehicle
      /** EXI, for the session of the request. */
      readonly response: Uint8Array
    }
  | {
      readonly kind: 'refusal'
      readonly code: InstallationErrorCode
      /** For the log; names no secret. */
      readonly message: string
      readonly response: Uint8Array
    }

export interface InstallationOrder {
  readonly exi: Uint8Array
  readonly namespace: MessageNamespace
  /** Says whether the caller may ask for this vehicle, before anything is looked up. @throws {PoolError} */
  readonly requireAccess: (pcid: Pcid) => void
}

interface InstallationSettings {
  /** What a vehicle gets that has contracts and none of them is the default. */
  readonly fallbackWhenNoDefault: 'none' | 'oldest'
  /** What becomes of a vehicle whose list names no root of the RCP. */
  readonly unknownRoots: UnknownRootsPolicy
}

interface Parts {
  readonly roots: RootPool
  readonly vehicles: ProvisioningPool
  readonly contracts: Pick<ContractPool, 'findDefault' | 'findOldest'>
  readonly choice: DeliveryChoice
  readonly settings: InstallationSettings
  readonly clock: Clock
}

/** Answers the CertificateInstallationReq of vehicles. Reads only: asking again gives the same answer. */
export class InstallationService {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /**
   * What the vehicle gets: its contract or, in the same message, why not.
   *
   * @throws {PoolError} ERR_CCP_EXI when the request cannot be read, so that not even its session is known
   */
  async answer(order: InstallationOrder): Promise<Installation> {
    const { message, request } = decodeRequest(order.exi)
    const sessionId = message.Header.SessionID
    try {
      const vehicle = await this.#admit(message, request, order)
      const contract = await this.#choose(vehicle, request)
      return { kind: 'contract', contract, vehicle, response: withSession(contract.response, sessionId) }
    } catch (error) {
      if (!(error instanceof InstallationError) && !(error instanceof DeliveryError)) throw error
      const responseCode = RESPONSE_CODES[error.code]
      return {
        kind: 'refusal',
        code: error.code,
        message: error.message,
        response: encodeNegativeResponse({ sessionId, responseCode }),
      }
    }
  }

  /** The vehicle that made the request, proven by its signature and its chain. */
  async #admit(
    message: V2gMessage,
    request: CertificateInstallationReqType,
    { namespace, requireAccess }: InstallationOrder,
  ): Promise<Vehicle> {
    const { certificate, pcid, verifier } = readSigner(request)
    requireAccess(pcid)
    const signature = verifyCertificateInstallationReq({ message, verifier })
    if (!signature.valid)
      throw new InstallationError('ERR_CCP_REQUEST_SIGNATURE', `${signature.code} ${signature.message}`)
    if (certificate.validToMs < this.#parts.clock())
      throw new InstallationError('ERR_CCP_REQUEST_EXPIRED', 'the provisioning certificate has expired')
    const vehicle = await this.#parts.vehicles.find(pcid, namespace)
    if (vehicle === undefined)
      throw new InstallationError('ERR_CCP_VEHICLE_UNKNOWN', 'the PCP does not know the vehicle')
    if (publicKeySha256(vehicle.certificate) !== publicKeySha256(certificate))
      throw new InstallationError('ERR_CCP_VEHICLE_KEY', 'the PCP holds another key of the vehicle')
    await this.#requireChain(certificate, vehicle)
    return vehicle
  }

  /** Only the leaf travels; its sub CAs come from the PCP. */
  async #requireChain(leaf: Certificate, { subCa1, subCa2 }: Vehicle): Promise<void> {
    const verdict = await this.#parts.roots.judge({
      leaf,
      intermediates: subCa2 === undefined ? [subCa1] : [subCa1, subCa2],
      rootTypes: ['OEM', 'V2G'],
      use: 'oem-provisioning',
      revocation: 'known',
    })
    if (verdict.valid) return
    const code = REQUEST_REFUSALS[verdict.code] ?? 'ERR_CCP_REQUEST_CHAIN'
    throw new InstallationError(code, `${verdict.code} ${verdict.message}`)
  }

  /** The vehicle's default contract, below a V2G root it trusts. */
  async #choose(vehicle: Vehicle, request: CertificateInstallationReqType): Promise<DeliverableContract> {
    const { contracts, choice, settings } = this.#parts
    const read = async (): Promise<readonly DeliverableContract[]> => {
      const byDefault = await contracts.findDefault(vehicle)
      return byDefault.length === 0 && settings.fallbackWhenNoDefault === 'oldest'
        ? await contracts.findOldest(vehicle)
        : byDefault
    }
    const list = request.ListOfRootCertificateIDs.RootCertificateID
    return await choice.choose(read, { vehicle, list, unknownRoots: settings.unknownRoots, early: false })
  }
}

function decodeRequest(exi: Uint8Array): { message: V2gMessage; request: CertificateInstallationReqType } {
  const message = decodeMessage(exi)
  const request = message.Body.CertificateInstallationReq
  if (request !== undefined) return { message, request }
  throw new PoolError('ERR_CCP_EXI', 'EXI format is invalid!', {
    cause: new Error('the message is no CertificateInstallationReq'),
  })
}

function decodeMessage(exi: Uint8Array): V2gMessage {
  try {
    return decodeV2gMessage(exi).message
  } catch (cause) {
    if (codeOf(cause)?.startsWith('ERR_EXI_') !== true) throw cause
    throw new PoolError('ERR_CCP_EXI', 'EXI format is invalid!', { cause })
  }
}

function readSigner(request: CertificateInstallationReqType): {
  certificate: Certificate
  pcid: Pcid
  verifier: Verifier
} {
  try {
    const certificate = parseCertificate(request.OEMProvisioningCert)
    const pcid = parsePcid(certificate.commonName ?? '')
    // Refuses a key that is none, or none of ISO 15118.
    return { certificate, pcid, verifier: verifierOf(certificate) }
  } catch (error) {
    const code = codeOf(error)
    if (code?.startsWith('ERR_PKI_') !== true && code !== 'ERR_IDENTIFIER_PCID') throw error
    throw new InstallationError('ERR_CCP_REQUEST_CERTIFICATE', messageOf(error))
  }
}

/** The session id is not signed, so the stored message can be given any. */
export function withSession(response: Uint8Array, sessionId: Uint8Array): Uint8Array {
  const { message } = decodeV2gMessage(response)
  return encodeV2gMessage({ ...message, Header: { ...message.Header, SessionID: sessionId } })
}
