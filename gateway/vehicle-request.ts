import { bytesFromBase64, codeOf, messageOf } from '#base'
import { decodeV2gMessage, verifyCertificateInstallationReq, type V2gMessage } from '#iso15118'
import { EXI_REQUEST_CHARACTERS_MAX, type Get15118EVCertificateRequest, type Subprotocol } from '#ocpp'
import { canonicalNamespace, ISO2_NAMESPACE } from '#opcp'
import {
  type Certificate,
  type IssuerAndSerial,
  parseCertificate,
  type PathErrorCode,
  type PathVerdict,
  validatePath,
  type VerifiedSignatures,
  verifierOf,
} from '#pki'

import { InstallationError, type InstallationErrorCode } from './errors.ts'

/** Looks at the revocation of a valid path by the policy of its use; a verdict that is none stays as it is. */
export type JudgeRevocation = (verdict: PathVerdict, use: 'cps' | 'oem-provisioning') => Promise<PathVerdict>

/** A CertificateInstallationReq as read, not yet verified. */
export interface VehicleRequest {
  readonly message: V2gMessage
  readonly sessionId: Uint8Array
  readonly provisioningCertificate: Certificate
  /** Common name of the provisioning certificate. */
  readonly pcid: string
  /** The V2G roots that the vehicle says it trusts. */
  readonly rootIds: readonly IssuerAndSerial[]
}

/**
 * Reads what the charge point passes on from the vehicle.
 *
 * @throws {InstallationError} ERR_GATEWAY_ACTION, _SCHEMA, _REQUEST_TOO_LONG, _REQUEST_BASE64, _REQUEST_EXI,
 * _REQUEST_MESSAGE, _VEHICLE_CERTIFICATE, _VEHICLE_ROLE
 */
export function readVehicleRequest(
  { action, iso15118SchemaVersion, exiRequest }: Get15118EVCertificateRequest,
  { subprotocol }: { subprotocol: Subprotocol },
): VehicleRequest {
  if (action !== 'Install')
    throw new InstallationError('ERR_GATEWAY_ACTION', 'only the action Install is supported')
  if (canonicalNamespace(iso15118SchemaVersion) !== ISO2_NAMESPACE) {
    throw new InstallationError('ERR_GATEWAY_SCHEMA', `only the schema ${ISO2_NAMESPACE} is supported`)
  }
  const message = decodeRequest(exiRequest, EXI_REQUEST_CHARACTERS_MAX[subprotocol])
  const request = message.Body.CertificateInstallationReq
  if (request === undefined) {
    throw new InstallationError('ERR_GATEWAY_REQUEST_MESSAGE', 'the message is no CertificateInstallationReq')
  }
  const provisioningCertificate = readCertificate(request.OEMProvisioningCert)
  const pcid = provisioningCertificate.commonName
  if (pcid === undefined) {
    throw new InstallationError('ERR_GATEWAY_VEHICLE_ROLE', 'the provisioning certificate has no common name')
  }
  const rootIds = request.ListOfRootCertificateIDs.RootCertificateID
  return { message, sessionId: message.Header.SessionID, provisioningCertificate, pcid, rootIds }
}

/**
 * Verifies what the edge can: that the request is signed by the key of its provisioning certificate, that this one is
 * valid now and a vehicle's, and its chain with its revocation when the sub CAs are known here. The sub CAs do not travel with the
 * request, so that an unknown issuer is `'left-to-pool'`, which has them.
 *
 * @throws {InstallationError} ERR_GATEWAY_VEHICLE_* and ERR_GATEWAY_REQUEST_SIGNATURE
 */
export async function verifyVehicleRequest(
  { message, provisioningCertificate }: VehicleRequest,
  {
    judgeRevocation,
    ...trust
  }: {
    readonly intermediates: readonly Certificate[]
    readonly roots: readonly Certificate[]
    readonly atMs: number
    readonly verifiedSignatures?: VerifiedSignatures
    readonly judgeRevocation: JudgeRevocation
  },
): Promise<'chain-verified' | 'left-to-pool'> {
  const verdict = validatePath({ leaf: provisioningCertificate, use: 'oem-provisioning', ...trust })
  if (!verdict.valid && verdict.code !== 'ERR_PATH_NO_ISSUER') {
    throw new InstallationError(chainErrorCode(verdict.code), verdict.message)
  }
  const signature = verifyCertificateInstallationReq({
    message,
    verifier: vehicleVerifier(provisioningCertificate),
  })
  if (!signature.valid) {
    throw new InstallationError('ERR_GATEWAY_REQUEST_SIGNATURE', `${signature.code}: ${signature.message}`)
  }
  if (!verdict.valid) return 'left-to-pool'
  // Last, as it may take time: only the holder of the key may cause questions.
  const unrevoked = await judgeRevocation(verdict, 'oem-provisioning')
  if (!unrevoked.valid) throw new InstallationError(chainErrorCode(unrevoked.code), unrevoked.message)
  return 'chain-verified'
}

function decodeRequest(exiRequest: string, charactersMax: number): V2gMessage {
  if (exiRequest.length > charactersMax) {
    const message = `exiRequest of ${exiRequest.length} characters, limit ${charactersMax}`
    throw new InstallationError('ERR_GATEWAY_REQUEST_TOO_LONG', message)
  }
  const exi = attempt('ERR_GATEWAY_REQUEST_BASE64', () => bytesFromBase64(exiRequest, charactersMax))
  return attempt('ERR_GATEWAY_REQUEST_EXI', () => decodeV2gMessage(exi).message)
}

function readCertificate(der: Uint8Array): Certificate {
  return attempt('ERR_GATEWAY_VEHICLE_CERTIFICATE', () => parseCertificate(der))
}

function vehicleVerifier(certificate: Certificate): ReturnType<typeof verifierOf> {
  return attempt('ERR_GATEWAY_VEHICLE_CERTIFICATE', () => verifierOf(certificate))
}

/** What a library refuses with a code of its own gets the one of the step; the other stays in the message. */
export function attempt<T>(code: InstallationErrorCode, step: () => T): T {
  try {
    return step()
  } catch (cause) {
    const inner = codeOf(cause)
    if (inner === undefined) throw cause
    throw new InstallationError(code, `${inner}: ${messageOf(cause)}`, { cause })
  }
}

const CHAIN_ERRORS: Partial<Record<PathErrorCode, InstallationErrorCode>> = {
  ERR_PATH_EXPIRED: 'ERR_GATEWAY_VEHICLE_EXPIRED',
  ERR_PATH_NOT_YET_VALID: 'ERR_GATEWAY_VEHICLE_NOT_YET_VALID',
  ERR_PATH_REVOKED: 'ERR_GATEWAY_VEHICLE_REVOKED',
  ERR_PATH_ROLE: 'ERR_GATEWAY_VEHICLE_ROLE',
  ERR_PATH_STATUS_UNKNOWN: 'ERR_GATEWAY_VEHICLE_STATUS_UNKNOWN',
}

function chainErrorCode(code: PathErrorCode): InstallationErrorCode {
  return CHAIN_ERRORS[code] ?? 'ERR_GATEWAY_VEHICLE_CHAIN'
}
