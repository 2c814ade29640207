import type { FastifyInstance } from 'fastify'
import { Compile } from 'typebox/compile'

import { base64FromBytes } from '#base'
import { InstallationRequest, OPERATIONS, type InstallationResponse, type MessageDef } from '#opcp'

import { hopOf } from '../federation/hop.ts'
import type { ForeignContract, PeerPools } from '../federation/peer-pools.ts'
import { readBase64, readNamespace } from '../fields.ts'
import { requireOwnWmi } from '../http/caller.ts'
import { readBody } from '../http/json-body.ts'
import { serveOperation, type PoolAnswer } from '../http/operation-route.ts'
import { PoolError } from '../pool-error.ts'
import { serveContracts, type ContractRoutesParts } from './contract-routes.ts'
import type { Installation, InstallationService } from './installation.ts'

/** A request of -2 with the longest lists the schema allows. */
const REQUEST_BYTES_MAX = 16 * 1024

const installationRequest = Compile(InstallationRequest)

export interface CcpParts extends ContractRoutesParts {
  readonly installations: InstallationService
  readonly peers: Pick<PeerPools, 'contract'>
  /** Of a refusal that goes out as EXI: 200 for backends that forward only that to the vehicle (opcp-digest A33). */
  readonly negativeExiStatus: 200 | 404
}

export function serveCcp(app: FastifyInstance, parts: CcpParts): void {
  const { installations, peers, deliveries, authentication, negativeExiStatus } = parts
  serveContracts(app, parts)
  serveOperation(app, OPERATIONS.getSignedContractData, {
    authentication,
    handle: async ({ caller, reach, body, flag, header, note }) => {
      const { certificateInstallationReq, xsdMsgDefNamespace } = readBody(body, installationRequest)
      const namespace = readNamespace(xsdMsgDefNamespace)
      const exi = readBase64(certificateInstallationReq, 'certificateInstallationReq', REQUEST_BYTES_MAX)
      const installation = await installations.answer({
        exi,
        namespace,
        requireAccess: (pcid) => {
          if (reach === 'own') requireOwnWmi(caller, pcid)
        },
      })
      const foreign = isMiss(installation)
        ? await peers.contract({ exi, namespace }, hopOf({ flag, header }))
        : undefined
      if (foreign !== undefined) return foreignAnswer(foreign, namespace)
      if (installation.kind === 'refusal') note.reason = installation
      else deliveries.note({ ...installation, request: exi, kind: 'request', requester: caller.clientId })
      return answerOf(installation, {
        namespace,
        refusalsAsExi: flag('alwaysReturnEXI') ?? true,
        negativeExiStatus,
      })
    },
  })
}

function answerOf(
  installation: Installation,
  {
    namespace,
    refusalsAsExi,
    negativeExiStatus,
  }: { namespace: string; refusalsAsExi: boolean; negativeExiStatus: number },
): PoolAnswer {
  const certificateInstallationRes = base64FromBytes(installation.response)
  if (installation.kind === 'refusal') {
    if (!refusalsAsExi) throw plainRefusal(installation.code)
    return { status: negativeExiStatus, body: bodyOf({ certificateInstallationRes }) }
  }
  const { emaid, metaData, rootFingerprint } = installation.contract
  const message = {
    certificateInstallationRes,
    emaid: emaid.asIssued,
    metaData: metaData ?? '',
    cpsV2GRootCertificateFingerprint: rootFingerprint,
  }
  // Beside the schema: MaEVe reads the namespace here.
  return { status: 200, body: { ...bodyOf(message), xsdMsgDefNamespace: namespace } }
}

/** There may be one elsewhere; the vehicle has proven by its signature who it is. */
function isMiss(installation: Installation): boolean {
  if (installation.kind === 'contract') return false
  return installation.code === 'ERR_CCP_VEHICLE_UNKNOWN' || installation.code === 'ERR_CCP_CONTRACT_UNKNOWN'
}

/** The peer that delivers keeps the record of it. */
function foreignAnswer({ response, verified, metaData }: ForeignContract, namespace: string): PoolAnswer {
  const message = {
    certificateInstallationRes: base64FromBytes(response),
    emaid: verified.emaid.asIssued,
    metaData: metaData ?? '',
    cpsV2GRootCertificateFingerprint: verified.cpsRoot.fingerprintSha256Hex,
  }
  return { status: 200, body: { ...bodyOf(message), xsdMsgDefNamespace: namespace } }
}

function bodyOf(messageDef: MessageDef): InstallationResponse {
  return { CCPResponse: { emaidContent: [{ messageDef }] } }
}

/** For callers that want no EXI. Only what the request itself shows is told apart: nothing about who has a contract. */
function plainRefusal(code: string): PoolError {
  if (code === 'ERR_CCP_REQUEST_SIGNATURE')
    return new PoolError(code, 'The signature of the CertificateInstallationReq is invalid.')
  if (code.startsWith('ERR_CCP_REQUEST_'))
    return new PoolError('ERR_CCP_REQUEST_CHAIN', 'The OEM provisioning certificate is not valid.')
  return new PoolError('ERR_CCP_NOT_FOUND', 'Contract or Vehicle not found.')
}
