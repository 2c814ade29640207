import type { FastifyInstance } from 'fastify'

import type { Clock, RandomBytes } from '#base'
import type { Logger } from '#service'

import type { Authentication } from '../http/operation-route.ts'
import type { Storage } from '../storage-port.ts'
import { CrlService } from './crl-service.ts'
import { serveEndEntities } from './end-entity-routes.ts'
import { Enrolment } from './enrolment.ts'
import { serveEst } from './est-routes.ts'
import type { Issuance } from './issuance.ts'
import { serveOcsp } from './ocsp-routes.ts'
import { OcspService } from './ocsp-service.ts'
import type { OperatorCas } from './operator-ca.ts'
import { serveRevocation } from './revocation-routes.ts'
import { RevocationService } from './revocation-service.ts'

/** Everything around the operator CAs: EST, registration, revocation, OCSP and CRLs. */
export function servePki(
  app: FastifyInstance,
  parts: {
    readonly cas: OperatorCas
    readonly issuance: Issuance
    readonly storage: Storage
    readonly authentication: Authentication
    readonly clock: Clock
    readonly random: RandomBytes
    readonly logger: Logger
  },
): void {
  const { issued, endEntities } = parts.storage.stores
  const status = { ...parts, store: issued }
  serveEst(app, { ...parts, enrolment: new Enrolment({ ...parts, issued, endEntities }) })
  serveEndEntities(app, parts)
  serveRevocation(app, { ...parts, revocations: new RevocationService(status), crls: new CrlService(status) })
  serveOcsp(app, { ...parts, ocsp: new OcspService(status) })
}
