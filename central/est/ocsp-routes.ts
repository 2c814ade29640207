import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

import { hexFromBytes } from '#base'
import { REVOCATION_ROUTES } from '#opcp'
import { decodeOcspRequestBody, decodeOcspRequestPath, ocspErrorResponse } from '#pki'
import type { Logger } from '#service'

import { sourceOf } from '../http/rate-limit.ts'
import { noteReason } from '../http/server.ts'
import { PoolError, type PoolErrorCode } from '../pool-error.ts'
import type { OcspService } from './ocsp-service.ts'
import type { OperatorCa, OperatorCas } from './operator-ca.ts'

type OcspError = Parameters<typeof ocspErrorResponse>[0]

/** RFC 6960 §2.3: whatever else goes wrong is `internalError`. */
const OCSP_ERRORS: Readonly<Partial<Record<PoolErrorCode, OcspError>>> = {
  ERR_EST_OCSP_REQUEST: 'malformedRequest',
  ERR_EST_OCSP_ISSUER: 'unauthorized',
  ERR_EST_SIGNATURE_RATE: 'tryLater',
  ERR_EST_KEY_FAILED: 'tryLater',
}

interface OcspParts {
  readonly cas: OperatorCas
  readonly ocsp: OcspService
  readonly logger: Logger
}

/** `/ocsp/{ca}` by POST and GET (RFC 6960 appendix A), without authentication; refusals are OCSP's own, with status 200. */
export function serveOcsp(app: FastifyInstance, { cas, ...parts }: OcspParts): void {
  // Of its own scope: nothing but these paths takes any kind of body.
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, async (_: FastifyRequest, body: Buffer) => body)
    scope.post<{ Params: { ca: string } }>(
      '/ocsp/:ca',
      { config: { description: REVOCATION_ROUTES.ocsp } },
      async (request, reply) => {
        const ca = cas.named(request.params.ca)
        const body = request.body instanceof Uint8Array ? request.body : new Uint8Array()
        const { der, form } = orUndefined(() => decodeOcspRequestBody(body)) ?? {}
        const answer = await answerOrError(request, { ...parts, ca, der })
        // Clients that send hexadecimal digits read the answer as text too.
        return send(reply, form === 'hex' ? hexFromBytes(answer) : Buffer.from(answer))
      },
    )
    scope.get<{ Params: { ca: string; '*': string } }>(
      '/ocsp/:ca/*',
      { config: { description: REVOCATION_ROUTES.ocspByPath } },
      async (request, reply) => {
        const ca = cas.named(request.params.ca)
        const der = orUndefined(() => decodeOcspRequestPath(encodeURIComponent(request.params['*'])))
        return send(reply, Buffer.from(await answerOrError(request, { ...parts, ca, der })))
      },
    )
  })
}

async function answerOrError(
  request: FastifyRequest,
  {
    ca,
    der = new Uint8Array(),
    ocsp,
    logger,
  }: Omit<OcspParts, 'cas'> & { readonly ca: OperatorCa; readonly der: Uint8Array | undefined },
): Promise<Uint8Array> {
  try {
    const { der: answer, because } = await ocsp.answer(ca, der, sourceOf(request.ip))
    if (because !== undefined) noteReason(request, because)
    return answer
  } catch (error) {
    noteReason(request, error)
    const known = error instanceof PoolError ? OCSP_ERRORS[error.code] : undefined
    if (known === undefined) logger.error({ traceId: request.id, err: error }, 'request failed unexpectedly')
    return ocspErrorResponse(known ?? 'internalError')
  }
}

function send(reply: FastifyReply, answer: string | Buffer): FastifyReply {
  return reply.header('content-type', 'application/ocsp-response').send(answer)
}

function orUndefined<T>(decode: () => T): T | undefined {
  try {
    return decode()
  } catch {
    return undefined
  }
}
