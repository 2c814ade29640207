import type { FastifyInstance } from 'fastify'
import { Compile } from 'typebox/compile'

import { OPERATIONS, ROOT_TYPES, RootCertUpload, type RootType } from '#opcp'

import { readCertificate, readUuid, ROOT_CERTIFICATE_BYTES_MAX } from '../fields.ts'
import type { Caller } from '../http/caller.ts'
import { entityTagOf } from '../http/entity-tag.ts'
import { readBody } from '../http/json-body.ts'
import { serveOperation, type Authentication } from '../http/operation-route.ts'
import { PoolError } from '../pool-error.ts'
import { rootNotFound, type Root, type RootPool } from './root-pool.ts'
import { rootCertOf } from './root-wire.ts'

const rootCertUpload = Compile(RootCertUpload)

export function serveRcp(
  app: FastifyInstance,
  {
    pool,
    add,
    authentication,
  }: {
    readonly pool: RootPool
    /** What becomes of an upload: a root at once, or when it is approved. */
    readonly add: RootPool['add']
    readonly authentication: Authentication
  },
): void {
  serveOperation(app, OPERATIONS.getRootCerts, {
    authentication,
    handle: async ({ caller, query }) => {
      const text = query('rootType')
      const rootType = text === undefined ? undefined : readRootType(text)
      const roots = (await pool.list()).filter(
        (root) => isVisible(root, caller) && (rootType === undefined || root.rootType === rootType),
      )
      const body = { RootCertificateCollection: { rootCertificates: roots.map(rootCertOf) } }
      return { status: 200, body, etag: entityTagOf(body) }
    },
  })
  serveOperation(app, OPERATIONS.getRootCert, {
    authentication,
    handle: async ({ caller, parameter }) => {
      const root = await pool.get(readUuid(parameter('rootCertificateId'), 'rootCertificateId'))
      if (!isVisible(root, caller)) throw rootNotFound()
      return { status: 200, body: { RootResponse: rootCertOf(root) } }
    },
  })
  serveOperation(app, OPERATIONS.putRootCert, {
    authentication,
    handle: async ({ actor, body }) => {
      const upload = readBody(body, rootCertUpload)
      const rootType = readRootType(upload.rootType)
      const certificate = readCertificate(upload.caCertificate, 'caCertificate', ROOT_CERTIFICATE_BYTES_MAX)
      return { status: 200, body: { RootResponse: rootCertOf(await add(certificate, rootType, actor)) } }
    },
  })
  serveOperation(app, OPERATIONS.deleteRootCert, {
    authentication,
    handle: async ({ actor, parameter }) => {
      await pool.remove(readUuid(parameter('rootCertificateId'), 'rootCertificateId'), actor)
      return { status: 200, body: {} }
    },
  })
}

/** Roots of private environments concern their members only; until those are known, nobody but the administrator. */
function isVisible({ rootType }: Root, caller: Caller): boolean {
  return rootType !== 'PE' || caller.roles.has('ADMIN')
}

function readRootType(text: string): RootType {
  const rootType = ROOT_TYPES.find((type) => type === text.toUpperCase())
  if (rootType !== undefined) return rootType
  throw new PoolError('ERR_POOL_FIELD', `rootType : must be one of [${ROOT_TYPES.join(', ')}]`)
}
