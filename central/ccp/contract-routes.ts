import type { FastifyInstance } from 'fastify'
import { Compile } from 'typebox/compile'

import { base64FromBytes, bytesFromHex, hexFromBytes } from '#base'
import type { Emaid } from '#iso15118'
import { AddContractDataRequest, ISO2_NAMESPACE, OPERATIONS, type MessageNamespace } from '#opcp'

import { readEmaid, readNamespace, readPcid, readRootReference } from '../fields.ts'
import { requireOwnProvider, requireOwnWmi, type Caller } from '../http/caller.ts'
import { readBody } from '../http/json-body.ts'
import { serveOperation, type Authentication, type PoolRequest } from '../http/operation-route.ts'
import type { ProvisioningPool } from '../pcp/provisioning-pool.ts'
import { PoolError } from '../pool-error.ts'
import type { RootPool } from '../rcp/root-pool.ts'
import { contractUnknown, type ContractPool } from './contract-pool.ts'
import type { ContractProvision } from './contract-provision.ts'
import type { Deliveries } from './deliveries.ts'
import { listedContracts } from './held-contract-wire.ts'
import { fingerprintOf } from './root-reference.ts'
import { readSignedData } from './signed-data.ts'
import { trustedVehicle } from './trusted-vehicle.ts'

const addRequest = Compile(AddContractDataRequest)

export interface ContractRoutesParts {
  readonly contracts: ContractPool
  readonly vehicles: ProvisioningPool
  readonly roots: RootPool
  readonly provision: ContractProvision
  readonly deliveries: Deliveries
  readonly authentication: Authentication
}

/** Contracts by name: what mobility operators and makers of vehicles do with them. */
export function serveContracts(app: FastifyInstance, parts: ContractRoutesParts): void {
  serveWriting(app, parts)
  serveReading(app, parts)
  serveProvision(app, parts)
}

function serveWriting(
  app: FastifyInstance,
  { contracts, vehicles, roots, authentication }: ContractRoutesParts,
): void {
  serveOperation(app, OPERATIONS.addSignedContractData, {
    authentication,
    handle: async ({ caller, actor, reach, body }) => {
      const { metadata, ...read } = readBody(body, addRequest)
      const namespace = readNamespace(read.xsdMsgDefNamespace)
      const emaid = readEmaid(read.emaid)
      const pcid = readPcid(read.pcid)
      const message = readSignedData(read.signedContractDataXML, 'signedContractDataXML')
      const reference = readReference(read.cpsV2GRootCertificateFingerprint)
      if (reach === 'own') requireOwnProvider(caller, emaid)
      const rootFingerprint = reference && (await fingerprintOf(reference, roots))
      const vehicle = await trustedVehicle(vehicles, pcid, namespace)
      const expected = { emaid, rootFingerprint }
      await contracts.add({ message, vehicle, metaData: metadata, expected }, actor)
      return { status: 201, body: {} }
    },
  })
  serveOperation(app, OPERATIONS.deleteSignedContractData, {
    authentication,
    handle: async ({ caller, actor, parameter, query, flag }) => {
      const emaid = readEmaid(parameter('emaid'))
      const named = query('xsdMsgDefNamespace')
      const namespace = named === undefined ? undefined : readNamespace(named)
      const reference = readReference(query('cpsV2GRootCertificateFingerprint'))
      requireOwnProvider(caller, emaid)
      const rootFingerprint = reference && (await fingerprintOf(reference, roots))
      const revoke = flag('X-Skip-Revocation') !== true
      await contracts.remove({ emaid, selection: { namespace, rootFingerprint }, revoke }, actor)
      return { status: 200, body: {} }
    },
  })
  serveOperation(app, OPERATIONS.setDefaultContract, {
    authentication,
    handle: async ({ caller, actor, parameter, query }) => {
      const pcid = readPcid(parameter('pcid'))
      const emaid = readEmaid(parameter('emaid'))
      const namespace = readNamespaceOf(query)
      requireOwnWmi(caller, pcid)
      await contracts.setDefault({ pcidKey: pcid.key, namespace, emaidKey: emaid.key }, actor)
      return { status: 200, body: {} }
    },
  })
}

