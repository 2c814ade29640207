import { bytesFromBase64, equalBytes } from '#base'
import { decodeV2gMessage, verifyContractData, type V2gMessage } from '#iso15118'
import {
  type Certificate,
  type IssuerAndSerial,
  listedRoots,
  parseCertificate,
  type PathErrorCode,
  type PathVerdict,
  validatePath,
  type VerifiedSignatures,
  verifierOf,
} from '#pki'

import { InstallationError, type InstallationErrorCode } from './errors.ts'
import { attempt, type JudgeRevocation, type VehicleRequest } from './vehicle-request.ts'

export interface AnswerTrust {
  readonly v2gRoots: readonly Certificate[]
  readonly atMs: number
  readonly verifiedSignatures?: VerifiedSignatures
  readonly judgeRevocation: JudgeRevocation
}

/** What a checked answer of the pool says. */
export type ContractAnswer =
  | {
      readonly outcome: 'contract'
      readonly emaid: string
      readonly v2gRoot: Certificate
      /** Whether the vehicle lists that root; pools deliver others too, since the lists of vehicles are unreliable. */
      readonly rootListed: boolean
    }
  | { readonly outcome: 'negative'; readonly responseCode: string }

/**
 * Checks a CertificateInstallationRes before it goes to a vehicle: it belongs to the session of the request and, when
 * it carries a contract, the four signed parts are those that a CPS below a known V2G root signed, which is not revoked.
 * A negative answer carries nothing that could be signed.
 *
 * @throws {InstallationError} ERR_GATEWAY_ANSWER_*, ERR_GATEWAY_NO_ROOTS
 */
export async function checkContractAnswer(
  base64: string,
  { request, trust, charactersMax }: { request: VehicleRequest; trust: AnswerTrust; charactersMax: number },
): Promise<ContractAnswer> {
  const message = decodeAnswer(base64, charactersMax)
  const response = message.Body.CertificateInstallationRes
  if (response === undefined) {
    throw new InstallationError('ERR_GATEWAY_ANSWER_MESSAGE', 'the pool sent no CertificateInstallationRes')
  }
  if (!equalBytes(message.Header.SessionID, request.sessionId)) {
    throw new InstallationError('ERR_GATEWAY_ANSWER_SESSION', 'the pool answered another session')
  }
  if (!response.ResponseCode.startsWith('OK'))
    return { outcome: 'negative', responseCode: response.ResponseCode }

  const { Certificate: leafDer, SubCertificates } = response.SAProvisioningCertificateChain
  const leaf = readCertificate(leafDer)
  const intermediates = (SubCertificates?.Certificate ?? []).map(readCertificate)
  verifySignature(message, leaf)
  const { rootIds } = request
  const v2gRoot = await findRoot({ leaf, intermediates, trust, rootIds })
  const rootListed = listedRoots(rootIds, [v2gRoot]).length > 0
  return { outcome: 'contract', emaid: response.eMAID.$value, v2gRoot, rootListed }
}

function decodeAnswer(base64: string, charactersMax: number): V2gMessage {
  if (base64.length > charactersMax) {
    const message = `exiResponse of ${base64.length} characters, limit ${charactersMax}`
    throw new InstallationError('ERR_GATEWAY_ANSWER_TOO_LONG', message)
  }
  const exi = attempt('ERR_GATEWAY_ANSWER_BASE64', () => bytesFromBase64(base64, charactersMax))
  return attempt('ERR_GATEWAY_ANSWER_EXI', () => decodeV2gMessage(exi).message)
}

function readCertificate(der: Uint8Array): Certificate {
  return attempt('ERR_GATEWAY_ANSWER_CERTIFICATE', () => parseCertificate(der))
}

function verifySignature(message: V2gMessage, leaf: Certificate): void {
  const verifier = attempt('ERR_GATEWAY_ANSWER_CERTIFICATE', () => verifierOf(leaf))
  const verdict = verifyContractData({ message, verifier })
  if (!verdict.valid) {
    throw new InstallationError('ERR_GATEWAY_ANSWER_SIGNATURE', `${verdict.code}: ${verdict.message}`)
  }
}

/** The V2G root of the CPS chain: one that the vehicle lists if a path leads there, else any known one. */
async function findRoot({
  leaf,
  intermediates,
  trust: { v2gRoots, judgeRevocation, ...validation },
  rootIds,
}: {
  leaf: Certificate
  intermediates: readonly Certificate[]
  trust: AnswerTrust
  rootIds: readonly IssuerAndSerial[]
}): Promise<Certificate> {
  if (v2gRoots.length === 0) {
    throw new InstallationError(
      'ERR_GATEWAY_NO_ROOTS',
      'no V2G root is known, so that the answer cannot be checked',
    )
  }
  const pathTo = (roots: readonly Certificate[]): PathVerdict =>
    validatePath({ leaf, intermediates, roots, use: 'cps', ...validation })
  const preferred = pathTo(listedRoots(rootIds, v2gRoots))
  const verdict = await judgeRevocation(preferred.valid ? preferred : pathTo(v2gRoots), 'cps')
  const root = verdict.valid ? verdict.path.at(-1) : undefined
  if (root !== undefined) return root
  if (verdict.valid) throw new TypeError('a valid path ends in a root')
  const code = CHAIN_ERRORS[verdict.code] ?? 'ERR_GATEWAY_ANSWER_CPS_CHAIN'
  throw new InstallationError(code, `${verdict.code}: ${verdict.message}`)
}

const CHAIN_ERRORS: Partial<Record<PathErrorCode, InstallationErrorCode>> = {
  ERR_PATH_REVOKED: 'ERR_GATEWAY_ANSWER_CPS_REVOKED',
  ERR_PATH_STATUS_UNKNOWN: 'ERR_GATEWAY_ANSWER_CPS_STATUS_UNKNOWN',
}
