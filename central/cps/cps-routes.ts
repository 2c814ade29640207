import type { FastifyInstance } from 'fastify'
import { Compile } from 'typebox/compile'

import { base64FromBytes } from '#base'
import {
  ForwardContractDataRequest,
  GenerateContractDataRequest,
  OPERATIONS,
  SignContractDataRequest,
  type SignContractDataResponse,
} from '#opcp'

import { readEmaid, readNamespace, readPcid, readRootReference, readTimestamp } from '../fields.ts'
import { requireOwnProvider } from '../http/caller.ts'
import { readBody } from '../http/json-body.ts'
import { serveOperation, type Authentication, type PoolRequest } from '../http/operation-route.ts'
import { PoolError } from '../pool-error.ts'
import type { RootPool } from '../rcp/root-pool.ts'
import { readContractData } from './contract-data.ts'
import type { CpsSigners } from './cps-signers.ts'
import type { GenerateOrder, ProvisioningService, SignOrder } from './provisioning-service.ts'
import { publishedSigners } from './published-signers.ts'

const signRequest = Compile(SignContractDataRequest)
const forwardRequest = Compile(ForwardContractDataRequest)
const generateRequest = Compile(GenerateContractDataRequest)

export interface CpsParts {
  readonly service: ProvisioningService
  readonly signers: CpsSigners
  readonly roots: RootPool
  readonly authentication: Authentication
}

export function serveCps(app: FastifyInstance, { service, signers, roots, authentication }: CpsParts): void {
  serveOperation(app, OPERATIONS.getCpsSigners, {
    authentication,
    handle: async () => ({
      status: 200,
      body: { cpsCertificates: publishedSigners(signers, await roots.list()) },
    }),
  })
  serveSigning(app, { service, authentication })
  serveOperation(app, OPERATIONS.generateSignedContractData, {
    authentication,
    handle: async ({ caller, actor, body }) => {
      const order = readGenerateOrder(readBody(body, generateRequest))
      requireOwnProvider(caller, order.emaid)
      await service.generate(order, actor)
      return { status: 201, body: {}, location: `/v1/ccp/lookupContract/${order.emaid.key}` }
    },
  })
}

/** Three calls that do the same: the first stores what names a vehicle, of the deprecated ones one does and one does not. */
function serveSigning(
  app: FastifyInstance,
  { service, authentication }: Pick<CpsParts, 'service' | 'authentication'>,
): void {
  const sign = async (
    { caller, actor }: PoolRequest,
    order: SignOrder,
  ): Promise<SignContractDataResponse> => {
    requireOwnProvider(caller, order.emaid)
    const { signedXml, root } = await service.sign(order, actor)
    return {
      emaid: order.emaid.asIssued,
      ...(order.pcid !== undefined && { pcid: order.pcid.asIssued }),
      xsdMsgDefNamespace: order.namespace,
      signedData: base64FromBytes(new TextEncoder().encode(signedXml)),
      cpsV2GRootCertificateFingerprint: root.fingerprintSha256Hex,
      cpsRootDistinguishedName: root.distinguishedName,
      metaData: order.metaData ?? '',
    }
  }
  serveOperation(app, OPERATIONS.signContractData, {
    authentication,
    handle: async (request) => {
      const order = readSignOrder(readBody(request.body, signRequest), { store: true })
      return { status: 201, body: await sign(request, order) }
    },
  })
  serveOperation(app, OPERATIONS.createSignedContractData, {
    authentication,
    handle: async (request) => {
      const order = readSignOrder(readBody(request.body, forwardRequest), { store: false })
      return { status: 200, body: await sign(request, order) }
    },
  })
  serveOperation(app, OPERATIONS.forwardSignedContractData, {
    authentication,
    handle: async (request) => {
      await sign(request, readSignOrder(readBody(request.body, forwardRequest), { store: true }))
      return { status: 201, body: {} }
    },
  })
}

function readSignOrder(body: SignContractDataRequest, { store }: { store: boolean }): SignOrder {
  const data = readContractData(body.contractData)
  const emaid = readEmaid(data.contract.commonName ?? '')
  for (const other of [body.emaid, data.emaid])
    if (other !== undefined && readEmaid(other).key !== emaid.key)
      throw new PoolError('ERR_POOL_FIELD', 'emaid : must be the common name of the contract certificate')
  return {
    data,
    emaid,
    pcid: body.pcid === undefined || body.pcid === null ? undefined : readPcid(body.pcid),
    store,
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
