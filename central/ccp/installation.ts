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
import { listedRoots, parseCertificate, verifierOf, type Certificate, type PathErrorCode } from '#pki'

import { publicKeySha256, type ProvisioningPool, type Vehicle } from '../pcp/provisioning-pool.ts'
import { PoolError } from '../pool-error.ts'
import { keyIdOf } from '../rcp/key-id.ts'
import type { RootPool } from '../rcp/root-pool.ts'
import type { ContractPool } from './contract-pool.ts'
import type { DeliverableContract } from './contract-store.ts'
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
  /** The contract or the CPS that signed it, or a CA of theirs. */
  ERR_CCP_CONTRACT_REVOKED: 'FAILED_CertificateRevoked',
  ERR_CCP_CONTRACT_STATUS_UNKNOWN: 'FAILED_NoCertificateAvailable',
  /** A root of its chains was taken out of the RCP. */
  ERR_CCP_CONTRACT_UNTRUSTED: 'FAILED_NoCertificateAvailable',
  /** The vehicle lists V2G roots of the RCP, and the contract is signed below none of them. */
  ERR_CCP_ROOT_NOT_LISTED: 'FAILED_NoCertificateAvailable',
} as const satisfies Record<string, responseCodeType>

type InstallationErrorCode = keyof typeof RESPONSE_CODES

const REQUEST_REFUSALS: Partial<Record<PathErrorCode, InstallationErrorCode>> = {
  ERR_PATH_EXPIRED: 'ERR_CCP_REQUEST_EXPIRED',
  ERR_PATH_REVOKED: 'ERR_CCP_REQUEST_REVOKED',
  ERR_PATH_STATUS_UNKNOWN: 'ERR_CCP_REQUEST_STATUS_UNKNOWN',
}
const CONTRACT_REFUSALS: Partial<Record<PathErrorCode, InstallationErrorCode>> = {
  ERR_PATH_REVOKED: 'ERR_CCP_CONTRACT_REVOKED',
  ERR_PATH_STATUS_UNKNOWN: 'ERR_CCP_CONTRACT_STATUS_UNKNOWN',
}

class InstallationError extends CodedError<InstallationErrorCode> {
  override name = 'InstallationError'
}

export type Installation =
  | {
      readonly kind: 'contract'
      readonly contract: DeliverableContract
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

interface Parts {
  readonly roots: RootPool
  readonly vehicles: ProvisioningPool
  readonly contracts: ContractPool
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
      return { kind: 'contract', contract, response: withSession(contract.response, sessionId) }
    } catch (error) {
      if (!(error instanceof InstallationError)) throw error
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
    const nowMs = this.#parts.clock()
    const bundles = await this.#parts.contracts.findDefault(vehicle)
    if (bundles.length === 0)
      throw new InstallationError('ERR_CCP_CONTRACT_UNKNOWN', 'the vehicle has no default contract')
    const current = bundles.filter(({ validToMs }) => nowMs <= validToMs)
    if (current.length === 0)
      throw new InstallationError('ERR_CCP_CONTRACT_EXPIRED', 'the contract has expired')
    const begun = current.filter(({ validFromMs }) => validFromMs <= nowMs)
    if (begun.length === 0)
      throw new InstallationError('ERR_CCP_CONTRACT_NOT_YET_VALID', 'the contract begins later')
    const trusted = await this.#parts.contracts.stillTrusted(begun)
    if (trusted.length === 0)
      throw new InstallationError('ERR_CCP_CONTRACT_UNTRUSTED', 'a root of the contract has left the RCP')
    return await this.#belowTrustedRoot(await this.#unrevoked(trusted), { vehicle, request })
  }

  /** Those of `bundles` that may still be delivered, at least one. */
  async #unrevoked(bundles: readonly DeliverableContract[]): Promise<readonly DeliverableContract[]> {
    const { contracts } = this.#parts
    const judged = await Promise.all(
      bundles.map(async (bundle) => ({ bundle, refusal: await contracts.refusalOf(bundle) })),
    )
    const good = judged.filter(({ refusal }) => refusal === undefined).map(({ bundle }) => bundle)
    const refusal = judged[0]?.refusal
    if (good.length > 0 || refusal === undefined) return good
    const code = CONTRACT_REFUSALS[refusal.code] ?? 'ERR_CCP_CONTRACT_UNTRUSTED'
    throw new InstallationError(code, `${refusal.code} ${refusal.message}`)
  }

  /** A list that names no root we know says nothing: vehicles are known to list anything. */
  async #belowTrustedRoot(
    bundles: readonly DeliverableContract[],
    { vehicle, request }: { vehicle: Vehicle; request: CertificateInstallationReqType },
  ): Promise<DeliverableContract> {
    const v2gRoots = (await this.#parts.roots.list())
      .filter(({ rootType }) => rootType === 'V2G')
      .map(({ certificate }) => certificate)
    const listed = listedRoots(request.ListOfRootCertificateIDs.RootCertificateID, v2gRoots)
    const preferred =
      listed.length > 0 ? listed : v2gRoots.filter((root) => vehicle.v2gRootKeyIds.includes(keyIdOf(root)))
    const chosen = preferred.flatMap(({ fingerprintSha256Hex }) =>
      bundles.filter(({ rootFingerprint }) => rootFingerprint === fingerprintSha256Hex),
    )[0]
    const contract = chosen ?? (listed.length > 0 ? undefined : bundles[0])
    if (contract !== undefined) return contract
    const what = 'the contract is signed below none of the V2G roots the vehicle lists'
    throw new InstallationError('ERR_CCP_ROOT_NOT_LISTED', what)
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
function withSession(response: Uint8Array, sessionId: Uint8Array): Uint8Array {
  const { message } = decodeV2gMessage(response)
  return encodeV2gMessage({ ...message, Header: { ...message.Header, SessionID: sessionId } })
}