function serveReading(app: FastifyInstance, { contracts, roots, authentication }: ContractRoutesParts): void {
  serveOperation(app, OPERATIONS.lookupContract, {
    authentication,
    handle: async ({ caller, parameter, query }) => {
      const emaid = readEmaid(parameter('emaid'))
      const namespace = readNamespaceOf(query)
      const reference = readReference(query('cpsV2GRootCertificateFingerprint'))
      const isOperator = isOperatorOf(caller, emaid)
      if (!isOperator && !caller.roles.has('OEM')) requireOwnProvider(caller, emaid)
      const rootFingerprint = reference && (await fingerprintOf(reference, roots))
      const held = await contracts.find({ emaidKey: emaid.key, namespace, rootFingerprint })
      const visible = held.filter(({ pcidKey }) => isOperator || caller.wmis.has(pcidKey.slice(0, 3)))
      if (visible.length === 0) throw contractUnknown()
      return { status: 200, body: { XMLContracts: listedContracts(visible, await roots.list()) } }
    },
  })
  serveOperation(app, OPERATIONS.getContracts, {
    authentication,
    handle: async ({ caller, parameter, query }) => {
      const pcid = readPcid(parameter('pcid'))
      const namespace = readNamespaceOf(query)
      const reference = readReference(query('cpsV2GRootCertificateFingerprint'))
      requireOwnWmi(caller, pcid)
      const rootFingerprint = reference && (await fingerprintOf(reference, roots))
      const held = await contracts.find({ pcidKey: pcid.key, namespace, rootFingerprint })
      return { status: 200, body: { XMLContracts: listedContracts(held, await roots.list()) } }
    },
  })
}

function serveProvision(
  app: FastifyInstance,
  { provision, deliveries, roots, authentication }: ContractRoutesParts,
): void {
  serveOperation(app, OPERATIONS.provideSignedContractData, {
    authentication,
    handle: async ({ caller, parameter, query }) => {
      const emaid = readEmaid(parameter('emaid'))
      const pcid = readPcid(parameter('pcid'))
      const namespace = readNamespaceOf(query)
      const sessionId = readSessionId(query('sessionID'))
      const reference = readReference(query('cpsV2GRootCertificateFingerprint'))
      requireOwnWmi(caller, pcid)
      const rootFingerprint = reference && (await fingerprintOf(reference, roots))
      const order = { emaid, pcid, namespace, rootFingerprint, sessionId }
      const { contract, vehicle, response } = await provision.provide(order)
      const request = new TextEncoder().encode([emaid.key, pcid.key, hexFromBytes(sessionId)].join(' '))
      deliveries.note({ contract, vehicle, request, kind: 'provide', requester: caller.clientId })
      const body = {
        certificateInstallationRes: base64FromBytes(response),
        xsdMsgDefNamespace: namespace,
        cpsV2GRootCertificateFingerprint: contract.rootFingerprint,
      }
      return { status: 200, body }
    },
  })
}

/** A client with both roles sees as a maker of vehicles what is not its own as an operator. */
function isOperatorOf(caller: Caller, { providerId }: Pick<Emaid, 'providerId'>): boolean {
  const isOperator = caller.roles.has('MO_HUBJECT_PKI') || caller.roles.has('MO_EXTERNAL_PKI')
  return isOperator && caller.providerIds.has(providerId)
}

function readNamespaceOf(query: PoolRequest['query']): MessageNamespace {
  return readNamespace(query('xsdMsgDefNamespace') ?? ISO2_NAMESPACE)
}

function readReference(text: string | undefined): string | undefined {
  return text === undefined ? undefined : readRootReference(text, 'cpsV2GRootCertificateFingerprint')
}

/** One to eight bytes. The published refusal counts characters where ISO 15118 counts bytes (opcp-digest A38a). */
function readSessionId(text = ''): Uint8Array {
  if (text === '') return Uint8Array.of(0)
  if (/^(?:[0-9A-Fa-f]{2}){1,8}$/.test(text)) return bytesFromHex(text)
  throw new PoolError(
    'ERR_POOL_FIELD',
    'Invalid SessionID format, make sure the length is maximum 8 characters and it is represented in HEX binary',
  )
}
