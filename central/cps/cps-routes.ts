import type { FastifyInstance } from 'fastify'
import { Compile } from 'typebox/compile'

import { base64FromBytes } from '#base'
import {
  GenerateContractDataRequest,
  OPERATIONS,
  SignContractDataRequest,
  type SignContractDataResponse,
} from '#opcp'

import { readEmaid, readNamespace, readPcid, readRootReference, readTimestamp } from '../fields.ts'
import { requireOwnProvider } from '../http/caller.ts'
import { readBody } from '../http/json-body.ts'
import { serveOperation, type Authentication } from '../http/operation-route.ts'
import { PoolError } from '../pool-error.ts'
import { readContractData } from './contract-data.ts'
import type { CpsSigners } from './cps-signers.ts'
import type { GenerateOrder, ProvisioningService, SignOrder } from './provisioning-service.ts'
import { publishedSigners } from './published-signers.ts'

const signRequest = Compile(SignContractDataRequest)
const generateRequest = Compile(GenerateContractDataRequest)

export function serveCps(
  app: FastifyInstance,
  {
    service,
    signers,
    authentication,
  }: {
    readonly service: ProvisioningService
    readonly signers: CpsSigners
    readonly authentication: Authentication
  },
): void {
  serveOperation(app, OPERATIONS.getCpsSigners, {
    authentication,
    handle: async () => ({ status: 200, body: { cpsCertificates: publishedSigners(signers) } }),
  })
  serveOperation(app, OPERATIONS.signContractData, {
    authentication,
    handle: async ({ caller, body }) => {
      const order = readSignOrder(readBody(body, signRequest))
      requireOwnProvider(caller, order.emaid)
      const { signedXml, root } = await service.sign(order)
      const answer: SignContractDataResponse = {
        emaid: order.emaid.asIssued,
        ...(order.pcid !== undefined && { pcid: order.pcid.asIssued }),
        xsdMsgDefNamespace: order.namespace,
        signedData: base64FromBytes(new TextEncoder().encode(signedXml)),
        cpsV2GRootCertificateFingerprint: root.fingerprintSha256Hex,
        cpsRootDistinguishedName: root.distinguishedName,
        metaData: order.metaData ?? '',
      }
      return { status: 201, body: answer }
    },
  })
  serveOperation(app, OPERATIONS.generateSignedContractData, {
    authentication,
    handle: async ({ caller, body }) => {
      const order = readGenerateOrder(readBody(body, generateRequest))
      requireOwnProvider(caller, order.emaid)
      await service.generate(order)
      return { status: 201, body: {} }
    },
  })
}

function readSignOrder(body: SignContractDataRequest): SignOrder {
  const data = readContractData(body.contractData)
  const emaid = readEmaid(data.contract.commonName ?? '')
  for (const other of [body.emaid, data.emaid])
    if (other !== undefined && readEmaid(other).key !== emaid.key)
      throw new PoolError('ERR_POOL_FIELD', 'emaid : must be the common name of the contract certificate')
  return {
    data,
    emaid,
    pcid: body.pcid === undefined || body.pcid === null ? undefined : readPcid(body.pcid),
    ...readWish(body),
  }
}

function readGenerateOrder(body: GenerateContractDataRequest): GenerateOrder {
  const { subscriptionUrl } = body
  if (subscriptionUrl !== undefined && !/^https?:\/\/\S+$/.test(subscriptionUrl))
    throw new PoolError('ERR_POOL_FIELD', 'subscriptionUrl : must be an absolute http or https URL')
  const beginsAtMs = readPeriodEnd(body.contractBegins, 'contractBegins')
  const endsAtMs = readPeriodEnd(body.contractEnds, 'contractEnds')
  if (endsAtMs <= beginsAtMs) throw periodRefused('contractEnds')
  return { emaid: readEmaid(body.emaid), pcid: readPcid(body.pcid), beginsAtMs, endsAtMs, ...readWish(body) }
}

function readWish(
  body: SignContractDataRequest | GenerateContractDataRequest,
): Pick<SignOrder, 'namespace' | 'fingerprint' | 'metaData'> {
  const { xsdMsgDefNamespace, cpsV2GRootCertificateFingerprint: reference, metaData } = body
  return {
    namespace: readNamespace(xsdMsgDefNamespace),
    fingerprint:
      reference === undefined ? undefined : readRootReference(reference, 'cpsV2GRootCertificateFingerprint'),
    metaData,
  }
}

function readPeriodEnd(text: string, field: string): number {
  const timeMs = readTimestamp(text)
  if (timeMs === undefined) throw periodRefused(field)
  return timeMs
}

function periodRefused(field: string): PoolError {
  return new PoolError('ERR_CPS_PERIOD', `The ${field} does not match the specification`)
}
