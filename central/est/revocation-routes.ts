import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Compile } from 'typebox/compile'

import { hexFromBytes } from '#base'
import { OPERATIONS, RevokeCertificateRequest } from '#opcp'
import { decodeOcspRequestBody, decodeOcspRequestPath, ocspErrorResponse } from '#pki'

import { readCertificate, ROOT_CERTIFICATE_BYTES_MAX } from '../fields.ts'
import { readBody } from '../http/json-body.ts'
import { serveOperation, type Authentication } from '../http/operation-route.ts'
import { unknownCa, type OperatorCas } from './operator-ca.ts'
import type { RevocationService } from './revocation-service.ts'

const OCSP_RESPONSE = 'application/ocsp-response'

const revokeCertificateRequest = Compile(RevokeCertificateRequest)

interface RevocationParts {
  readonly cas: OperatorCas
  readonly revocations: RevocationService
  readonly authentication: Authentication
}

/** `POST /v1/pki/revokeCertificate`, and without authentication `/ocsp/{ca}` and `/crl/{ca}.crl`. */
export function serveRevocation(
  app: FastifyInstance,
  { cas, revocations, authentication }: RevocationParts,
): void {
  serveOperation(app, OPERATIONS.revokeCertificate, {
    authentication,
    handle: async ({ caller, reach, body }) => {
      const { certificate, revocationReason } = readBody(body, revokeCertificateRequest)
      const read = readCertificate(certificate, 'certificate', ROOT_CERTIFICATE_BYTES_MAX)
      await revocations.revoke(read, { reason: revocationReason, caller, reach })
      return { status: 200, body: {} }
    },
  })
  void app.register(async (scope) => serveOcsp(scope, { cas, revocations }))
  app.get<{ Params: { file: string } }>('/crl/:file', async ({ params: { file } }, reply) => {
    if (!file.endsWith('.crl')) throw unknownCa()
    const crl = await revocations.currentCrl(cas.named(file.slice(0, -'.crl'.length)))
    return reply.header('content-type', 'application/pkix-crl').send(Buffer.from(crl))
  })
}

/** RFC 6960 appendix A. */
function serveOcsp(
  scope: FastifyInstance,
  { cas, revocations }: Omit<RevocationParts, 'authentication'>,
): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', { parseAs: 'buffer' }, async (_: FastifyRequest, body: Buffer) => body)
  scope.post<{ Params: { ca: string } }>('/ocsp/:ca', async ({ params, body }, reply) => {
    const ca = cas.named(params.ca)
    const decoded = orUndefined(() =>
      decodeOcspRequestBody(body instanceof Uint8Array ? body : new Uint8Array()),
    )
    if (decoded === undefined) return send(reply, ocspErrorResponse('malformedRequest'))
    const answer = await revocations.answerOcsp(ca, decoded.der)
    // Clients that send hexadecimal digits read the answer as text too.
    if (decoded.form === 'hex') return reply.header('content-type', OCSP_RESPONSE).send(hexFromBytes(answer))
    return send(reply, answer)
  })
  scope.get<{ Params: { ca: string; '*': string } }>('/ocsp/:ca/*', async ({ params }, reply) => {
    const ca = cas.named(params.ca)
    const der = orUndefined(() => decodeOcspRequestPath(encodeURIComponent(params['*'])))
    if (der === undefined) return send(reply, ocspErrorResponse('malformedRequest'))
    return send(reply, await revocations.answerOcsp(ca, der))
  })
}

function send(reply: FastifyReply, der: Uint8Array): FastifyReply {
  return reply.header('content-type', OCSP_RESPONSE).send(Buffer.from(der))
}

function orUndefined<T>(decode: () => T): T | undefined {
  try {
    return decode()
  } catch {
    return undefined
  }
}
