import type { FastifyInstance } from 'fastify'
import { Compile } from 'typebox/compile'

import { base64FromBytes, hexFromBytes } from '#base'
import type { Pcid } from '#iso15118'
import { ISO2_NAMESPACE, OPERATIONS, ProvCertUpload, vehicleChainOf, type ProvCert } from '#opcp'

import { readCertificate, readKeyIdentifier, readNamespace, readPcid } from '../fields.ts'
import { requireOwnWmi, type Caller } from '../http/caller.ts'
import { readBody } from '../http/json-body.ts'
import { serveOperation, type Authentication, type PoolRequest } from '../http/operation-route.ts'
import { PoolError } from '../pool-error.ts'
import { colonHex } from '../wire-text.ts'
import {
  vehicleNotFound,
  type CertificateChoice,
  type ProvisioningPool,
  type TrustedVehicle,
  type Vehicle,
} from './provisioning-pool.ts'

const provCertUpload = Compile(ProvCertUpload)

export function servePcp(
  app: FastifyInstance,
  { pool, authentication }: { readonly pool: ProvisioningPool; readonly authentication: Authentication },
): void {
  serveOperation(app, OPERATIONS.putProvCert, {
    authentication,
    handle: async ({ caller, actor, body, header }) => {
      const upload = readVehicle(readBody(body, provCertUpload), caller)
      const vehicle = await pool.put(upload, actor, { ifMatch: header('If-Match') })
      return { status: 200, body: provCertOf(vehicle), etag: vehicle.etag }
    },
  })
  // Before the GET, which would serve HEAD too.
  for (const operation of [OPERATIONS.headProvCert, OPERATIONS.lookupVehicle])
    serveOperation(app, operation, {
      authentication,
      handle: async (request) => {
        const { etag } = await readTrusted(pool, request)
        return { status: 200, body: {}, ...(operation.method === 'HEAD' && { etag }) }
      },
    })
  serveOperation(app, OPERATIONS.getProvCert, {
    authentication,
    handle: async (request) => {
      const vehicle = await readTrusted(pool, request)
      return { status: 200, body: { OEMMessage: provCertOf(vehicle) }, etag: vehicle.etag }
    },
  })
  serveOperation(app, OPERATIONS.getSignatureAlgorithms, {
    authentication,
    handle: async (request) => {
      const pcid = readVisiblePcid(request)
      const signatureAlgorithms = await pool.signatureAlgorithms(pcid)
      return { status: 200, body: { pcid: pcid.asIssued, signatureAlgorithms } }
    },
  })
  serveOperation(app, OPERATIONS.deleteProvCert, {
    authentication,
    handle: async (request) => {
      const choice = readChoice(request)
      const ifMatch = request.header('If-Match')
      await pool.remove(readVisiblePcid(request), { ...choice, ifMatch }, request.actor)
      return { status: 200, body: {} }
    },
  })
  serveOperation(app, OPERATIONS.factoryReset, {
    authentication,
    handle: async (request) => {
      const deletedContracts = await pool.factoryReset(readVisiblePcid(request), request.actor)
      return { status: 200, body: { deletedContracts } }
    },
  })
}

/** Those of ISO 15118-20 are named, but not served yet. */
const SIGNATURE_ALGORITHMS = ['secp256r1', 'secp521r1', 'ed448']

async function readTrusted(pool: ProvisioningPool, request: PoolRequest): Promise<TrustedVehicle> {
  const { namespace = ISO2_NAMESPACE, signatureAlgorithm = 'secp256r1' } = readChoice(request)
  const pcid = readVisiblePcid(request)
  if (signatureAlgorithm !== 'secp256r1') throw vehicleNotFound()
  return await pool.get(pcid, namespace)
}

function readVisiblePcid({ caller, reach, parameter }: PoolRequest): Pcid {
  const pcid = readPcid(parameter('pcid'))
  if (reach === 'own') requireOwnWmi(caller, pcid)
  return pcid
}

