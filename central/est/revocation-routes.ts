import type { FastifyInstance } from 'fastify'
import { Compile } from 'typebox/compile'

import { OPERATIONS, REVOCATION_ROUTES, RevokeCertificateRequest } from '#opcp'

import { readCertificate, ROOT_CERTIFICATE_BYTES_MAX } from '../fields.ts'
import { readBody } from '../http/json-body.ts'
import { serveOperation, type Authentication } from '../http/operation-route.ts'
import { noteReason } from '../http/server.ts'
import type { CrlService } from './crl-service.ts'
import { unknownCa, type OperatorCas } from './operator-ca.ts'
import type { RevocationService } from './revocation-service.ts'

const revokeCertificateRequest = Compile(RevokeCertificateRequest)

/** `POST /v1/pki/revokeCertificate`, and without authentication `/crl/{ca}.crl`. */
export function serveRevocation(
  app: FastifyInstance,
  {
    revocations,
    cas,
    crls,
    authentication,
  }: {
    readonly revocations: RevocationService
    readonly cas: OperatorCas
    readonly crls: CrlService
    readonly authentication: Authentication
  },
): void {
  serveOperation(app, OPERATIONS.revokeCertificate, {
    authentication,
    handle: async ({ caller, actor, reach, body }) => {
      const { certificate, revocationReason } = readBody(body, revokeCertificateRequest)
      const read = readCertificate(certificate, 'certificate', ROOT_CERTIFICATE_BYTES_MAX)
      await revocations.revoke(read, { reason: revocationReason, caller, reach, by: actor })
      return { status: 200, body: {} }
    },
  })
  app.get<{ Params: { file: string } }>(
    '/crl/:file',
    { config: { description: REVOCATION_ROUTES.crl } },
    async (request, reply) => {
      const { file } = request.params
      if (!file.endsWith('.crl')) throw unknownCa()
      const { der, because } = await crls.current(cas.named(file.slice(0, -'.crl'.length)))
      if (because !== undefined) noteReason(request, because)
      return reply.header('content-type', 'application/pkix-crl').send(Buffer.from(der))
    },
  )
}