/** @throws {PoolError} ERR_POOL_FIELD */
function readChoice({ query }: Pick<PoolRequest, 'query'>): CertificateChoice {
  const [namespace, signatureAlgorithm] = [query('xsdMsgDefNamespace'), query('signatureAlgorithm')]
  if (namespace !== undefined && signatureAlgorithm !== undefined)
    throw new PoolError('ERR_POOL_FIELD', 'signatureAlgorithm and xsdMsgDefNamespace cannot be combined')
  if (signatureAlgorithm !== undefined && !SIGNATURE_ALGORITHMS.includes(signatureAlgorithm))
    throw new PoolError(
      'ERR_POOL_FIELD',
      `signatureAlgorithm : must be one of [${SIGNATURE_ALGORITHMS.join(', ')}]`,
    )
  return { namespace: namespace === undefined ? undefined : readNamespace(namespace), signatureAlgorithm }
}

/** Formats first, then whose vehicle it is; the chain is for the pool to judge. */
function readVehicle(body: ProvCertUpload, caller: Caller): Vehicle {
  const texts = vehicleChainOf(body)
  const certificate = readCertificate(
    present(texts.vehicleCertificate, 'vehicleCertificate'),
    'vehicleCertificate',
  )
  const subCa1 = readCertificate(present(texts.subCA1Certificate, 'subCA1Certificate'), 'subCa1Certificate')
  const subCa2 = texts.subCA2Certificate && readCertificate(texts.subCA2Certificate, 'subCa2Certificate')
  const pcid = readPcid(certificate.commonName ?? '')
  const namespace = readNamespace(body.xsdMsgDefNamespace ?? ISO2_NAMESPACE)
  const previousPcid =
    body.previousPcid === undefined ? undefined : readPcid(body.previousPcid, 'previousPcid')
  requireOwnWmi(caller, pcid)
  if (previousPcid !== undefined) requireOwnWmi(caller, previousPcid)
  return {
    pcid: pcid.asIssued,
    pcidKey: pcid.key,
    namespace,
    certificate,
    subCa1,
    subCa2: subCa2 || undefined,
    v2gRootKeyIds: keyIdsOf(body),
    previousPcid: previousPcid?.asIssued,
  }
}

function present(text: string | undefined, member: string): string {
  if (text !== undefined) return text
  throw new PoolError('ERR_POOL_BODY', `${member} : must not be null`)
}

function keyIdsOf(body: ProvCertUpload): readonly string[] {
  const single = body.v2gRootAuthorityKeyIdentifier
  const texts = body.v2gRootAuthorityKeyIdentifiers ?? (single === undefined ? [] : [single])
  const ids = texts.map((text) => readKeyIdentifier(text, 'v2gRootAuthorityKeyIdentifiers'))
  return [...new Set(ids)]
}

function provCertOf(vehicle: TrustedVehicle): ProvCert {
  const { certificate, subCa1, subCa2, root, v2gRootKeyIds, previousPcid } = vehicle
  const keyId = subCa1.authorityKeyIdentifier
  return {
    vehicleCertificate: base64FromBytes(certificate.der),
    subCA1Certificate: base64FromBytes(subCa1.der),
    ...(subCa2 !== undefined && { subCA2Certificate: base64FromBytes(subCa2.der) }),
    xsdMsgDefNamespace: vehicle.namespace,
    rootIssuerDistinguishedName: root.distinguishedName,
    rootIssuerSerialNumber: root.serialNumberHex,
    ...(keyId !== undefined && { rootAuthorityKeyIdentifier: colonHex(hexFromBytes(keyId)) }),
    ...(v2gRootKeyIds.length > 0 && { v2gRootAuthorityKeyIdentifiers: v2gRootKeyIds.map(colonHex) }),
    fingerprint: certificate.fingerprintSha256Hex,
    signatureAlgorithm: 'secp256r1',
    ...(previousPcid !== undefined && { previousPcid }),
  }
}
